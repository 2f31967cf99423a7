import { encode, utf8 } from '../wire/encoding.ts'
import { type Message, messageBytes } from '../wire/message.ts'
import type { Digest } from './algorithm.ts'
import type { CryptoProvider } from './provider.ts'
import { digestName, fixed, once } from './web-arguments.ts'

/** WebCrypto: browsers, workers, edge runtimes. Everything is a promise; keys are imported once. */
export const crypto: CryptoProvider = {
  synchronous: false,

  hash,

  async hashText(digest, message, encoding) {
    return encode(await hash(digest, message), encoding)
  },

  hmac(digest, secret, encoding) {
    const { subtle } = globalThis.crypto
    const importKey = once(() => subtle.importKey('raw', fixed(secret), { name: 'HMAC', hash: digestName(digest) }, false, ['sign']))
    return async message => encode(new Uint8Array(await subtle.sign('HMAC', await importKey(), fixed(messageBytes(message)))), encoding)
  },

  keyPairSign: (algorithm, pem) => keyPair(({ createKeyPairSigner }) => createKeyPairSigner(algorithm, pem)),
  keyPairVerify: (algorithm, pem) => keyPair(({ createKeyPairVerifier }) => createKeyPairVerifier(algorithm, pem)),
  utf8,

  equal(a, b) {
    if (a.length !== b.length) return false
    let difference = 0
    for (let index = 0; index < a.length; index++) difference |= a.charCodeAt(index) ^ b.charCodeAt(index)
    return difference === 0
  },
}

async function hash(digest: Digest, message: Message): Promise<Uint8Array> {
  return new Uint8Array(await globalThis.crypto.subtle.digest(digestName(digest), fixed(messageBytes(message))))
}

/** Key pairs come in a piece of their own, so that whoever signs with a secret need not carry them. */
function keyPair<A extends readonly unknown[], R>(
  make: (pairs: typeof import('./web-key-pair.ts')) => (...call: A) => R | Promise<R>,
): (...call: A) => Promise<R> {
  const load = once(async () => make(await import('./web-key-pair.ts')))
  return async (...call) => (await load())(...call)
}
