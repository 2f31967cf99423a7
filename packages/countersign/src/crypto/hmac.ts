import * as nodeCrypto from 'node:crypto'
import { type Message, messageBytes } from '../wire/message.ts'
import type { Digest } from './algorithm.ts'
import { BLOCK_BYTES, DIGEST_BYTES } from './digest-bytes.ts'

/** How `node:crypto` writes bytes as text by itself. */
export type NativeEncoding = 'hex' | 'base64' | 'base64url'

/**
 * Messages up to about this many bytes are put together in one piece of memory; longer ones are fed to `createHmac`.
 */
export const SCRATCH_BYTES = 16_384

/** One for all keys, since nothing waits between its filling and its wiping; made with the first key. */
let scratch: Buffer | undefined

/** The first bytes of it, by number: looking at memory another way costs more than writing a short message there. */
const beginnings: Buffer[] = []
const LONGEST_KEPT = 1024

/** What is left in the memory, for the test that nothing is. */
export function leftInScratch(): Uint8Array | undefined {
  return scratch?.filter(byte => byte !== 0)
}

/**
 * Makes the function that signs with one secret: HMAC as RFC 2104 defines it, `H(K ⊕ opad ‖ H(K ⊕ ipad ‖ message))`,
 * with two calls of the platform's one-shot hash. That takes about half the time of `createHmac`, which builds a stream
 * for every message. Where there is no one-shot hash (it came with Node 20.12), and for long messages, it is
 * `createHmac`.
 */
export function createHmacSigner(digest: Digest, secret: Uint8Array, encoding: NativeEncoding): (message: Message) => string {
  const key = nodeCrypto.createSecretKey(secret)
  const { hash } = nodeCrypto
  if (typeof hash !== 'function') return message => signAsStream(digest, key, message, encoding)
  const block = BLOCK_BYTES[digest]
  const whole = secret.length > block ? nodeCrypto.createHash(digest).update(secret).digest() : secret
  const inner = Buffer.alloc(block, 0x36)
  const outer = Buffer.alloc(block + DIGEST_BYTES[digest], 0x5c)
  for (const [index, byte] of whole.entries()) {
    inner[index] = byte ^ 0x36
    outer[index] = byte ^ 0x5c
  }
  scratch ??= Buffer.alloc(SCRATCH_BYTES)
  const memory = scratch
  return message => {
    const { before, body, after } = message
    const text = body === undefined || typeof body === 'string' ? before + (body ?? '') + after : undefined
    // A character of a string takes at most three bytes of UTF-8.
    const most = text === undefined ? (before.length + after.length) * 3 + (body?.length ?? 0) : text.length * 3
    if (block + most > SCRATCH_BYTES) return signAsStream(digest, key, message, encoding)
    memory.set(inner)
    let end = block
    if (text !== undefined) end += memory.write(text, end)
    else {
      end += memory.write(before, end)
      if (body instanceof Uint8Array) memory.set(body, end)
      end += body?.length ?? 0
      end += memory.write(after, end)
    }
    const filled = beginnings[end] ?? memory.subarray(0, end)
    if (end <= LONGEST_KEPT) beginnings[end] = filled
    outer.write(hash(digest, filled, 'binary'), block, 'binary')
    // The key and the message don't stay behind.
    memory.fill(0, 0, end)
    return hash(digest, outer, encoding)
  }
}

function signAsStream(digest: Digest, key: nodeCrypto.KeyObject, message: Message, encoding: NativeEncoding): string {
  return nodeCrypto.createHmac(digest, key).update(messageBytes(message)).digest(encoding)
}
