import type { KeyKind, KeyPairAlgorithm } from '../algorithm.ts'
import { concatBytes, encode, fromBase64 } from '../encoding.ts'
import { CountersignError } from '../error.ts'

/** SEQUENCE { OID 1.2.840.113549.1.1.1 rsaEncryption, NULL }: RFC 8017 §A.1, DER. */
const RSA = Uint8Array.of(0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00)
/** OID 1.2.840.10045.2.1 ecPublicKey, and the curves' own: RFC 5480 §2.1.1. */
const EC = Uint8Array.of(0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01)
const P256 = Uint8Array.of(0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07)
const P384 = Uint8Array.of(0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22)

/**
 * The DER of a key in PEM, wrapped as WebCrypto wants it: PKCS#8 for a private, SPKI for a public key. Takes those, PKCS#1
 * for RSA (RFC 8017 §A.1), and SEC 1 for a private EC key (RFC 5915).
 *
 * @throws CountersignError `private-key-malformed` or `public-key-malformed`
 */
export function readPem(algorithm: KeyPairAlgorithm, pem: string, kind: 'private' | 'public'): Uint8Array<ArrayBuffer> {
  const label = kind.toUpperCase()
  const match = new RegExp(`-----BEGIN (RSA |EC )?${label} KEY-----([A-Za-z0-9+/=\\s]+)-----END (RSA |EC )?${label} KEY-----`).exec(pem)
  const der = match?.[2] === undefined ? undefined : fromBase64(match[2].replace(/\s/g, ''))
  const form = match?.[1]?.trim()
  const isRsa = algorithm.startsWith('rsa')
  if (der === undefined || (form === 'RSA' && !isRsa) || (form === 'EC' && !algorithm.startsWith('ecdsa'))) {
    throw new CountersignError(
      `${kind}-key-malformed`,
      `The ${kind} key is not a key for ${algorithm} in PEM: it begins with -----BEGIN ${label} KEY-----${isRsa ? ` or -----BEGIN RSA ${label} KEY-----` : ''}.`,
    )
  }
  if (form === undefined) return Uint8Array.from(der)
  const identifier = isRsa ? RSA : element(0x30, concatBytes([EC, algorithm === 'ecdsa-p256-sha256' ? P256 : P384]))
  const wrapped =
    kind === 'private'
      ? [Uint8Array.of(2, 1, 0), identifier, element(0x04, der)]
      : [identifier, element(0x03, concatBytes([Uint8Array.of(0), der]))]
  return Uint8Array.from(element(0x30, concatBytes(wrapped)))
}

function element(tag: number, content: Uint8Array): Uint8Array {
  const { length } = content
  const size =
    length < 0x80
      ? [length]
      : length < 0x100
        ? [0x81, length]
        : length < 0x10000
          ? [0x82, length >> 8, length & 0xff]
          : [0x83, length >> 16, (length >> 8) & 0xff, length & 0xff]
  return concatBytes([Uint8Array.of(tag, ...size), content])
}

/** The object identifiers that tell what a key is for. */
const IDENTIFIERS: readonly (readonly [hex: string, KeyKind])[] = [
  ['06032b6570', 'ed25519'],
  ['06082a8648ce3d030107', 'p256'],
  ['06052b81040022', 'p384'],
  ['06092a864886f70d01010a', 'rsa-pss'],
  ['06092a864886f70d010101', 'rsa'],
]

/** What a private key in PEM is; `undefined` when it is none that is known. The platform reads the rest of it. */
export function privateKeyKind(pem: string): KeyKind | undefined {
  if (/-----BEGIN RSA PRIVATE KEY-----/.test(pem)) return 'rsa'
  const body = /-----BEGIN (?:EC )?PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END/.exec(pem)?.[1]?.replace(/\s/g, '')
  const der = body === undefined ? undefined : fromBase64(body)
  // The identifier stands within the first bytes, before the key itself.
  const hex = der === undefined ? '' : encode(der, 'hex')
  return IDENTIFIERS.find(([identifier]) => hex.includes(identifier))?.[1]
}
