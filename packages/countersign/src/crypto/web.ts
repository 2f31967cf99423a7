import type { Digest } from '../algorithm.ts'
import { encode, utf8 } from '../encoding.ts'
import { type Message, messageBytes } from '../message.ts'
import type { CryptoProvider } from './provider.ts'

/** As WebCrypto has it: `SHA-256`. */
export function digestName(digest: Digest): string {
  return digest.replace('sha', 'SHA-')
}

/** WebCrypto: browsers, workers, edge runtimes. Everything is a promise; keys are imported once. */
export const crypto: CryptoProvider = {
  synchronous: false,

  hash,
  hashText: async (digest, message, encoding) => encode(await hash(digest, message), encoding),

  hmac: (digest, secret, encoding) =>
    later(async () => {
      const platform = await subtle()
      const key = await platform.importKey('raw', fixed(secret), { name: 'HMAC', hash: digestName(digest) }, false, ['sign'])
      return async message => encode(new Uint8Array(await platform.sign('HMAC', key, fixed(messageBytes(message)))), encoding)
    }),

  // Key pairs come in a piece of their own, so that whoever signs with a secret need not carry them.
  keyPairSign: (algorithm, pem) => later(async () => (await import('./web-key-pair.ts')).createKeyPairSigner(algorithm, pem)),
  keyPairVerify: (algorithm, pem) => later(async () => (await import('./web-key-pair.ts')).createKeyPairVerifier(algorithm, pem)),
  utf8,

  equal(a, b) {
    if (a.length !== b.length) return false
    let difference = 0
    for (let index = 0; index < a.length; index++) difference |= a.charCodeAt(index) ^ b.charCodeAt(index)
    return difference === 0
  },
}

async function hash(digest: Digest, message: Message): Promise<Uint8Array> {
  return new Uint8Array(await (await subtle()).digest(digestName(digest), fixed(messageBytes(message))))
}

/** Browsers have none in a page that came over http; the sentence for that comes with the piece for key pairs. */
export async function subtle(): Promise<SubtleCrypto> {
  return globalThis.crypto.subtle ?? (await import('./web-key-pair.ts')).refuse()
}

/** A function that is made at its first call. */
function later<A extends readonly unknown[], R>(make: () => Promise<(...call: A) => R | Promise<R>>): (...call: A) => Promise<R> {
  let made: ReturnType<typeof make> | undefined
  return async (...call) => {
    made ??= make()
    return (await made)(...call)
  }
}

/** WebCrypto's types want bytes that are known not to be shared memory. */
export function fixed(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : Uint8Array.from(bytes)
}
