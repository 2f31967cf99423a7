import { type Algorithm, algorithmFacts, type Digest } from './algorithm.ts'

export const DIGEST_BYTES: { readonly [D in Digest]: number } = { sha1: 20, sha256: 32, sha384: 48, sha512: 64 }

/** The block size of each hash, in bytes: RFC 2104 §2. */
export const BLOCK_BYTES: { readonly [D in Digest]: number } = { sha1: 64, sha256: 64, sha384: 128, sha512: 128 }

/** How many bytes a signature has. @param modulusBits of an RSA key */
export function signatureBytes(name: Algorithm, modulusBits = 0): number {
  if (name.startsWith('rsa')) return Math.ceil(modulusBits / 8)
  if (name.startsWith('hmac')) return DIGEST_BYTES[algorithmFacts(name).digest]
  return name === 'ecdsa-p384-sha384' ? 96 : 64
}
