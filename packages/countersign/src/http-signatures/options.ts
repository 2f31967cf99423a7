import type { DigestName } from './digest.ts'

export interface HttpMessageSignaturesOptions {
  /** What users type. Default: `rfc9421`. */
  readonly name?: string | undefined
  readonly title?: string | undefined
  /** The signature's label. A verifier takes any, unless this is given. Default: `sig`. */
  readonly label?: string | undefined
  /**
   * What a signer covers and a verifier demands; a client may cover more. `content-digest` goes with bodies only.
   * Default: `@method`, `@target-uri` and `content-digest`.
   */
  readonly components?: readonly string[] | undefined
  /**
   * The parameters that a signer writes and a verifier demands; but a call may leave out `keyid` where the verifier
   * names the key itself. Default: `created`, `keyid` and `nonce`.
   */
  readonly parameters?: readonly ('created' | 'expires' | 'keyid' | 'nonce' | 'alg' | 'tag')[] | undefined
  /** The application's own mark (RFC 9421 §2.3), written and demanded. */
  readonly tag?: string | undefined
  /** How the content digest is made. Default: `sha-256`; a verifier takes `sha-512` as well. */
  readonly digest?: DigestName | undefined
}
