import type { Allowance } from '../contract/allowance.ts'
import type { CryptoProvider } from '../crypto/provider.ts'
import type { JsonSerializer } from '../wire/json.ts'
import type { Clock } from '../wire/timestamp.ts'
import type { SignableBody } from './body.ts'
import type { SchemeTypes } from './scheme-types.ts'

/** Default of {@link SignerOptions.lifetimeMs}. */
export const DEFAULT_LIFETIME_MS = 60_000

export interface SignerOptions<T extends SchemeTypes = SchemeTypes> {
  /** Milliseconds since the epoch. Default: the system's. */
  readonly clock?: Clock | undefined
  /** The format to write, of those the scheme takes. Default: the first it declares. */
  readonly timestamp?: T['timestamp'] | undefined
  /** How a JSON body is written. Default: {@link compactJson}. */
  readonly json?: JsonSerializer | undefined
  /** Values for the scheme's parameters, where they are not the defaults. */
  readonly parameters?: ParametersOf<T> | undefined
  /** How far an `expires` timestamp lies ahead, in milliseconds; up to 31 years. Default: 60 s. */
  readonly lifetimeMs?: number | undefined
  /** The most characters of path and query, as the verifier's limit of that name. Default: 8192. */
  readonly maxTargetLength?: number | undefined
  /**
   * Sign what a verifier refuses unless it is told the same: a GET or HEAD with a body (`body-on-get`), a body of which
   * nothing shows where it begins (`ambiguous-request`), and for schemes of one's own every spelling that the message
   * does not tell from another. Default: none.
   */
  readonly allow?: readonly Allowance[] | undefined
  /** The platform's cryptography. Default: `node:crypto` where there is one, else WebCrypto. */
  readonly crypto?: CryptoProvider | undefined
}

export interface SignableRequest {
  /** Any case; it is signed and sent in upper case. */
  readonly method: string
  /** Absolute. It is signed as it was typed, so send it as it was typed. */
  readonly url: string | URL
  readonly body?: SignableBody
  /** Only for the schemes that sign other headers. Names in any case. */
  readonly headers?: { readonly [name: string]: string } | undefined
  /** The timestamp's own characters, instead of the clock's. */
  readonly timestamp?: string | undefined
  /** For the schemes that carry a nonce, instead of one made up. */
  readonly nonce?: string | undefined
}

export interface SignedRequest<T extends SchemeTypes = SchemeTypes> {
  readonly method: string
  /** Send to this: the URL that was given, with what the scheme adds to its query. */
  readonly url: string
  /** Names in lower case; with `content-type` for a body that was given as a JSON value. */
  readonly headers: SignedHeaders<T>
  /** The exact bytes that were signed. Send these. */
  readonly body: Uint8Array<ArrayBuffer> | undefined
  /** The message that was signed, for those who want to look; made only when it is asked for. */
  readonly message: () => Uint8Array
}

export type SignedHeaders<T extends SchemeTypes> = { readonly [N in T['headers']]: string } & {
  readonly [N in T['someHeaders'] | 'content-type']?: string
}

type ParametersOf<T extends SchemeTypes> = [T['parameters']] extends [never]
  ? { readonly [name: string]: never }
  : { readonly [N in T['parameters']]?: string }
