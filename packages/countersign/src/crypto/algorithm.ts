export const DIGESTS = ['sha1', 'sha256', 'sha384', 'sha512'] as const

export type Digest = (typeof DIGESTS)[number]

type HmacAlgorithm = 'hmac-sha1' | 'hmac-sha256' | 'hmac-sha384' | 'hmac-sha512'

export type KeyPairAlgorithm =
  | 'rsa-v1_5-sha256'
  | 'rsa-v1_5-sha512'
  | 'rsa-pss-sha512'
  | 'ecdsa-p256-sha256'
  | 'ecdsa-p384-sha384'
  | 'ed25519'

/** What the key of a key pair is. `rsa-pss` is an RSA key that says it is for PSS only. */
export type KeyKind = 'rsa' | 'rsa-pss' | 'p256' | 'p384' | 'ed25519'

/** Named as in the HTTP signature algorithm registry of RFC 9421 where it has the name. */
export type Algorithm = HmacAlgorithm | KeyPairAlgorithm

export type AlgorithmFacts =
  | { readonly family: 'hmac'; readonly name: HmacAlgorithm; readonly digest: Digest }
  | { readonly family: 'key-pair'; readonly name: KeyPairAlgorithm; readonly digest: Digest }

const HMACS = ['hmac-sha1', 'hmac-sha256', 'hmac-sha384', 'hmac-sha512'] as const satisfies readonly HmacAlgorithm[]

export const ALGORITHMS: readonly Algorithm[] = [
  ...HMACS,
  'rsa-v1_5-sha256',
  'rsa-v1_5-sha512',
  'rsa-pss-sha512',
  'ecdsa-p256-sha256',
  'ecdsa-p384-sha384',
  'ed25519',
]

export function algorithmFacts(name: Algorithm): AlgorithmFacts {
  // Every name ends with its hash, but for Ed25519, whose hash is SHA-512.
  const digest = (/sha\d+$/.exec(name)?.[0] ?? 'sha512') as Digest
  const isHmac = name.startsWith('hmac')
  return isHmac ? { family: 'hmac', name: name as HmacAlgorithm, digest } : { family: 'key-pair', name: name as KeyPairAlgorithm, digest }
}
