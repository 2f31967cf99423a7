import { constants, createPrivateKey, createPublicKey, type KeyObject, type SigningOptions, sign, verify } from 'node:crypto'
import { CountersignError } from '../contract/error.ts'
import { messageBytes } from '../wire/message.ts'
import { algorithmFacts, type KeyPairAlgorithm } from './algorithm.ts'
import { checkModulus, createReducer } from './modulus.ts'
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

const CURVES: { readonly [A in KeyPairAlgorithm]?: string } = { 'ecdsa-p256-sha256': 'prime256v1', 'ecdsa-p384-sha384': 'secp384r1' }

export function createKeyPairSigner(algorithm: KeyPairAlgorithm, pem: string): SignBytes {
  const key = { key: readKey(algorithm, pem, 'private', createPrivateKey), ...OPTIONS[algorithm] }
  checkModulus(key.key.asymmetricKeyDetails?.modulusLength)
  const digest = digestOf(algorithm)
  return message => sign(digest, messageBytes(message), key)
}

export function createKeyPairVerifier(algorithm: KeyPairAlgorithm, pem: string): VerifyMessage {
  const key = { key: readKey(algorithm, pem, 'public', createPublicKey), ...OPTIONS[algorithm] }
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

function readKey(algorithm: KeyPairAlgorithm, pem: string, kind: 'private' | 'public', read: (pem: string) => KeyObject): KeyObject {
  let key: KeyObject | undefined
  try {
    key = read(pem)
  } catch {
    // Said below, without the key and without OpenSSL's own words for it.
  }
  if (key !== undefined && fits(algorithm, key)) return key
  throw new CountersignError(
    `${kind}-key-malformed`,
    `The ${kind} key is not a key for ${algorithm} in PEM: it begins with -----BEGIN ${kind.toUpperCase()} KEY-----${algorithm.startsWith('rsa') ? ` or -----BEGIN RSA ${kind.toUpperCase()} KEY-----` : ''}.`,
  )
}

function fits(algorithm: KeyPairAlgorithm, { asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean {
  if (algorithm === 'ed25519') return asymmetricKeyType === 'ed25519'
  if (algorithm === 'rsa-pss-sha512') return asymmetricKeyType === 'rsa' || asymmetricKeyType === 'rsa-pss'
  if (algorithm.startsWith('rsa')) return asymmetricKeyType === 'rsa'
  return asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === CURVES[algorithm]
}
