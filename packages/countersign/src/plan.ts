import type { Digest } from './algorithm.ts'
import type { CryptoProvider, MaybePromise } from './crypto/provider.ts'
import type { Failure } from './failure.ts'
import type { IncomingHeaders } from './headers.ts'
import type { Key } from './keys.ts'
import type { Origin } from './origins.ts'

/** What a request says of itself before its body is read, every part spelled as the scheme wants it. */
export interface Reading {
  /** Empty where the scheme names no key. */
  keyId: string
  /** The `Host` header. */
  readonly host: string | undefined
  /** When it was signed, in milliseconds since the epoch. */
  readonly issuedMs: number | undefined
  /** Until when it holds. */
  readonly expiresMs: number | undefined
  /** Holds from `issuedMs` to `expiresMs` however long that is, as a presigned URL does. */
  readonly isLongLived: boolean
  /** Its timestamp is so fine that no two calls share it, so that an equal GET is a replay too. */
  readonly isUnique: boolean
  /** Empty where there is none. */
  nonce: string
}

export interface PlanRequest {
  readonly method: string
  readonly target: string
  readonly headers: IncomingHeaders
}

/** The signatures of a message under every live secret of its key: what a replay of it would show one of. */
export type Signatures = readonly string[]

/** What a request says that its body's digest is, where the signature covers that. */
export interface BodyDigest {
  readonly algorithm: Digest
  readonly encoding: 'base64' | 'hex'
  /** In this encoding; base64 with padding. */
  readonly text: string
}

/** What a scheme is compiled to for a verifier; the pipeline in `verify.ts` runs it, handing `check` only what `read` gave. */
export interface Plan<R extends Reading = Reading> {
  /** Takes the headers apart: each exactly once, each in its one spelling. */
  read(request: PlanRequest): R | Failure
  /**
   * Rebuilds the message for an origin and compares. `undefined` when the signature is not one of the key's; a failure
   * when the request could not be judged.
   *
   * @param isDeferred the body is not there; what {@link Plan.statedDigest} gave is compared later, by who reads it
   */
  check(
    key: Key,
    reading: R,
    request: PlanRequest,
    body: Uint8Array | undefined,
    origin: Origin,
    isDeferred?: boolean,
  ): MaybePromise<Signatures | Failure | undefined>
  /** For the schemes that sign a digest of the body: that digest, when there is just one that can be compared. */
  statedDigest?(reading: R): BodyDigest | undefined
  /** A key that nobody holds, checked in the place of an unknown one so that both take the same time. */
  readonly decoy: Key
}

export interface PlanOptions {
  readonly crypto: CryptoProvider
  /** Accept a body that could as well be the end of the URL, in a scheme without separators. */
  readonly allowsAmbiguous: boolean
}

/** A refusal has a `code`; nothing else that a plan answers with has. */
export function isFailure(value: object): value is Failure {
  return 'code' in value
}
