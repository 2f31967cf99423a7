export type Digest = 'sha1' | 'sha256' | 'sha384' | 'sha512'

/** Named as in the HTTP signature algorithm registry of RFC 9421 where it has the name. */
export type Algorithm = 'hmac-sha1' | 'hmac-sha256' | 'hmac-sha384' | 'hmac-sha512' | 'rsa-v1_5-sha256' | 'rsa-v1_5-sha512'

export interface AlgorithmFacts {
  readonly family: 'hmac' | 'rsa'
  readonly digest: Digest
}

export const ALGORITHMS: { readonly [A in Algorithm]: AlgorithmFacts } = {
  'hmac-sha1': { family: 'hmac', digest: 'sha1' },
  'hmac-sha256': { family: 'hmac', digest: 'sha256' },
  'hmac-sha384': { family: 'hmac', digest: 'sha384' },
  'hmac-sha512': { family: 'hmac', digest: 'sha512' },
  'rsa-v1_5-sha256': { family: 'rsa', digest: 'sha256' },
  'rsa-v1_5-sha512': { family: 'rsa', digest: 'sha512' },
}

export const DIGEST_BYTES: { readonly [D in Digest]: number } = { sha1: 20, sha256: 32, sha384: 48, sha512: 64 }
