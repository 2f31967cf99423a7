import type { Loss } from './loss.ts'

/**
 * Every way a request is refused. `code` is stable; the other members are for the owner of the key and of the API, who
 * see all of it. What a stranger is told is in problem.ts.
 */
export type Failure =
  | { readonly code: 'method-not-allowed'; readonly method: string }
  | { readonly code: 'malformed-target' }
  | { readonly code: 'unknown-origin'; readonly host: string }
  | { readonly code: 'missing-header'; readonly header: string }
  | { readonly code: 'duplicate-header'; readonly header: string }
  | { readonly code: 'malformed-header'; readonly header: string }
  /** `padding`: how the `=` at its end are what is wrong. */
  | { readonly code: 'malformed-signature'; readonly header: string; readonly padding?: 'unwanted' | 'missing' | undefined }
  | { readonly code: 'malformed-timestamp'; readonly header: string }
  | { readonly code: 'timestamp-out-of-window'; readonly skewMs: number; readonly serverTimeMs: number }
  | { readonly code: 'unknown-key'; readonly keyId: string }
  | { readonly code: 'bad-signature'; readonly keyId: string }
  | { readonly code: 'key-revoked'; readonly keyId: string }
  | { readonly code: 'key-disabled'; readonly keyId: string }
  | { readonly code: 'key-expired'; readonly keyId: string; readonly expiredAtMs: number }
  | { readonly code: 'address-not-allowed'; readonly keyId: string; readonly address: string }
  | { readonly code: 'unexpected-body'; readonly method: string }
  | { readonly code: 'missing-body' }
  | { readonly code: 'part-not-taken'; readonly part: 'path' | 'query' | 'body' }
  | { readonly code: 'body-too-large'; readonly maxBytes: number }
  | { readonly code: 'insufficient-coverage'; readonly missing: readonly string[] }
  | { readonly code: 'digest-mismatch' }
  /** Several signatures were wrong, so the rest weren't checked. */
  | { readonly code: 'too-many-signatures' }
  /** `between`: the two parts of the message of which it can't be seen where the first ends. */
  | { readonly code: 'ambiguous-request'; readonly between: string; readonly remedy: Remedy; readonly loss?: never }
  /**
   * Of several spellings that have one signature, this is not the one that is taken. `part`: `path`, `query`, `body`,
   * `header.NAME`.
   */
  | { readonly code: 'ambiguous-request'; readonly loss: Loss; readonly part: string; readonly between?: never }
  | { readonly code: 'replayed'; readonly keyId: string }
  | { readonly code: 'permission-denied'; readonly keyId: string; readonly required: readonly string[] }
  | { readonly code: 'scheme-retired'; readonly keyId: string; readonly name: string; readonly successor: string | undefined }
  | { readonly code: 'route-retired'; readonly keyId: string; readonly name: string; readonly successor: string | undefined }
  | {
      readonly code: 'brown-out'
      readonly keyId: string
      readonly name: string
      readonly successor: string | undefined
      readonly untilMs: number
    }
  | { readonly code: 'key-source-unavailable' }
  | { readonly code: 'replay-guard-unavailable' }
  /** No room to remember another call, or none for another one of this key. */
  | { readonly code: 'replay-guard-full'; readonly keyId: string }
  /** The client left, or sent less than it said. */
  | { readonly code: 'body-incomplete' }
  /** What reads it failed, or gave something that isn't bytes. */
  | { readonly code: 'body-unreadable' }
  /** One of the verifier's own options failed, such as its clock. */
  | { readonly code: 'verifier-failed' }

/**
 * How a call is made in which a boundary can't move: with a body that begins as no URL can go on; with that, and the
 * scheme's own parameter as the last of the query; or in no way that holds for every call.
 */
export type Remedy = 'body-start' | 'parameter-last' | 'none'

export type FailureCode = Failure['code']
