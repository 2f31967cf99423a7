import type { Digest } from '../algorithm.ts'
import { encode, utf8 } from '../encoding.ts'
import { messageBytes } from '../message.ts'
import { readPem } from './pem.ts'
import type { CryptoProvider } from './provider.ts'

const NAMES: { readonly [D in Digest]: string } = { sha1: 'SHA-1', sha256: 'SHA-256', sha384: 'SHA-384', sha512: 'SHA-512' }

/** WebCrypto: browsers, workers, edge runtimes. Everything is a promise; keys are imported once. */
export const crypto: CryptoProvider = {
  synchronous: false,

  async hash(digest, message) {
    return new Uint8Array(await subtle().digest(NAMES[digest], fixed(messageBytes(message))))
  },

  hmac(digest, secret, encoding) {
    const importKey = once(() => subtle().importKey('raw', fixed(secret), { name: 'HMAC', hash: NAMES[digest] }, false, ['sign']))
    return async message => encode(new Uint8Array(await subtle().sign('HMAC', await importKey(), fixed(messageBytes(message)))), encoding)
  },

  rsaSign(digest, pem, encoding) {
    const der = readPem(pem, 'private')
    const importKey = once(() => subtle().importKey('pkcs8', der, { name: 'RSASSA-PKCS1-v1_5', hash: NAMES[digest] }, false, ['sign']))
    return async message =>
      encode(new Uint8Array(await subtle().sign('RSASSA-PKCS1-v1_5', await importKey(), fixed(messageBytes(message)))), encoding)
  },

  rsaVerify(digest, pem) {
    const der = readPem(pem, 'public')
    const importKey = once(() => subtle().importKey('spki', der, { name: 'RSASSA-PKCS1-v1_5', hash: NAMES[digest] }, false, ['verify']))
    return async (message, signature) =>
      subtle().verify('RSASSA-PKCS1-v1_5', await importKey(), fixed(signature), fixed(messageBytes(message)))
  },

  utf8,

  equal(a, b) {
    if (a.length !== b.length) return false
    let difference = 0
    for (let index = 0; index < a.length; index++) difference |= a.charCodeAt(index) ^ b.charCodeAt(index)
    return difference === 0
  },
}

function subtle(): SubtleCrypto {
  return globalThis.crypto.subtle
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make()
    return made
  }
}

/** WebCrypto's types want bytes that are known not to be shared memory. */
function fixed(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : Uint8Array.from(bytes)
}
