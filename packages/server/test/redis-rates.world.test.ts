import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { memoryRates } from '../src/gateway/rates/memory-rates.ts'
import type { RateLimiter } from '../src/gateway/rates/rate.ts'
import { redisRates } from '../src/gateway/rates/redis-rates.ts'
import { type OpenRedis, openRedis } from '../src/redis/open-redis.ts'
import { hasRedis, startRedis, type TestRedis } from './redis.ts'

describe.skipIf(!hasRedis)('rates in Redis (needs redis-server)', () => {
  let redis: TestRedis
  const opened: OpenRedis[] = []
  const errors: unknown[] = []
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(async () => {
    await Promise.all(opened.map(one => one.close()))
    await redis?.close()
  })
  async function process(): Promise<RateLimiter> {
    const one = openRedis(redis.url, { timeoutMs: 500 })
    opened.push(one)
    await one.check(5_000)
    return redisRates({ redis: one, prefix: 'test', meanwhile: memoryRates(() => 0), onError: error => errors.push(error) })
  }

  it('are shared by processes, and come back by the clock of Redis', async () => {
    const [one, two] = [await process(), await process()]
    const rate = { quota: 20, windowSeconds: 3_600 }
    const taken = await Promise.all(Array.from({ length: 60 }, (_, index) => (index % 2 === 0 ? one : two).take('shared', rate)))
    expect(taken.filter(({ isAllowed }) => isAllowed)).toHaveLength(20)
    expect(taken.find(({ isAllowed }) => !isAllowed)).toMatchObject({ remaining: 0, retryAfterSeconds: 180 })
    const quick = { quota: 1, windowSeconds: 1 }
    expect(await one.take('quick', quick)).toMatchObject({ isAllowed: true, remaining: 0, resetSeconds: 1 })
    await expect.poll(async () => (await two.take('quick', quick)).isAllowed, { timeout: 10_000, interval: 50 }).toBe(true)
    expect(errors).toEqual([])
  })

  it('are those of the settings of now: what another rate had used up does not hold the key back', async () => {
    const one = process()
    for (const limiter of [await one, memoryRates()]) {
      const [before, now] = [
        { quota: 3, windowSeconds: 86_400 },
        { quota: 1_000, windowSeconds: 60 },
      ]
      for (let count = 0; count < 4; count++) await limiter.take('raised', before)
      expect(await limiter.take('raised', before)).toMatchObject({ isAllowed: false })
      expect(await limiter.take('raised', now)).toMatchObject({ isAllowed: true, remaining: 999 })
    }
  })

  it('are counted by each process while Redis is away, and told of', async () => {
    const one = await process()
    const rate = { quota: 2, windowSeconds: 3_600 }
    await one.take('away', rate)
    await redis.close()
    const taken = [await one.take('away', rate), await one.take('away', rate), await one.take('away', rate)]
    expect(taken.map(({ isAllowed }) => isAllowed)).toEqual([true, true, false])
    expect(errors.length).toBeGreaterThan(0)
  })
})
