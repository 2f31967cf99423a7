import type { DigestName } from './digest.ts'

/** The parameters that a signer can write by itself. */
export const SIGNED_PARAMETERS = ['created', 'expires', 'keyid', 'nonce', 'alg'] as const

type SignedParameter = (typeof SIGNED_PARAMETERS)[number]

export interface HttpMessageSignaturesOptions {
  /** What users type. Default: `rfc9421`. */
  readonly name?: string | undefined
  readonly title?: string | undefined
  /** The signature's label, of up to 64 characters. A verifier takes any, unless this is given. Default: `sig`. */
  readonly label?: string | undefined
  /**
   * What a signer covers and a verifier demands, at most 64 components of 4096 characters in all; a client may cover
   * more. `content-digest` goes with bodies only. Default: `@method`, `@target-uri` and `content-digest`.
   */
  readonly components?: readonly string[] | undefined
  /**
   * The parameters that a signer writes and a verifier demands; but a call may leave out `keyid` where the verifier
   * names the key itself. Default: `created`, `keyid` and `nonce`.
   */
  readonly parameters?: readonly SignedParameter[] | undefined
  /**
   * The application's own mark (RFC 9421  2.3), written and demanded: up to 256 characters of visible ASCII and spaces.
   */
  readonly tag?: string | undefined
  /** How the content digest is made. Default: `sha-256`; a verifier takes `sha-512` as well. */
  readonly digest?: DigestName | undefined
}
