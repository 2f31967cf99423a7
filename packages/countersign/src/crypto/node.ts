import { createHash, timingSafeEqual } from 'node:crypto'
import { encode } from '../encoding.ts'
import type { Message } from '../message.ts'
import { createHmacSigner } from './hmac.ts'
import { createKeyPairSigner, createKeyPairVerifier } from './node-key-pair.ts'
import type { CryptoProvider } from './provider.ts'

interface Updatable {
  update(data: string | Uint8Array): unknown
}

/** `node:crypto`: Node, Deno, Bun. */
export const crypto: CryptoProvider = {
  synchronous: true,

  hash(digest, message) {
    const hash = createHash(digest)
    feed(hash, message)
    return hash.digest()
  },

  hmac(digest, secret, encoding) {
    if (encoding === 'hex' || encoding === 'base64' || encoding === 'base64url') return createHmacSigner(digest, secret, encoding)
    const sign = createHmacSigner(digest, secret, 'base64')
    return message => encode(Buffer.from(sign(message), 'base64'), encoding)
  },

  keyPairSign: createKeyPairSigner,
  keyPairVerify: createKeyPairVerifier,

  // Five times faster than TextEncoder for the short texts that are signed.
  utf8: text => Buffer.from(text, 'utf8'),

  equal(a, b) {
    return a.length === b.length && timingSafeEqual(Buffer.from(a, 'latin1'), Buffer.from(b, 'latin1'))
  },
}

function feed(sink: Updatable, { before, body, after }: Message): void {
  if (body === undefined || typeof body === 'string') {
    sink.update(body === undefined ? before : before + body + after)
    return
  }
  if (before !== '') sink.update(before)
  if (body.length > 0) sink.update(body)
  if (after !== '') sink.update(after)
}
