import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ServerError } from '../errors.ts'
import type { RedisLook } from './look-at-redis.ts'
import { createTrust, LONGEST_WAIT_MS, LOOK_AGAIN_MS, STALE_MS, type TrustOptions } from './trust.ts'

/** What Redis says of itself: whether it evicts by its settings, answers at all, and how many keys it has evicted. */
interface State {
  policy: string | undefined
  isSilent: boolean
  warning: string | undefined
  evicted: number
}

/** A clock, a Redis, and what the log and the guard were told. */
function begin(options: Partial<TrustOptions> = {}) {
  const redis: State = { policy: undefined, isSilent: false, warning: undefined, evicted: 0 }
  const clock = { ms: 0 }
  const seen = { looks: 0, forgot: 0 }
  const log: string[] = []
  const errorOf = (code: string) => new ServerError(code, 503, `redis: ${code}`)
  const trust = createTrust({
    async look(): Promise<RedisLook> {
      seen.looks++
      if (redis.isSilent) throw errorOf('redis-silent')
      if (redis.policy !== undefined) throw errorOf(redis.policy)
      const warning = redis.warning === undefined ? undefined : errorOf(redis.warning)
      return { warning, evictions: new Map([['node', redis.evicted]]) }
    },
    onError: error => log.push(error instanceof ServerError ? error.code : String(error)),
    warn: ({ code, message }) => log.push(code === 'redis-recovered' ? message : code),
    onEvicted: async () => void seen.forgot++,
    age: () => clock.ms,
    ...options,
  })
  const settled = () => new Promise(resolve => setImmediate(resolve))
  /** What a claim is told. */
  const claim = async (): Promise<string> => {
    const said = await trust.hold().then(
      () => 'goes on',
      (error: unknown) => (error instanceof ServerError ? error.code : String(error)),
    )
    await settled()
    return said
  }
  return { redis, clock, seen, log, trust, claim, settled }
}

const OVER = 'redis: what was wrong with it is over (redis-evicts).'

describe('the trust in Redis', () => {
  it('costs one look a second, however many claims come', async () => {
    const { clock, seen, claim } = begin()
    for (; clock.ms < 10_000; clock.ms += 10) for (let count = 0; count < 5; count++) expect(await claim()).toBe('goes on')
    expect(seen.looks).toBe(10_000 / LOOK_AGAIN_MS)
  })

  it('costs nothing while no claims come, and the first one after that waits for a look', async () => {
    const { redis, clock, seen, claim } = begin()
    expect(await claim()).toBe('goes on')
    clock.ms += 3_600_000
    redis.policy = 'redis-evicts'
    expect(seen.looks).toBe(1)
    expect(await Promise.all([claim(), claim(), claim()])).toEqual(['redis-evicts', 'redis-evicts', 'redis-evicts'])
    expect(seen.looks).toBe(2)
  })

  it.each(['redis-evicts', 'redis-read-only', 'redis-loading'])('ends within a second of %s, and is back when that is over', async code => {
    const { redis, clock, log, claim } = begin()
    const till = async (wanted: string, withinMs: number) => {
      // The claim that begins the look doesn't wait for it.
      const end = clock.ms + withinMs + 10
      while ((await claim()) !== wanted && clock.ms <= end) clock.ms += 10
      expect(clock.ms).toBeLessThanOrEqual(end)
    }
    for (let round = 1; round <= 2; round++) {
      await till('goes on', LONGEST_WAIT_MS)
      redis.policy = code
      await till(code, LOOK_AGAIN_MS)
      for (let count = 0; count < 300; count++, clock.ms += 10) expect(await claim()).toBe(code)
      redis.policy = undefined
      await till('goes on', LONGEST_WAIT_MS)
      const change = [code, OVER.replace('redis-evicts', code)]
      expect(log).toEqual(Array.from({ length: round }, () => change).flat())
    }
  })

  it('tells of a warning once, and of its end, and claims go on', async () => {
    const { redis, clock, log, claim } = begin()
    for (; clock.ms < 30_000; clock.ms += 100) {
      redis.warning = clock.ms >= 5_000 && clock.ms < 20_000 ? 'redis-history-unknown' : undefined
      expect(await claim()).toBe('goes on')
    }
    expect(log).toEqual(['redis-history-unknown', OVER.replace('redis-evicts', 'redis-history-unknown')])
  })

  it('begins anew with each connection, and tells of what that begins with', async () => {
    const { redis, log, trust, claim, settled } = begin()
    redis.policy = 'redis-evicts'
    for (let connection = 0; connection < 3; connection++) {
      trust.connected()
      await settled()
      expect(await claim()).toBe('redis-evicts')
      trust.lost()
    }
    redis.policy = undefined
    trust.connected()
    await settled()
    expect(await claim()).toBe('goes on')
    expect(log).toEqual(['redis-evicts', 'redis-evicts', 'redis-evicts', OVER])
  })

  it('outlasts one look that is late, and no two', async () => {
    const { redis, clock, claim } = begin()
    await claim()
    redis.isSilent = true
    clock.ms += LOOK_AGAIN_MS
    expect([await claim(), await claim()]).toEqual(['goes on', 'goes on'])
    clock.ms = STALE_MS
    expect(await claim()).toBe('redis-silent')
  })

  it('is back after evictions when the memory has begun anew, and not before', async () => {
    let isForgetting = true
    const { redis, clock, log, claim } = begin({
      onEvicted: async () => {
        if (isForgetting) throw new ServerError('redis-silent', 503, 'redis: late')
      },
    })
    await claim()
    redis.evicted = 1
    clock.ms += LOOK_AGAIN_MS
    await claim()
    for (let count = 0; count < 5; count++, clock.ms += LONGEST_WAIT_MS) expect(await claim()).toBe('redis-silent')
    isForgetting = false
    expect(await claim()).toBe('goes on')
    expect(log).toEqual(['redis-evicted'])
  })

  it('never lets a claim go on that comes a look after an eviction, unless the memory has begun anew', async () => {
    const step = fc.record({
      afterMs: fc.integer({ min: 0, max: 3_000 }),
      policy: fc.option(fc.constant('redis-evicts'), { nil: undefined }),
      evicts: fc.nat(2),
      isSilent: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async steps => {
        const { redis, clock, seen, claim } = begin()
        await claim()
        let evictedAt = Number.POSITIVE_INFINITY
        let forgot = 0
        for (const { afterMs, policy, evicts, isSilent } of steps) {
          clock.ms += afterMs
          Object.assign(redis, { policy, isSilent })
          if (evicts > 0) {
            redis.evicted += evicts
            evictedAt = Math.min(evictedAt, clock.ms)
          }
          const said = await claim()
          if (seen.forgot > forgot) evictedAt = Number.POSITIVE_INFINITY
          forgot = seen.forgot
          if (said === 'goes on') expect(clock.ms - evictedAt).not.toBeGreaterThanOrEqual(STALE_MS)
        }
      }),
    )
  })
})
