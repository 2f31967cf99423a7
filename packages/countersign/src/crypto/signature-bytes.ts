import { type Algorithm, algorithmFacts } from './algorithm.ts'
import { DIGEST_BYTES } from './digest-bytes.ts'

/** How many bytes a signature has. @param modulusBits of an RSA key */
export function signatureBytes(name: Algorithm, modulusBits = 0): number {
  if (name.startsWith('rsa')) return Math.ceil(modulusBits / 8)
  if (name.startsWith('hmac')) return DIGEST_BYTES[algorithmFacts(name).digest]
  return name === 'ecdsa-p384-sha384' ? 96 : 64
}
