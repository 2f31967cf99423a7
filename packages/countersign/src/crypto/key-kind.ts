import { encode } from '../wire/encoding.ts'
import type { KeyKind, KeyPairAlgorithm } from './algorithm.ts'
import {
  children,
  type DerElement,
  derElement,
  EC_PUBLIC_KEY,
  ED25519_ID,
  elements,
  NULL,
  P256_ID,
  P384_ID,
  RSA_ENCRYPTION,
  RSA_PSS,
} from './der.ts'

/** What a key's algorithm identifier is, whole. */
const IDENTIFIERS: { readonly [hex: string]: KeyKind } = {
  [ED25519_ID]: 'ed25519',
  [EC_PUBLIC_KEY + P256_ID]: 'p256',
  [EC_PUBLIC_KEY + P384_ID]: 'p384',
  [RSA_ENCRYPTION]: 'rsa',
  [RSA_ENCRYPTION + NULL]: 'rsa',
}

/**
 * What a key is for, public or private; `undefined` for every other.
 *
 * @param identifier the content of its AlgorithmIdentifier (RFC 5280 §4.1.1.2)
 */
export function kindOfIdentifier(identifier: Uint8Array): KeyKind | undefined {
  return isForPss(identifier) ? 'rsa-pss' : IDENTIFIERS[encode(identifier, 'hex')]
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
 * Whether an algorithm identifier is that of RSA-PSS for what is verified here: without parameters, or with SHA-512
 * twice and a salt that is no longer than the hash (RFC 4055 §3.1).
 */
function isForPss(identifier: Uint8Array): boolean {
  const [name, parameters, ...more] = elements(identifier) ?? []
  if (name === undefined || encode(derElement(name.tag, name.content), 'hex') !== RSA_PSS || more.length > 0) return false
  if (parameters === undefined) return true
  const [hash, mask, salt, ...others] = (parameters.tag === 0x30 ? elements(parameters.content) : undefined) ?? []
  const isSha512 = (content: string): boolean => SHA512_IDENTIFIERS.includes(content)
  const hexOf = (one: DerElement | undefined, tag: number): string => (one?.tag === tag ? encode(one.content, 'hex') : '')
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
