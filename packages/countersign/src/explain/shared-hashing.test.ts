import { createHash, createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { crypto as node } from '../crypto/node.ts'
import type { CryptoProvider, RunningHash } from '../crypto/provider.ts'
import { crypto as web } from '../crypto/web.ts'
import { type Message, messageBytes } from '../wire/message.ts'
import { createMeter, OVER_BUDGET, WORK_BEFORE_PAUSE_MS } from './meter.ts'
import { piecesOf, SHARED_FROM_BYTES, shareHashing } from './shared-hashing.ts'

const DIGESTS = ['sha1', 'sha256', 'sha384', 'sha512'] as const
const bodies = [0, 1, 1_000, SHARED_FROM_BYTES - 4, SHARED_FROM_BYTES, 1_000_000].map(length => Buffer.alloc(length, 'aé'))

/** Counts what the platform is given to hash by running hashes. */
function counting(fed: number[]): CryptoProvider {
  const count = (hash: RunningHash): RunningHash => ({
    update(bytes) {
      fed.push(bytes.length)
      return count(hash.update(bytes))
    },
    copy: () => count(hash.copy()),
    digest: () => hash.digest(),
  })
  return { ...node, startHash: digest => count(createHash(digest)) }
}

describe('hashing that is shared', () => {
  it.each([
    ['node:crypto', node],
    ['WebCrypto', web],
  ])('gives what the platform gives, whatever the length, the secret and the order: %s', async (_name, provider) => {
    const shared = shareHashing(provider, createMeter({}))
    const messages: Message[] = bodies.flatMap(body => [
      { before: '', body, after: '' },
      { before: 'GET', body, after: '' },
      { before: 'GET', body, after: '\n€' },
      { before: 'POST', body, after: '\n€' },
      { before: 'GET', body: undefined, after: '' },
      { before: 'é'.repeat(40_000), body: 'text'.repeat(20_000), after: '' },
    ])
    for (const digest of DIGESTS) {
      for (const message of [...messages, ...messages]) {
        const bytes = messageBytes(message)
        const hashed = createHash(digest).update(bytes)
        expect(Buffer.from(await shared.hash(digest, message)).toString('hex')).toBe(hashed.copy().digest('hex'))
        expect(await shared.hashText(digest, message, 'base64')).toBe(hashed.copy().digest('base64'))
        const secret = Buffer.alloc(20, 7)
        const behind = await shared.hashPieces(digest, [...piecesOf(message), secret])
        expect(Buffer.from(behind).toString('hex')).toBe(hashed.update(secret).digest('hex'))
      }
      for (const secret of [Buffer.alloc(20, 1), Buffer.alloc(64, 2), Buffer.alloc(128, 3), Buffer.alloc(500, 4)]) {
        const sign = shared.hmac(digest, secret, 'hex')
        for (const message of messages)
          expect(await sign(message)).toBe(createHmac(digest, secret).update(messageBytes(message)).digest('hex'))
      }
    }
  })

  it('hashes a long beginning once, by whatever it is followed', () => {
    const fed: number[] = []
    const shared = shareHashing(counting(fed), createMeter({}))
    const body = Buffer.alloc(1_000_000, 1)
    const sign = shared.hmac('sha256', Buffer.alloc(40, 1), 'hex')
    for (let at = 0; at < 100; at++) sign({ before: 'GET', body, after: `end ${at}` })
    for (let at = 0; at < 100; at++) void shared.hashPieces('sha256', [body, Buffer.from(`secret ${at}`)])
    for (let at = 0; at < 100; at++) void shared.hashText('sha256', { before: '', body, after: '' }, 'hex')
    // Once behind the secret, and once by itself.
    expect(fed.filter(bytes => bytes > 1_000).reduce((sum, bytes) => sum + bytes, 0)).toBe(2_000_000)
  })

  it('keeps to what its meter allows', () => {
    const meter = createMeter({ maxBytes: 3_000_100 })
    const shared = shareHashing(node, meter)
    const body = Buffer.alloc(1_000_000, 1)
    const sign = (before: string): unknown => shared.hmac('sha256', Buffer.alloc(40, 1), 'hex')({ before, body, after: '' })
    const outcomes = Array.from({ length: 5 }, (_, at) => {
      try {
        return typeof sign(`${at}`)
      } catch (thrown) {
        return thrown
      }
    })
    expect(outcomes).toEqual(['string', 'string', OVER_BUDGET, OVER_BUDGET, OVER_BUDGET])
    expect(meter.spentBytes).toBeLessThanOrEqual(3_000_100)
    expect(typeof shared.hash('sha256', { before: 'short', body: undefined, after: '' })).toBe('object')
    meter.lift()
    expect(typeof sign('9')).toBe('string')
  })

  it('pauses within a message, by the clock', async () => {
    let now = 0
    let pauses = 0
    let longest = 0
    let since = 0
    const pause = async (): Promise<void> => {
      pauses++
      longest = Math.max(longest, now - since)
      since = now
    }
    const fed: number[] = []
    // A millisecond for each piece that is fed.
    const provider = counting(fed)
    const meter = createMeter({ pause, now: () => now })
    const ticking: CryptoProvider = {
      ...provider,
      startHash: digest => {
        const tick = (hash: RunningHash): RunningHash => ({
          update(bytes) {
            now++
            return tick(hash.update(bytes))
          },
          copy: () => tick(hash.copy()),
          digest: () => hash.digest(),
        })
        return tick(provider.startHash?.(digest) ?? createHash(digest))
      },
    }
    const body = Buffer.alloc(10_485_760, 1)
    const made = await shareHashing(ticking, meter).hashText('sha256', { before: 'x', body, after: '' }, 'hex')
    expect(made).toBe(createHash('sha256').update('x').update(body).digest('hex'))
    expect(pauses).toBeGreaterThan(10)
    expect(longest).toBeLessThanOrEqual(WORK_BEFORE_PAUSE_MS)
  })
})
