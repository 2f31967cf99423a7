import { constants, createECDH, createPrivateKey, createPublicKey, type KeyObject, type SigningOptions, sign, verify } from 'node:crypto'
import { messageBytes } from '../wire/message.ts'
import { algorithmFacts, type KeyPairAlgorithm } from './algorithm.ts'
import { checkRsa, createReducer } from './modulus.ts'
import { malformedKey, readPem } from './pem.ts'
import type { SignBytes, VerifyMessage } from './provider.ts'
import { signatureBytes } from './signature-bytes.ts'

/**
 * RFC 9421  3.3.1: the salt is as long as the hash. RFC 9421  3.3.4: an ECDSA signature is r and s, one behind the
 * other.
 */
const OPTIONS: { readonly [A in KeyPairAlgorithm]: SigningOptions } = {
  'rsa-v1_5-sha256': {},
  'rsa-v1_5-sha512': {},
  'rsa-pss-sha512': { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
  'ecdsa-p256-sha256': { dsaEncoding: 'ieee-p1363' },
  'ecdsa-p384-sha384': { dsaEncoding: 'ieee-p1363' },
  ed25519: {},
}

export function createKeyPairSigner(algorithm: KeyPairAlgorithm, pem: string): SignBytes {
  const key = { key: readKey(algorithm, pem, 'private'), ...OPTIONS[algorithm] }
  const digest = digestOf(algorithm)
  return message => sign(digest, messageBytes(message), key)
}

export function createKeyPairVerifier(algorithm: KeyPairAlgorithm, pem: string): VerifyMessage {
  const key = { key: readKey(algorithm, pem, 'public'), ...OPTIONS[algorithm] }
  const digest = digestOf(algorithm)
  const length = signatureBytes(algorithm, key.key.asymmetricKeyDetails?.modulusLength)
  const reduce = algorithm.startsWith('rsa') ? createReducer(key.key.export({ type: 'spki', format: 'der' })) : undefined
  return (message, given) => {
    // OpenSSL takes an RSA signature without its leading zero, too; there is one spelling of a signature.
    if (given.length !== length) return false
    if (reduce === undefined) return verify(digest, messageBytes(message), key, given)
    const { signature, isInRange } = reduce(given)
    return verify(digest, messageBytes(message), key, signature) && isInRange
  }
}

function digestOf(algorithm: KeyPairAlgorithm): string | null {
  return algorithm === 'ed25519' ? null : algorithmFacts(algorithm).digest
}

function readKey(algorithm: KeyPairAlgorithm, pem: string, kind: 'private' | 'public'): KeyObject {
  const der = Buffer.from(readPem(algorithm, pem, kind))
  let key: KeyObject | undefined
  try {
    if (kind === 'public') key = createPublicKey({ key: der, format: 'der', type: 'spki' })
    else key = withItsPublicHalf(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }))
  } catch {
    // Said below, without OpenSSL's own words for it.
  }
  if (key === undefined) throw malformedKey(algorithm, kind)
  const { modulusLength, publicExponent } = key.asymmetricKeyDetails ?? {}
  checkRsa(modulusLength, publicExponent === undefined ? undefined : [...Buffer.from(hexOf(publicExponent), 'hex')], kind)
  return key
}

function hexOf(number: bigint): string {
  const hex = number.toString(16)
  return hex.length % 2 === 0 ? hex : `0${hex}`
}

/** A private EC key holds its public key, too; WebCrypto sees to it that they belong together, and this does not. */
function withItsPublicHalf(key: KeyObject): KeyObject | undefined {
  const curve = key.asymmetricKeyDetails?.namedCurve
  if (curve === undefined) return key
  const { d = '', x = '', y = '' } = key.export({ format: 'jwk' })
  const half = createECDH(curve)
  half.setPrivateKey(d, 'base64url')
  const point = Buffer.concat([Buffer.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')])
  return half.getPublicKey().equals(point) ? key : undefined
}
