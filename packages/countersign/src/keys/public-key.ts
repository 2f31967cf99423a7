import type { KeyKind, KeyPairAlgorithm } from '../algorithm.ts'
import { decodeStrictly, encode, fromBase64 } from '../encoding.ts'
import { CountersignError } from '../error.ts'
import { isOnCurve } from './curves.ts'
import { EC_PUBLIC_KEY, ED25519, NULL, P256, P384, RSA_ENCRYPTION, RSA_PSS } from './der.ts'

/** What a public key is: its kind, and how long its signatures are. */
export interface PublicKeyFacts {
  readonly kind: KeyKind
  readonly signatureBytes: number
}

/** RSA keys with fewer bits are refused, and so are those that would take a verifier long. */
export const MIN_RSA_BITS = 2048
export const MAX_RSA_BITS = 8192

/** What a public key's algorithm identifier is, whole. */
const IDENTIFIERS: { readonly [hex: string]: KeyKind } = {
  [ED25519]: 'ed25519',
  [EC_PUBLIC_KEY + P256]: 'p256',
  [EC_PUBLIC_KEY + P384]: 'p384',
  [RSA_ENCRYPTION]: 'rsa',
  [RSA_ENCRYPTION + NULL]: 'rsa',
}

/**
 * Reads a public key in PEM to its last byte, so that a key which no signature could ever be verified with is refused
 * where it is made.
 *
 * @param pem SPKI (`BEGIN PUBLIC KEY`), or PKCS#1 for RSA (`BEGIN RSA PUBLIC KEY`)
 * @throws CountersignError `public-key-malformed`
 */
export function readPublicKey(pem: string): PublicKeyFacts {
  const facts = parse(pem)
  if (facts !== undefined) return facts
  throw new CountersignError(
    'public-key-malformed',
    /PRIVATE KEY/.test(pem)
      ? 'This is a private key: give the public one, which begins with -----BEGIN PUBLIC KEY-----.'
      : `The public key is not a key in PEM for RSA (${MIN_RSA_BITS} to ${MAX_RSA_BITS} bits), ECDSA on P-256 or P-384 (uncompressed), or Ed25519: it begins with -----BEGIN PUBLIC KEY-----.`,
  )
}

/** Whether a key of this kind can be used with an algorithm. */
export function fitsAlgorithm(kind: KeyKind, algorithm: KeyPairAlgorithm): boolean {
  switch (kind) {
    case 'ed25519':
      return algorithm === 'ed25519'
    case 'p256':
      return algorithm === 'ecdsa-p256-sha256'
    case 'p384':
      return algorithm === 'ecdsa-p384-sha384'
    case 'rsa':
      return algorithm.startsWith('rsa')
    case 'rsa-pss':
      return algorithm.startsWith('rsa-pss')
  }
}

function parse(pem: string): PublicKeyFacts | undefined {
  const match = /^\s*-----BEGIN (RSA )?PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END \1?PUBLIC KEY-----\s*$/.exec(pem)
  const text = match?.[2]?.replace(/\s/g, '') ?? ''
  const der = decodeStrictly(text, 'base64') ?? fromBase64(text)
  if (match === null || der === undefined || der.length === 0) return undefined
  return match[1] === undefined ? parseSpki(der) : parseRsa(der, 'rsa')
}

function parseSpki(der: Uint8Array): PublicKeyFacts | undefined {
  const [identifier, bits, ...more] = children(der) ?? []
  if (identifier?.tag !== 0x30 || bits?.tag !== 0x03 || bits.content[0] !== 0 || more.length > 0) return undefined
  const hex = encode(identifier.content, 'hex')
  // The parameters of RSA-PSS may say which hash and salt the key is for.
  const kind = hex.startsWith(RSA_PSS) ? 'rsa-pss' : IDENTIFIERS[hex]
  const key = bits.content.subarray(1)
  switch (kind) {
    case 'ed25519':
      return key.length === 32 ? { kind, signatureBytes: 64 } : undefined
    case 'p256':
    case 'p384':
      return isOnCurve(kind, key) ? { kind, signatureBytes: kind === 'p256' ? 64 : 96 } : undefined
    case 'rsa':
    case 'rsa-pss':
      return parseRsa(key, kind)
    default:
      return undefined
  }
}

/** RFC 8017 §A.1.1: SEQUENCE { modulus INTEGER, publicExponent INTEGER }. */
function parseRsa(der: Uint8Array, kind: 'rsa' | 'rsa-pss'): PublicKeyFacts | undefined {
  const [modulus, exponent, ...more] = children(der) ?? []
  if (modulus?.tag !== 0x02 || exponent?.tag !== 0x02 || more.length > 0) return undefined
  const [n, e] = [positive(modulus.content), positive(exponent.content)]
  if (n === undefined || e === undefined) return undefined
  const bits = n.length * 8 - Math.clz32(n[0] ?? 0) + 24
  const isOdd = ((n.at(-1) ?? 0) & 1) === 1 && ((e.at(-1) ?? 0) & 1) === 1
  const isOne = e.length === 1 && e[0] === 1
  // A public exponent of over 32 bits is nobody's, and slow.
  return bits < MIN_RSA_BITS || bits > MAX_RSA_BITS || !isOdd || isOne || e.length > 4
    ? undefined
    : { kind, signatureBytes: Math.ceil(bits / 8) }
}

/**
 * The bytes of a positive DER integer, without its leading zero; `undefined` for another or one with more bytes than
 * needed.
 */
function positive(content: Uint8Array): Uint8Array | undefined {
  const [first = 0x80, second = 0x80] = content
  if (first === 0) return second >= 0x80 && content.length > 1 ? content.subarray(1) : undefined
  return first < 0x80 ? content : undefined
}

interface Element {
  readonly tag: number
  readonly content: Uint8Array
}

/** The elements of a DER sequence that takes the whole of `der`. */
function children(der: Uint8Array): readonly Element[] | undefined {
  const [whole, ...rest] = elements(der) ?? []
  return whole?.tag === 0x30 && rest.length === 0 ? elements(whole.content) : undefined
}

function elements(der: Uint8Array): readonly Element[] | undefined {
  const all: Element[] = []
  for (let at = 0; at < der.length; ) {
    const tag = der[at] ?? 0
    let length = der[at + 1] ?? 0
    at += 2
    if (length >= 0x80) {
      const size = length & 0x7f
      if (size < 1 || size > 2) return undefined
      length = der.subarray(at, at + size).reduce((value, byte) => value * 256 + byte, 0)
      if (length < (size === 1 ? 0x80 : 0x100)) return undefined
      at += size
    }
    if (at + length > der.length) return undefined
    all.push({ tag, content: der.subarray(at, at + length) })
    at += length
  }
  return all
}
