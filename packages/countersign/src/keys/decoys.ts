import type { KeyPairAlgorithm } from '../algorithm.ts'
import { concatBytes, encode } from '../encoding.ts'

/** Published test keys of RFC 9421, Appendix B.1, whose private halves are published as well: only their kind matters here. */
const P256 = `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqIVYZVLCrPZHGHjP17CTW0/+D9Lf
w0EkjqF7xB4FivAxzic30tMM4GF+hR6Dxh71Z50VGGdldkkDXZCnTNnoXQ==
-----END PUBLIC KEY-----
`
const ED25519 = `-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=
-----END PUBLIC KEY-----
`
/** Made for this purpose; its private half was thrown away. */
const P384 = `-----BEGIN PUBLIC KEY-----
MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAE2XRgZXdEu7J7GkTrwmCV0N8aWL4KjPrH
nCngK7/J+5NlEC88+cmrnHCuJDT1fX82HnkhJVad+F/ZzJz6q8E7wa2nTcj792AC
XjvKOHzhsi6S6ZBGwwRQKfHoaPfSFD6L
-----END PUBLIC KEY-----
`

/**
 * The public key of a key that nobody has, checked in the place of an unknown one so that both take the same time.
 *
 * @param signatureBytes how long the signature is that was presented; an RSA key is made with a modulus of that length
 */
export function decoyPublicKey(algorithm: KeyPairAlgorithm, signatureBytes: number): string {
  switch (algorithm) {
    case 'ecdsa-p256-sha256':
      return P256
    case 'ecdsa-p384-sha384':
      return P384
    case 'ed25519':
      return ED25519
    default:
      return decoyRsaKey(signatureBytes)
  }
}

/** An odd number of so many bytes does as a modulus: to compare with it takes as long as with a product of two primes. */
function decoyRsaKey(bytes: number): string {
  const modulus = globalThis.crypto.getRandomValues(new Uint8Array(bytes))
  modulus[0] = (modulus[0] ?? 0) | 0x80
  modulus[bytes - 1] = (modulus[bytes - 1] ?? 0) | 1
  const key = element(0x30, [element(0x02, [Uint8Array.of(0), modulus]), Uint8Array.of(0x02, 3, 1, 0, 1)])
  // RFC 8017 §A.1: rsaEncryption, NULL.
  const identifier = Uint8Array.of(0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00)
  const spki = element(0x30, [identifier, element(0x03, [Uint8Array.of(0), key])])
  return `-----BEGIN PUBLIC KEY-----\n${encode(spki, 'base64')}\n-----END PUBLIC KEY-----\n`
}

/** DER, of at least 256 bytes of content or under 128. */
function element(tag: number, content: readonly Uint8Array[]): Uint8Array {
  const whole = concatBytes(content)
  const { length } = whole
  const size = length < 0x80 ? [length] : [0x82, length >> 8, length & 0xff]
  return concatBytes([Uint8Array.of(tag, ...size), whole])
}
