import { CountersignError } from '../contract/error.ts'
import type { KeyKind, KeyPairAlgorithm } from '../crypto/algorithm.ts'
import { isOnCurve, isUsableEdwardsPoint } from '../crypto/curves.ts'
import { derElement, EC_PUBLIC_KEY, ED25519_ID, NULL, P256_ID, P384_ID, RSA_ENCRYPTION, RSA_PSS } from '../crypto/der.ts'
import { MIN_RSA_BITS } from '../crypto/modulus.ts'
import { decodeStrictly, encode, fromBase64 } from '../wire/encoding.ts'

/** What a public key is: its kind, and how long its signatures are. */
export interface PublicKeyFacts {
  readonly kind: KeyKind
  readonly signatureBytes: number
  /** The key as every platform reads it: however its lines were broken, they are of 64 characters here. */
  readonly pem: string
}

type KeyFacts = Omit<PublicKeyFacts, 'pem'>

/** RSA keys that would take a verifier long are refused, as those of less than `MIN_RSA_BITS` are. */
export const MAX_RSA_BITS = 8192

/** What a public key's algorithm identifier is, whole. */
const IDENTIFIERS: { readonly [hex: string]: KeyKind } = {
  [ED25519_ID]: 'ed25519',
  [EC_PUBLIC_KEY + P256_ID]: 'p256',
  [EC_PUBLIC_KEY + P384_ID]: 'p384',
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

/**
 * The numbers of a public key, in base64: the same for one key, whichever dress it was given in.
 *
 * @param pem as {@link PublicKeyFacts.pem}
 */
export function keyMaterial(pem: string): string {
  const read = readPem(pem)
  const bits = read?.isSpki === true ? children(read.der)?.[1]?.content.subarray(1) : read?.der
  return encode(bits ?? NO_BYTES, 'base64')
}

function readPem(pem: string): { readonly isSpki: boolean; readonly der: Uint8Array } | undefined {
  const match = /^\s*-----BEGIN (RSA )?PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END \1PUBLIC KEY-----\s*$/.exec(pem)
  const text = match?.[2]?.replace(/\s/g, '') ?? ''
  const der = decodeStrictly(text, 'base64') ?? fromBase64(text)
  return match === null || der === undefined || der.length === 0 ? undefined : { isSpki: match[1] === undefined, der }
}

function parse(pem: string): PublicKeyFacts | undefined {
  const read = readPem(pem)
  if (read === undefined) return undefined
  const { isSpki, der } = read
  const form = isSpki ? '' : 'RSA '
  const facts = isSpki ? parseSpki(der) : parseRsa(der, 'rsa')
  const lines = encode(der, 'base64').replace(/.{64}(?=.)/g, '$&\n')
  return facts === undefined
    ? undefined
    : { ...facts, pem: `-----BEGIN ${form}PUBLIC KEY-----\n${lines}\n-----END ${form}PUBLIC KEY-----\n` }
}

function parseSpki(der: Uint8Array): KeyFacts | undefined {
  const [identifier, bits, ...more] = children(der) ?? []
  if (identifier?.tag !== 0x30 || bits?.tag !== 0x03 || bits.content[0] !== 0 || more.length > 0) return undefined
  const hex = encode(identifier.content, 'hex')
  const kind = isForPss(identifier.content) ? 'rsa-pss' : IDENTIFIERS[hex]
  const key = bits.content.subarray(1)
  switch (kind) {
    case 'ed25519':
      return isUsableEdwardsPoint(key) ? { kind, signatureBytes: 64 } : undefined
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

/**
 * Whether an algorithm identifier is that of RSA-PSS for what is verified here: without parameters, or with SHA-512
 * twice and a salt that is no longer than the hash (RFC 4055  3.1).
 */
function isForPss(identifier: Uint8Array): boolean {
  const [name, parameters, ...more] = elements(identifier) ?? []
  if (name === undefined || encode(derElement(name.tag, name.content), 'hex') !== RSA_PSS || more.length > 0) return false
  if (parameters === undefined) return true
  const [hash, mask, salt, ...others] = (parameters.tag === 0x30 ? elements(parameters.content) : undefined) ?? []
  const isSha512 = (content: string): boolean => SHA512_IDENTIFIERS.includes(content)
  const hexOf = (one: Element | undefined, tag: number): string => (one?.tag === tag ? encode(one.content, 'hex') : '')
  const [maskName, maskHash] = children(mask?.content ?? NO_BYTES) ?? []
  const isMasked =
    mask?.tag === 0xa1 && hexOf(maskName, 0x06) === MGF1 && isSha512(encode(derElement(0x30, maskHash?.content ?? NO_BYTES), 'hex'))
  const isSalted = salt === undefined || /^0201(?:[0-3][0-9a-f]|40)$/.test(hexOf(salt, 0xa2))
  return isSha512(hexOf(hash, 0xa0)) && isMasked && isSalted && others.length === 0
}

const NO_BYTES = new Uint8Array()
/** RFC 4055 §2.1: with NULL or without. */
const SHA512_IDENTIFIERS = ['300d06096086480165030402030500', '300b0609608648016503040203']
const MGF1 = '2a864886f70d010108'

/** RFC 8017 §A.1.1: SEQUENCE { modulus INTEGER, publicExponent INTEGER }. */
function parseRsa(der: Uint8Array, kind: 'rsa' | 'rsa-pss'): KeyFacts | undefined {
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
