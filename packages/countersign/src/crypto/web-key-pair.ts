import { CountersignError } from '../contract/error.ts'
import { messageBytes } from '../wire/message.ts'
import { algorithmFacts, type KeyPairAlgorithm } from './algorithm.ts'
import { checkRsa, createReducer } from './modulus.ts'
import { malformedKey, readPem } from './pem.ts'
import type { SignBytes, VerifyMessage } from './provider.ts'
import { signatureBytes } from './signature-bytes.ts'
import { digestName, fixed } from './web-arguments.ts'

interface Names {
  /** For `importKey`. */
  readonly key: RsaHashedImportParams | EcKeyImportParams | Algorithm
  /** For `sign` and `verify`. */
  readonly use: RsaPssParams | EcdsaParams | Algorithm
}

const SALT_BYTES = 64

function namesOf(algorithm: KeyPairAlgorithm): Names {
  const hash = digestName(algorithmFacts(algorithm).digest)
  switch (algorithm) {
    case 'rsa-v1_5-sha256':
    case 'rsa-v1_5-sha512':
      return { key: { name: 'RSASSA-PKCS1-v1_5', hash }, use: { name: 'RSASSA-PKCS1-v1_5' } }
    case 'rsa-pss-sha512':
      return { key: { name: 'RSA-PSS', hash }, use: { name: 'RSA-PSS', saltLength: SALT_BYTES } }
    case 'ecdsa-p256-sha256':
      return { key: { name: 'ECDSA', namedCurve: 'P-256' }, use: { name: 'ECDSA', hash } }
    case 'ecdsa-p384-sha384':
      return { key: { name: 'ECDSA', namedCurve: 'P-384' }, use: { name: 'ECDSA', hash } }
    case 'ed25519':
      return { key: { name: 'Ed25519' }, use: { name: 'Ed25519' } }
  }
}

export function createKeyPairSigner(algorithm: KeyPairAlgorithm, pem: string): SignBytes {
  const { use } = namesOf(algorithm)
  const keyOf = importer(algorithm, readPem(algorithm, pem, 'private'), 'private')
  return async message => {
    const key = await keyOf()
    return new Uint8Array(await platform().sign(use, key, fixed(messageBytes(message))))
  }
}

export function createKeyPairVerifier(algorithm: KeyPairAlgorithm, pem: string): VerifyMessage {
  const { use } = namesOf(algorithm)
  const der = readPem(algorithm, pem, 'public')
  const keyOf = importer(algorithm, der, 'public')
  const reduce = algorithm.startsWith('rsa') ? createReducer(der) : undefined
  return async (message, given) => {
    const key = await keyOf()
    if (given.length !== signatureBytes(algorithm, modulusOf(key))) return false
    const { signature, isInRange } = reduce?.(given) ?? { signature: given, isInRange: true }
    return (await platform().verify(use, key, fixed(signature), fixed(messageBytes(message)))) && isInRange
  }
}

/** Imports a key once. */
function importer(algorithm: KeyPairAlgorithm, der: Uint8Array<ArrayBuffer>, kind: 'private' | 'public'): () => Promise<CryptoKey> {
  let imported: Promise<CryptoKey> | undefined
  return () => {
    imported ??= importKey(algorithm, der, kind)
    return imported
  }
}

async function importKey(algorithm: KeyPairAlgorithm, der: Uint8Array<ArrayBuffer>, kind: 'private' | 'public'): Promise<CryptoKey> {
  const [format, usage] = kind === 'private' ? (['pkcs8', 'sign'] as const) : (['spki', 'verify'] as const)
  const key = await platform()
    .importKey(format, der, namesOf(algorithm).key, false, [usage])
    .catch(error => {
      // An algorithm that the platform does not have is not the key's fault.
      throw error instanceof DOMException && error.name === 'NotSupportedError' ? error : malformedKey(algorithm, kind)
    })
  checkRsa(modulusOf(key), 'publicExponent' in key.algorithm ? (key.algorithm.publicExponent as Uint8Array) : undefined, kind)
  return key
}

function modulusOf({ algorithm }: CryptoKey): number | undefined {
  return 'modulusLength' in algorithm ? Number(algorithm.modulusLength) : undefined
}

function platform(): SubtleCrypto {
  return globalThis.crypto.subtle ?? noWebCrypto()
}

/**
 * Stands here because this piece is loaded only where it is needed.
 *
 * @throws CountersignError `no-web-crypto`
 */
export function noWebCrypto(): never {
  throw new CountersignError(
    'no-web-crypto',
    'There is no WebCrypto here: browsers have it in a secure context only, so open the page over https or on localhost.',
  )
}
