import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { messageBytes } from '../wire/message.ts'
import type { Digest } from './algorithm.ts'
import { createHmacSigner, leftInScratch, SCRATCH_BYTES } from './hmac.ts'

const digests: Digest[] = ['sha1', 'sha256', 'sha384', 'sha512']

describe('createHmacSigner', () => {
  it.each(digests)('%s gives what createHmac gives, for any secret and any message', digest => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 200 }),
        fc.string({ unit: 'binary', maxLength: 300 }),
        fc.oneof(fc.constant(undefined), fc.string({ unit: 'binary', maxLength: 300 }), fc.uint8Array({ maxLength: 300 })),
        fc.string({ maxLength: 20 }),
        (secret, before, body, after) => {
          const message = { before, body, after }
          const expected = createHmac(digest, secret).update(messageBytes(message))
          expect(createHmacSigner(digest, secret, 'hex')(message)).toBe(expected.digest('hex'))
        },
      ),
      { seed: 14, numRuns: 300 },
    )
  })

  it('agrees on both sides of the size up to which a message is put together', () => {
    const secret = Buffer.alloc(32, 7)
    for (const length of [0, 1, 5_000, SCRATCH_BYTES / 3 - 70, SCRATCH_BYTES / 3 + 1, SCRATCH_BYTES, SCRATCH_BYTES + 1, 1_000_000]) {
      const text = 'é'.repeat(Math.floor(length / 2))
      for (const body of [text, Buffer.from(text)]) {
        const message = { before: 'GET', body, after: 'x' }
        expect(createHmacSigner('sha256', secret, 'base64url')(message)).toBe(
          createHmac('sha256', secret).update(messageBytes(message)).digest('base64url'),
        )
      }
    }
  })

  it('keeps the keys of several signers apart', () => {
    const a = createHmacSigner('sha256', Buffer.alloc(20, 1), 'hex')
    const b = createHmacSigner('sha256', Buffer.alloc(20, 2), 'hex')
    const message = { before: 'm', body: undefined, after: '' }
    const first = a(message)
    expect(b(message)).not.toBe(first)
    expect(a(message)).toBe(first)
  })

  it.each(digests)('%s reads a secret as long as a block, and one byte around it', digest => {
    for (const length of [63, 64, 65, 127, 128, 129]) {
      const secret = Buffer.alloc(length, length)
      const message = { before: 'm', body: undefined, after: '' }
      expect(createHmacSigner(digest, secret, 'hex')(message)).toBe(createHmac(digest, secret).update('m').digest('hex'))
    }
  })

  it('leaves neither key nor message in memory', () => {
    const sign = createHmacSigner('sha256', Buffer.alloc(60, 0x55), 'hex')
    for (const body of ['short', 'x'.repeat(3000), Buffer.alloc(500, 1)]) sign({ before: 'GET/', body, after: '' })
    expect(leftInScratch()).toHaveLength(0)
  })
})
