import { messageBytes } from '../wire/message.ts'
import { algorithmFacts, type KeyPairAlgorithm } from './algorithm.ts'
import { checkModulus, createReducer } from './modulus.ts'
import { readPem } from './pem.ts'
import type { SignBytes, VerifyMessage } from './provider.ts'
import { signatureBytes } from './signature-bytes.ts'
import { digestName, fixed, once } from './web-arguments.ts'

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
  const names = namesOf(algorithm)
  const der = readPem(algorithm, pem, 'private')
  const importKey = once(() => globalThis.crypto.subtle.importKey('pkcs8', der, names.key, false, ['sign']))
  return async message => {
    const key = await importKey()
    checkModulus(modulusOf(key))
    return new Uint8Array(await globalThis.crypto.subtle.sign(names.use, key, fixed(messageBytes(message))))
  }
}

export function createKeyPairVerifier(algorithm: KeyPairAlgorithm, pem: string): VerifyMessage {
  const names = namesOf(algorithm)
  const der = readPem(algorithm, pem, 'public')
  const importKey = once(() => globalThis.crypto.subtle.importKey('spki', der, names.key, false, ['verify']))
  const reduce = algorithm.startsWith('rsa') ? createReducer(der) : undefined
  return async (message, given) => {
    const key = await importKey()
    if (given.length !== signatureBytes(algorithm, modulusOf(key))) return false
    const { signature, isInRange } = reduce?.(given) ?? { signature: given, isInRange: true }
    return (await globalThis.crypto.subtle.verify(names.use, key, fixed(signature), fixed(messageBytes(message)))) && isInRange
  }
}

function modulusOf({ algorithm }: CryptoKey): number | undefined {
  return 'modulusLength' in algorithm ? Number(algorithm.modulusLength) : undefined
}
