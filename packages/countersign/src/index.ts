export { type ClockCorrection, type Fetch, type SignedFetchOptions, signedFetch } from './clients/fetch.ts'
export { type ServerClockOptions, serverClock } from './clients/server-clock.ts'
export { ALLOWANCES } from './contract/allowance.ts'
export { checkNumbers } from './contract/check-numbers.ts'
export { CountersignError, type ErrorCode } from './contract/error.ts'
export type { Failure, FailureCode } from './contract/failure.ts'
export { type Coverage, LOSSES, type Loss, type Only, type PartCoverage } from './contract/loss.ts'
export { nearest } from './contract/nearest.ts'
export { explainFailure, FAILURES, headersOfProblem, type Problem, problemHeaders, problemOf, toProblem } from './contract/problem.ts'
export { checkFunctions, refuseUnknown } from './contract/refuse-unknown.ts'
export { tell } from './contract/tell.ts'
export { coverageOf } from './coverage/coverage.ts'
export { schemeWarnings } from './coverage/warnings.ts'
export type { Algorithm, Digest } from './crypto/algorithm.ts'
export type { CryptoProvider } from './crypto/provider.ts'
export { defineScheme } from './define/define.ts'
export { type CoverageOfMethods, coverageByMethod, LOSS_TITLES } from './describe/coverage.ts'
export { describeScheme, type SchemeDescription } from './describe/describe.ts'
export { type OpenApiSecurity, openApiSecurity } from './describe/openapi.ts'
export { clientAddress, compileTrustedProxies, forwardedHost, type TrustedProxies } from './keys/client-address.ts'
export {
  createKey,
  failureOfKey,
  type Key,
  type KeyDescription,
  type KeySource,
  type KeyState,
  type MemoryKeys,
  memoryKeys,
} from './keys/key.ts'
export type { Secret } from './keys/secret.ts'
export { MIN_SECRET_BYTES } from './keys/secret-bytes.ts'
export {
  DEFAULT_NONCE_LIFETIME_MS,
  DEFAULT_REPLAY_BYTES,
  LEAST_REPLAY_BYTES,
  type MemoryReplayGuard,
  type MemoryReplayGuardOptions,
  memoryReplayGuard,
  type NearlyFull,
  type ReplayAnswer,
  type ReplayClaim,
  type ReplayGuard,
  type ReplayGuardUsage,
} from './replay/replay.ts'
export { WINDOW_HELD_MS } from './replay/windows.ts'
export type { JsonBody, SignableBody } from './scheme/body.ts'
export { carriesOf } from './scheme/carries.ts'
export type { Credentials } from './scheme/credentials.ts'
export type { HeaderDeclaration, MessagePiece, ParameterDeclaration, SchemeDeclaration } from './scheme/declaration.ts'
export type { BodyDigest } from './scheme/plan.ts'
export type { SignedHeaders } from './scheme/request.ts'
export type { Carried } from './scheme/scheme.ts'
export { type DeclaredScheme, isDeclared, type Scheme } from './scheme/scheme.ts'
export type { SchemeTypes, TypesOf } from './scheme/scheme-types.ts'
export { createSigner, type SignableRequest, type SignedRequest, type Signer, type SignerOptions } from './sign/sign.ts'
export { takesReplayGuard } from './verify/claim-call.ts'
export {
  type BrownOut,
  type CompiledDeprecation,
  compileDeprecation,
  type DeprecatedOptions,
  type Deprecation,
  deprecated,
  type When,
} from './verify/deprecation.ts'
export { DEFAULT_METHODS, DEFAULT_TOLERANCE_MS } from './verify/types.ts'
export { throwUnjudged } from './verify/unjudged.ts'
export {
  type Allowance,
  type AnswerHeaders,
  type BodyReader,
  type BodyUse,
  createVerifier,
  DEFAULT_BODY_TIMEOUT_MS,
  DEFAULT_MAX_BODY_BYTES,
  type DroppedBody,
  type IncomingRequest,
  type Refusal,
  type Refused,
  type Verification,
  type Verified,
  type Verifier,
  type VerifierLimits,
  type VerifierOptions,
  type VerifyOptions,
} from './verify/verify.ts'
export type { BytesEncoding, SecretEncoding } from './wire/encoding.ts'
export type { IncomingHeaders } from './wire/headers.ts'
export { compactJson, type JsonSerializer, type PythonFloat, pythonFloat, pythonJson } from './wire/json.ts'
export type { NonceFormat } from './wire/nonce.ts'
export type { Clock, TimestampFormat } from './wire/timestamp.ts'
