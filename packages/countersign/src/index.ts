export type { Algorithm, Digest } from './algorithm.ts'
export type { JsonBody, SignableBody } from './body.ts'
export { carriesOf } from './carries.ts'
export { type ClockCorrection, type Fetch, type SignedFetchOptions, signedFetch } from './clients/fetch.ts'
export { type ServerClockOptions, serverClock } from './clients/server-clock.ts'
export type { Credentials } from './credentials.ts'
export type { CryptoProvider } from './crypto/provider.ts'
export type { HeaderDeclaration, MessagePiece, NonceFormat, ParameterDeclaration, SchemeDeclaration } from './declaration.ts'
export { defineScheme } from './define.ts'
export {
  type BrownOut,
  type CompiledDeprecation,
  compileDeprecation,
  type DeprecatedOptions,
  type Deprecation,
  deprecated,
  type When,
} from './deprecation.ts'
export { type CoverageOfMethods, coverageByMethod, LOSS_TITLES } from './describe/coverage.ts'
export { describeScheme, type SchemeDescription } from './describe.ts'
export type { BytesEncoding, SecretEncoding } from './encoding.ts'
export { CountersignError, type ErrorCode } from './error.ts'
export { explainFailure, FAILURES, type Failure, type FailureCode, type Problem, problemHeaders, toProblem } from './failure.ts'
export type { IncomingHeaders } from './headers.ts'
export { compactJson, type JsonSerializer, type PythonFloat, pythonFloat, pythonJson } from './json.ts'
export {
  createKey,
  failureOfKey,
  type Key,
  type KeyDescription,
  type KeySource,
  type KeyState,
  type MemoryKeys,
  memoryKeys,
} from './keys.ts'
export { type OpenApiSecurity, openApiSecurity } from './openapi.ts'
export type { BodyDigest, Carried } from './plan.ts'
export { coverageOf } from './recipe/coverage.ts'
export { ALLOWANCES } from './recipe/guards.ts'
export { type Coverage, LOSSES, type Loss, type Only, type PartCoverage } from './recipe/loss.ts'
export { schemeWarnings } from './recipe/warnings.ts'
export { type MemoryReplayGuard, type MemoryReplayGuardOptions, memoryReplayGuard, type ReplayAnswer, type ReplayGuard } from './replay.ts'
export type { SignedHeaders } from './request.ts'
export { type DeclaredScheme, isDeclared, type Scheme } from './scheme.ts'
export type { SchemeTypes, TypesOf } from './scheme-types.ts'
export type { Secret } from './secret.ts'
export { createSigner, type SignableRequest, type SignedRequest, type Signer, type SignerOptions } from './sign.ts'
export type { Clock, TimestampFormat } from './timestamp.ts'
export { takesReplayGuard } from './verify/claim-call.ts'
export { throwUnjudged } from './verify/unjudged.ts'
export {
  type Allowance,
  type AnswerHeaders,
  type BodyReader,
  createVerifier,
  DEFAULT_BODY_TIMEOUT_MS,
  DEFAULT_MAX_BODY_BYTES,
  type IncomingRequest,
  type Refusal,
  type Refused,
  type Verification,
  type Verified,
  type Verifier,
  type VerifierLimits,
  type VerifierOptions,
  type VerifyOptions,
} from './verify.ts'
