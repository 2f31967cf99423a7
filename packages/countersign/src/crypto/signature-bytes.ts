import { type Algorithm, algorithmFacts, type Digest } from './algorithm.ts'

export const DIGEST_BYTES: { readonly [D in Digest]: number } = { sha1: 20, sha256: 32, sha384: 48, sha512: 64 }

/** How many bytes a signature has. @param modulusBits of an RSA key */
export function signatureBytes(name: Algorithm, modulusBits = 0): number {
  if (name.startsWith('rsa')) return Math.ceil(modulusBits / 8)
  if (name.startsWith('hmac')) return DIGEST_BYTES[algorithmFacts(name).digest]
  return name === 'ecdsa-p384-sha384' ? 96 : 64
}
