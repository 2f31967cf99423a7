import { CountersignError } from '../contract/error.ts'
import { encode, fromBase64 } from '../wire/encoding.ts'
import type { KeyKind, KeyPairAlgorithm } from './algorithm.ts'
import { children, derElement, derSequence, EC_PUBLIC_KEY, ED25519_ID, NULL, P256_ID, P384_ID, RSA_ENCRYPTION, RSA_PSS } from './der.ts'
import { fitsAlgorithm, kindOfIdentifier } from './key-kind.ts'

/**
 * The DER of a key in PEM, wrapped as every platform reads it: PKCS#8 for a private, SPKI for a public key. Takes
 * those, PKCS#1 for RSA (RFC 8017 §A.1), and SEC 1 for a private EC key (RFC 5915). An RSA key that says it is for PSS
 * comes as one for RSA, since WebCrypto knows no other; its parameters have to be those of the algorithm.
 *
 * @throws CountersignError `private-key-malformed` or `public-key-malformed`
 */
export function readPem(algorithm: KeyPairAlgorithm, pem: string, kind: 'private' | 'public'): Uint8Array<ArrayBuffer> {
  const label = kind.toUpperCase()
  const match = new RegExp(`-----BEGIN (RSA |EC )?${label} KEY-----([A-Za-z0-9+/=\\s]+)-----END \\1${label} KEY-----`).exec(pem)
  const der = match?.[2] === undefined ? undefined : fromBase64(match[2].replace(/\s/g, ''))
  const form = match?.[1]?.trim()
  const whole = der === undefined ? undefined : form === undefined ? usable(algorithm, der, kind) : wrapped(algorithm, der, kind, form)
  if (whole === undefined) throw malformedKey(algorithm, kind)
  return Uint8Array.from(whole)
}

/** What is wrong with a key that a platform does not take: said without the key, and without the platform's words. */
export function malformedKey(algorithm: KeyPairAlgorithm, kind: 'private' | 'public'): CountersignError {
  const label = kind.toUpperCase()
  const more = algorithm.startsWith('rsa') ? ` or -----BEGIN RSA ${label} KEY-----` : ''
  return new CountersignError(
    `${kind}-key-malformed`,
    `The ${kind} key is not a key for ${algorithm} in PEM: it begins with -----BEGIN ${label} KEY-----${more}.`,
  )
}

/** PKCS#8 (RFC 5208 §5) or SPKI (RFC 5280 §4.1) whose algorithm identifier is one of the algorithm's. */
function usable(algorithm: KeyPairAlgorithm, der: Uint8Array, kind: 'private' | 'public'): Uint8Array | undefined {
  const parts = children(der) ?? []
  const [identifier, key] = kind === 'private' ? parts.slice(1) : parts
  const found = identifier?.tag === 0x30 ? kindOfIdentifier(identifier.content) : undefined
  if (found === undefined || key === undefined || !fitsAlgorithm(found, algorithm)) return undefined
  if (kind === 'public' && (parts.length > 2 || !isPlainPoint(found, key.content))) return undefined
  return found === 'rsa-pss'
    ? pkcs(kind, derSequence(RSA_ENCRYPTION, NULL), kind === 'private' ? key.content : key.content.subarray(1))
    : der
}

/** WebCrypto takes a point of a curve in its uncompressed form only (SEC 1 §2.3.3), behind the count of unused bits. */
function isPlainPoint(kind: KeyKind, bits: Uint8Array): boolean {
  const coordinate = COORDINATE_BYTES[kind]
  return coordinate === undefined || (bits.length === 2 + 2 * coordinate && bits[1] === 4)
}

const COORDINATE_BYTES: { readonly [K in KeyKind]?: number } = { p256: 32, p384: 48 }

function wrapped(algorithm: KeyPairAlgorithm, der: Uint8Array, kind: 'private' | 'public', form: string): Uint8Array | undefined {
  if (form === 'RSA') return algorithm.startsWith('rsa') ? pkcs(kind, derSequence(RSA_ENCRYPTION, NULL), der) : undefined
  if (kind === 'public' || !algorithm.startsWith('ecdsa')) return undefined
  const isP256 = algorithm === 'ecdsa-p256-sha256'
  const curve = isP256 ? P256_ID : P384_ID
  const [, number, ...more] = children(der) ?? []
  // The curve need not be named here, but may not be another one.
  const named = more.find(({ tag }) => tag === 0xa0)
  const isOfCurve = number?.content.length === (isP256 ? 32 : 48) && (named === undefined || encode(named.content, 'hex') === curve)
  return isOfCurve ? pkcs(kind, derSequence(EC_PUBLIC_KEY, curve), der) : undefined
}

function pkcs(kind: 'private' | 'public', identifier: Uint8Array, key: Uint8Array): Uint8Array {
  return kind === 'private'
    ? derElement(0x30, Uint8Array.of(2, 1, 0), identifier, derElement(0x04, key))
    : derElement(0x30, identifier, derElement(0x03, Uint8Array.of(0), key))
}

/** What a private key's first bytes hold. */
const IDENTIFIERS: readonly (readonly [hex: string, KeyKind])[] = [
  [ED25519_ID, 'ed25519'],
  [P256_ID, 'p256'],
  [P384_ID, 'p384'],
  [RSA_PSS, 'rsa-pss'],
  [RSA_ENCRYPTION, 'rsa'],
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
