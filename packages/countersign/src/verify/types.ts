import type { Allowance } from '../contract/allowance.ts'
import type { Failure } from '../contract/failure.ts'
import type { Only } from '../contract/loss.ts'
import type { CryptoProvider } from '../crypto/provider.ts'
import type { Key, KeySource } from '../keys/key.ts'
import type { ReplayGuard } from '../replay/replay.ts'
import type { BodyDigest } from '../scheme/plan.ts'
import type { Scheme } from '../scheme/scheme.ts'
import type { IncomingHeaders } from '../wire/headers.ts'
import type { Origin } from '../wire/origins.ts'
import type { Clock } from '../wire/timestamp.ts'
import type { BodyReader, BodyUse } from './body-reader.ts'
import type { Timer } from './waiting.ts'

export type { BodyReader, BodyUse, DroppedBody } from './body-reader.ts'

/** How far a timestamp may be from the server's clock, either way. */
export const DEFAULT_TOLERANCE_MS = 300_000
export const DEFAULT_MAX_BODY_BYTES = 1_048_576
/** How long a verifier waits for a key, for the replay guard and for the cryptography. */
export const DEFAULT_SOURCE_TIMEOUT_MS = 5_000
/** How long it waits for a body: as long as Node waits for a whole request. */
export const DEFAULT_BODY_TIMEOUT_MS = 300_000
/** Default of `limits.methods`. */
export const DEFAULT_METHODS: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

export interface VerifierLimits {
  /** The most bytes a body may have; larger ones are `body-too-large`. Default: 1 MiB. */
  readonly maxBodyBytes?: number | undefined
  /** The most characters of path and query; longer ones are `malformed-target`. Default: 8192. */
  readonly maxTargetLength?: number | undefined
  /**
   * Up to 20 letters in upper case each. Default: those of `only`, else GET, HEAD, POST, PUT, PATCH, DELETE and
   * OPTIONS.
   */
  readonly methods?: readonly string[] | undefined
  /**
   * In milliseconds: a key source, a replay guard or cryptography that has not answered by then is unavailable, which
   * is a 503. Default: 5 seconds.
   */
  readonly sourceTimeoutMs?: number | undefined
  /** In milliseconds: a body that is not there by then is `body-incomplete`. Default: 5 minutes. */
  readonly bodyTimeoutMs?: number | undefined
}

export interface VerifierOptions {
  /**
   * The public origin of the API, `https://api.example.com`, with the base path that a proxy takes off where there is
   * one; or several, of which the `Host` header chooses. `https://*.example.com` are the origins of all names of one
   * label more: of such a verifier, the `Host` header says which. The URL that is verified is this and the raw request
   * target.
   */
  readonly origin: string | readonly string[]
  /**
   * Where keys are looked up by their id, for every call: `memoryKeys`, a key store, or an object of your own with
   * `find`.
   */
  readonly keys: KeySource
  /**
   * Default: one in memory, of 64 MiB at most; see `memoryReplayGuard`. `off` accepts replays. Schemes that sign
   * neither timestamp nor nonce have none.
   */
  readonly replay?: ReplayGuard | 'off' | undefined
  /** In milliseconds, either way. Default: five minutes. */
  readonly toleranceMs?: number | undefined
  /** Milliseconds since the epoch. Default: the system's. */
  readonly clock?: Clock | undefined
  /** Timer for the timeouts of `limits`; replace it in tests. Default: the platform's `setTimeout`. */
  readonly timer?: Timer | undefined
  /** What is refused for its size or method before anything else is looked at, and how long a verifier waits. */
  readonly limits?: VerifierLimits | undefined
  /** Spellings and requests that are refused unless they are named here. */
  readonly allow?: readonly Allowance[] | undefined
  /** Which calls are taken, for what the scheme does not sign. Default: the scheme's own, see its page. */
  readonly only?: Only | undefined
  /**
   * The key to use where calls carry no key id: webhooks, and RFC 9421 without `keyid`. A function finds it for each
   * call, in its path or a header, say, and is not asked where a call carries one; without an answer, `missing-header`.
   * What it reads needs no signature: nothing but the key's own secret makes a signature that holds.
   */
  readonly keyId?: string | ((request: IncomingRequest) => string | undefined) | undefined
  /** The platform's cryptography. Default: `node:crypto` where there is one, else WebCrypto. */
  readonly crypto?: CryptoProvider | undefined
  /**
   * Is told of every request that is refused, for the owner's eyes; what it throws, or rejects with, is dropped. See
   * `explainRefusals`.
   */
  readonly onRefused?: ((refusal: Refusal) => void) | undefined
}

/** A request that was refused, as far as it was read. */
export interface Refusal {
  readonly failure: Failure
  readonly request: IncomingRequest
  /** The public origin that its URL was taken to have; undefined where it was refused before. */
  readonly origin: Pick<Origin, 'origin' | 'basePath'> | undefined
  /** The raw bytes; `unread` where it was refused before its body was read, or was not kept. */
  readonly body: Uint8Array | undefined | 'unread'
  /** What was thrown, where a key source, a replay guard, the body's reader or another option failed. */
  readonly cause?: unknown
}

export interface IncomingRequest {
  /** As it came. */
  readonly method: string
  /** Path and query exactly as they stood on the request line, before any router or parser. */
  readonly target: string
  readonly headers: IncomingHeaders
  /** The host that was called, where a proxy has replaced `Host`. It only chooses among the known origins, too. */
  readonly host?: string | undefined
  /** The raw bytes, before any parser, or the function that reads them. */
  readonly body?: Uint8Array | BodyReader | undefined
  /** The client's IP address, for keys that are bound to some. */
  readonly address?: string | undefined
}

export interface VerifyOptions {
  /**
   * If the signature covers a body digest, don't read the body; return the digest as {@link Verified.bodyDigest}, and
   * the caller compares it while streaming. Otherwise the body is read and compared here. Default: false.
   */
  readonly deferBody?: boolean | undefined
  /** The key needs this permission, or one of these. */
  readonly permission?: string | readonly string[] | undefined
}

declare const verified: unique symbol

/** A call that was verified. There is no other way to get one than from a verifier. */
export interface Verified {
  readonly ok: true
  readonly key: Key
  /** Which of the key's `secrets`, or of its `publicKeys`, the signature holds with, counted from 0. */
  readonly credential: number
  /** The bytes that the signature covers. */
  readonly body: Uint8Array | undefined
  /**
   * Set when the body was asked to be left unread, and was: it is not verified until who reads it has compared its
   * digest with this, and must not be acted upon before.
   */
  readonly bodyDigest?: BodyDigest | undefined
  /**
   * Set with {@link Verified.bodyDigest}: to be asked once the body is there, since it may have taken long. Looks at
   * clock and key again; a refusal when the call's time is over, when the key may no longer be used, when what proved
   * the call is no longer one of its secrets or its public key, or when it lost the permission.
   */
  readonly confirm?: (() => Promise<Refused | undefined>) | undefined
  /** When the call was signed, in milliseconds since the epoch, if the scheme says. */
  readonly timestampMs: number | undefined
  /** To be sent with the answer: that what was called is deprecated, say. */
  readonly headers?: AnswerHeaders | undefined
  readonly [verified]: true
}

export interface Refused {
  readonly ok: false
  readonly failure: Failure
  /** What was thrown, where something failed that the verifier was given. Not for the caller. */
  readonly cause?: unknown
  /**
   * Whether a signature of the request could be good all the same, such as at another time or from another address.
   * `false`: each is wrong, of an unknown or revoked key, or over. Left out where that was not found out.
   */
  readonly holds?: boolean | undefined
  /**
   * Whose signature holds, and with which of its secrets or public keys, where the call is refused all the same: seen
   * before, say, or without the permission. For logs. What a signature that does not hold claims is in `failure`.
   */
  readonly proven?: { readonly key: Key; readonly credential: number } | undefined
  /** To be sent with the refusal, beside its own. */
  readonly headers?: AnswerHeaders | undefined
}

export interface AnswerHeaders {
  readonly [name: string]: string
}

export type Verification = Verified | Refused

export interface Verifier {
  readonly scheme: Scheme
  readonly maxBodyBytes: number
  /**
   * Whether a request has a signature of the scheme, right or wrong. Reads no body, and tells nobody of a refusal.
   * Headers and parameters that the scheme shares with others are not enough: all that each of its calls has is there.
   */
  presents(request: IncomingRequest): boolean
  /**
   * What {@link Verifier.verify} will do with a request's body, for those who read one body for several verifiers.
   * `undefined` where it refuses the request unread.
   */
  bodyUseOf(request: IncomingRequest): BodyUse | undefined
  /**
   * Never rejects, and waits for nothing for ever: what the key source, the replay guard, the body's reader or another
   * option throws is the `cause` of a refusal. See `throwUnjudged` for those who would rather have it thrown.
   */
  verify(request: IncomingRequest, options?: VerifyOptions): Promise<Verification>
}
