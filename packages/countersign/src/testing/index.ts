/** For the tests of an API and of its clients: calls that are signed, and verifiers that decide on purpose. */
export type { FailureOf } from './failures.ts'
export { type SignedInit, signedInit } from './signed-init.ts'
export { type InjectCall, type SignedInject, signedInject } from './signed-inject.ts'
export { type SignedTestOptions, signedTest } from './signed-test.ts'
export { type AcceptedCaller, accepting, refusing } from './verifiers.ts'
