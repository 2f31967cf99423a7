import { CountersignError } from '../contract/error.ts'
import { encode, fromBase64 } from '../wire/encoding.ts'
import type { KeyKind, KeyPairAlgorithm } from './algorithm.ts'
import { derElement, derSequence, EC_PUBLIC_KEY, ED25519_ID, NULL, P256_ID, P384_ID, RSA_ENCRYPTION, RSA_PSS } from './der.ts'

/**
 * The DER of a key in PEM, wrapped as WebCrypto wants it: PKCS#8 for a private, SPKI for a public key. Takes those,
 * PKCS#1 for RSA (RFC 8017  A.1), and SEC 1 for a private EC key (RFC 5915).
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
  const identifier = isRsa
    ? derSequence(RSA_ENCRYPTION, NULL)
    : derSequence(EC_PUBLIC_KEY, algorithm === 'ecdsa-p256-sha256' ? P256_ID : P384_ID)
  const wrapped =
    kind === 'private' ? [Uint8Array.of(2, 1, 0), identifier, derElement(0x04, der)] : [identifier, derElement(0x03, Uint8Array.of(0), der)]
  return Uint8Array.from(derElement(0x30, ...wrapped))
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
