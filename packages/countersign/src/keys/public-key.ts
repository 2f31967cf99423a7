import { CountersignError } from '../contract/error.ts'
import type { KeyKind } from '../crypto/algorithm.ts'
import { isOnCurve, isUsableEdwardsPoint } from '../crypto/curves.ts'
import { children } from '../crypto/der.ts'
import { kindOfIdentifier } from '../crypto/key-kind.ts'
import { MIN_RSA_BITS, RSA_EXPONENT } from '../crypto/modulus.ts'
import { decodeStrictly, encode, fromBase64 } from '../wire/encoding.ts'

export { fitsAlgorithm } from '../crypto/key-kind.ts'

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
      : `The public key is not a key in PEM for RSA (${MIN_RSA_BITS} to ${MAX_RSA_BITS} bits, exponent 65537), ECDSA on P-256 or P-384 (uncompressed), or Ed25519: it begins with -----BEGIN PUBLIC KEY-----.`,
  )
}

/**
 * The numbers of a public key, in base64: the same for one key, whichever dress it was given in.
 *
 * @param pem as {@link PublicKeyFacts.pem}
 */
export function keyMaterial(pem: string): string {
  const read = readPem(pem)
  const bits = read?.isSpki === true ? children(read.der)?.[1]?.content.subarray(1) : read?.der
  return encode(bits ?? new Uint8Array(), 'base64')
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
  const kind = kindOfIdentifier(identifier.content)
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

/** RFC 8017 §A.1.1: SEQUENCE { modulus INTEGER, publicExponent INTEGER }. */
function parseRsa(der: Uint8Array, kind: 'rsa' | 'rsa-pss'): KeyFacts | undefined {
  const [modulus, exponent, ...more] = children(der) ?? []
  if (modulus?.tag !== 0x02 || exponent?.tag !== 0x02 || more.length > 0) return undefined
  const [n, e] = [positive(modulus.content), positive(exponent.content)]
  if (n === undefined || e === undefined) return undefined
  const bits = n.length * 8 - Math.clz32(n[0] ?? 0) + 24
  const isOdd = ((n.at(-1) ?? 0) & 1) === 1
  return bits < MIN_RSA_BITS || bits > MAX_RSA_BITS || !isOdd || e.join() !== RSA_EXPONENT.join()
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
