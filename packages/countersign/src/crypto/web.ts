import { encode, utf8 } from '../wire/encoding.ts'
import { type Message, messageBytes } from '../wire/message.ts'
import type { Digest } from './algorithm.ts'
import type { CryptoProvider } from './provider.ts'
import { digestName, fixed } from './web-arguments.ts'

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
async function subtle(): Promise<SubtleCrypto> {
  return globalThis.crypto.subtle ?? (await import('./web-key-pair.ts')).noWebCrypto()
}

/** A function that is made at its first call. */
function later<A extends readonly unknown[], R>(make: () => Promise<(...call: A) => R | Promise<R>>): (...call: A) => Promise<R> {
  let made: ReturnType<typeof make> | undefined
  return async (...call) => {
    made ??= make()
    return (await made)(...call)
  }
}
