import type { Only } from '../contract/loss.ts'
import type { Algorithm, Digest } from '../crypto/algorithm.ts'
import type { BytesEncoding, SecretEncoding } from '../wire/encoding.ts'
import type { NonceFormat } from '../wire/nonce.ts'
import type { TimestampFormat } from '../wire/timestamp.ts'

/** A piece of the message: a template, or the hash of other pieces. */
export type MessagePiece =
  | string
  | { readonly hash: Digest; readonly encoding: BytesEncoding | 'raw'; readonly of: string | readonly string[] }

/**
 * What a header carries: a template, or a list of them (`t=1,v1=abc`). In a list the order is free, unknown items are
 * passed over, and the item of the signature may come several times: one that fits is enough.
 */
export type HeaderDeclaration = string | { readonly prefix?: string; readonly separator: string; readonly items: readonly string[] }

/**
 * A value the client chooses and the scheme signs, such as a receive window: the same in every call (`default`), or
 * another in each (`generate`).
 */
export type ParameterDeclaration = {
  /**
   * `digits`, `token` (letters, digits, `-`, `_`) or `visible` (0x21 to 0x7e); what keeps it from running into its
   * neighbour.
   */
  readonly characters: 'digits' | 'token' | 'visible'
  /** Characters that it may not hold, such as the separator behind it. */
  readonly without?: string
} & ({ readonly default: string; readonly generate?: never } | { readonly generate: NonceFormat; readonly default?: never })

/**
 * A signature scheme as data. Signing, verifying and everything else is derived from it, so that they can't disagree.
 *
 * @example
 * ```ts
 * const mine = defineScheme({
 *   name: 'mine',
 *   title: 'My API',
 *   algorithm: 'hmac-sha256',
 *   secret: { encoding: 'base64' },
 *   timestamp: { formats: ['milliseconds'] },
 *   message: '{timestamp}\n{method}\n{target}\n{body|sha256|hex}',
 *   signature: { encoding: 'hex' },
 *   headers: { 'x-key': '{keyId}', 'x-time': '{timestamp}', 'x-signature': '{signature}' },
 * })
 * ```
 */
export interface SchemeDeclaration {
  /** Lower case, digits and dashes; what users type. */
  readonly name: string
  readonly title: string
  /** The page this follows. */
  readonly docs?: string
  readonly algorithm: Algorithm
  /** How the secret is written (HMAC only). Default: `utf8`, no prefix. */
  readonly secret?: { readonly encoding: SecretEncoding; readonly prefix?: string }
  /** What is signed, pieces one behind the other. See {@link parseTemplate} for the templates. */
  readonly message: MessagePiece | readonly MessagePiece[]
  /** The first format is what a signer writes; a verifier reads all. `expires` says it is the end, not the start. */
  readonly timestamp?: { readonly formats: readonly TimestampFormat[]; readonly meaning?: 'issued' | 'expires' }
  /**
   * The first format is what a signer makes when none is given; a verifier takes all. `any` is written like `random`,
   * and is 1 to 128 letters, digits, `-` and `_`. Default: `any`.
   */
  readonly nonce?: { readonly formats: readonly NonceFormat[] }
  readonly signature: { readonly encoding: BytesEncoding }
  readonly headers?: { readonly [name: string]: HeaderDeclaration }
  /** Parameters appended to the query, in this order; the signature has to be the last. */
  readonly query?: { readonly [name: string]: string }
  /** Parameters of a form-encoded body, put in front of it unless they are there: a nonce or a timestamp. */
  readonly form?: { readonly [name: string]: '{nonce}' | '{timestamp}' }
  readonly parameters?: { readonly [name: string]: ParameterDeclaration }
  /** Which calls a verifier takes unless it says so itself, for what the message does not sign. */
  readonly only?: Only
}
