import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { ServerError } from '../errors.ts'

/** DER of a SubjectPublicKeyInfo before the key itself (RFC 8410 §4, RFC 5480 §2), by the length of the raw key. */
const RAW_PREFIXES: { readonly [length: number]: string } = {
  32: '302a300506032b6570032100',
  65: '3059301306072a8648ce3d020106082a8648ce3d030107034200',
  97: '3076301006072a8648ce3d020106052b81040022036200',
}
/** An Ed25519 private key as NaCl and Solana write it: the seed, then the public key. */
const NACL_PRIVATE_BYTES = 64
const MIN_RSA_BITS = 2048
const MAX_RSA_BITS = 8192
const RSA_EXPONENT = 65_537n
const CURVES: readonly (string | undefined)[] = ['prime256v1', 'secp384r1']
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k'] as const

/**
 * Reads a public key as people have it: PEM, JWK (RFC 7517), or the key's bytes in base64 or hexadecimal, raw or as
 * SPKI. What was given is in no error: it could be a private key.
 *
 * @returns PEM (SPKI)
 * @throws ServerError `public-key-malformed`, `public-key-private`
 */
export function readPublicKeyText(given: string): string {
  const text = given.trim()
  const key = text.startsWith('{') ? ofJwk(text) : text.startsWith('-----') ? ofPem(text) : ofBytes(text)
  checkStrength(key)
  return key.export({ type: 'spki', format: 'pem' }).toString()
}

function ofPem(text: string): KeyObject {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) throw isPrivate()
  if (/-----BEGIN CERTIFICATE-----/.test(text))
    throw malformed('this is a certificate. Take the key out of it: openssl x509 -in FILE -pubkey -noout')
  if (!/^-----BEGIN (RSA )?PUBLIC KEY-----[^-]*-----END \1PUBLIC KEY-----$/.test(text))
    throw malformed('in PEM it is one block that begins with -----BEGIN PUBLIC KEY-----')
  return made(() => createPublicKey(text), 'what stands in its PEM block is no public key')
}

function ofJwk(text: string): KeyObject {
  let jwk: unknown
  try {
    jwk = JSON.parse(text)
  } catch {
    // Not with the parser's message, which quotes what was given.
  }
  if (typeof jwk !== 'object' || jwk === null) throw malformed('it begins as a JWK and is no JSON')
  if ('keys' in jwk) throw malformed('this is a set of keys: give one of them')
  if (PRIVATE_MEMBERS.some(name => name in jwk)) throw isPrivate()
  return made(
    () => createPublicKey({ key: jwk as JsonWebKeyLike, format: 'jwk' }),
    'its JWK is no public key: it wants kty, and n and e, or crv, x and y',
  )
}

type JsonWebKeyLike = { readonly [name: string]: string }

function ofBytes(text: string): KeyObject {
  const packed = text.replace(/\s/g, '')
  const isHex = /^([0-9a-f]{2})+$/i.test(packed)
  if (!isHex && !/^[A-Za-z0-9+/_-]+={0,2}$/.test(packed)) throw malformed('it is not PEM, JWK, base64 or hexadecimal')
  const bytes = Buffer.from(packed, isHex ? 'hex' : 'base64')
  const prefix = RAW_PREFIXES[bytes.length]
  if (bytes.length === NACL_PRIVATE_BYTES || isPkcs(bytes)) throw isPrivate()
  const der = prefix === undefined ? bytes : Buffer.concat([Buffer.from(prefix, 'hex'), bytes])
  return made(
    () => createPublicKey({ key: der, format: 'der', type: 'spki' }),
    'its bytes are neither SPKI nor the 32 of Ed25519, the 65 of P-256 or the 97 of P-384 (uncompressed)',
  )
}

function isPkcs(der: Buffer): boolean {
  return (['pkcs8', 'pkcs1', 'sec1'] as const).some(type => {
    try {
      createPrivateKey({ key: der, format: 'der', type })
      return true
    } catch {
      return false
    }
  })
}

function made(make: () => KeyObject, problem: string): KeyObject {
  try {
    return make()
  } catch {
    throw malformed(problem)
  }
}

function checkStrength({ asymmetricKeyType, asymmetricKeyDetails = {} }: KeyObject): void {
  const { modulusLength = 0, publicExponent, namedCurve } = asymmetricKeyDetails
  switch (asymmetricKeyType) {
    case 'rsa':
    case 'rsa-pss':
      if (modulusLength < MIN_RSA_BITS || modulusLength > MAX_RSA_BITS)
        throw malformed(`RSA has ${MIN_RSA_BITS} to ${MAX_RSA_BITS} bits here, and this key has ${modulusLength}`)
      if (publicExponent !== RSA_EXPONENT) throw malformed(`RSA has the exponent ${RSA_EXPONENT} here`)
      return
    case 'ec':
      if (!CURVES.includes(namedCurve)) throw malformed(`ECDSA is on P-256 or P-384 here, and this key is on ${namedCurve}`)
      return
    case 'ed25519':
      return
    default:
      throw malformed(`RSA, ECDSA and Ed25519 are taken here, and this key is for ${asymmetricKeyType}`)
  }
}

function malformed(problem: string): ServerError {
  return new ServerError('public-key-malformed', 400, `The public key can't be used: ${problem}.`)
}

function isPrivate(): ServerError {
  return new ServerError(
    'public-key-private',
    400,
    'This is a private key, and was not kept: give the public one. If it was sent over a network, make a new pair.',
  )
}
