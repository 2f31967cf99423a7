import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type RedisReplayGuard, type RedisReplayGuardOptions, redisReplayGuard } from '../src/index.ts'
import { hasRedis, startRedis, startRedisCluster, type TestRedis } from './redis.ts'

describe.skipIf(!hasRedis)('redisReplayGuard (needs redis-server)', () => {
  let redis: TestRedis
  const guards: RedisReplayGuard[] = []
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterEach(async () => {
    await Promise.all(guards.splice(0).map(guard => guard.close()))
  })
  afterAll(() => redis.close())

  async function open(options: Partial<RedisReplayGuardOptions> = {}): Promise<RedisReplayGuard> {
    const guard = redisReplayGuard({ redis: redis.url, skewMs: 0, ...options })
    guards.push(guard)
    await expect
      .poll(
        () =>
          guard.ping().then(
            () => true,
            () => false,
          ),
        // The nodes of a cluster take a while to agree.
        { timeout: 10_000 },
      )
      .toBe(true)
    return guard
  }
  /** The end of a call that is signed a moment from now, after the guard's memory began. */
  const soon = (): number => Date.now() + 301_000

  it('lets one of many through, whichever process they reach', async () => {
    const [one, two] = [await open(), await open()]
    for (let round = 0; round < 50; round++) {
      const claims = await Promise.all(Array.from({ length: 20 }, (_, at) => (at % 2 === 0 ? one : two).claim(`call ${round}`, soon())))
      expect(claims.filter(claim => claim === 'fresh')).toHaveLength(1)
      expect(claims.filter(claim => claim === 'seen')).toHaveLength(19)
    }
  })

  it('forgets a call when it is too old anyway', async () => {
    const guard = await open({ toleranceMs: 1, prefix: 'short' })
    expect(await guard.claim('x', Date.now() + 500)).toBe('fresh')
    expect(await guard.claim('x', Date.now() + 500)).toBe('seen')
    await expect.poll(() => guard.claim('x', Date.now() + 500), { interval: 50, timeout: 5000 }).toBe('fresh')
  })

  it('refuses while Redis is away, and works again by itself', async () => {
    const guard = await open()
    expect(await guard.claim('before', soon())).toBe('fresh')
    await redis.stop()
    await expect(Promise.resolve(guard.claim('meanwhile', soon()))).rejects.toThrow()
    await redis.start()
    await expect.poll(() => Promise.resolve(guard.claim('after', soon())).catch(() => 'away'), { timeout: 5000 }).toBe('fresh')
    // What was written down is remembered.
    expect(await guard.claim('before', soon())).toBe('seen')
  })

  it('refuses what was signed before Redis lost its memory, for it may have been seen', async () => {
    const guard = await open()
    const end = soon()
    expect(await guard.claim('lost', end)).toBe('fresh')
    await redis.stop()
    await redis.start({ isEmpty: true })
    await expect.poll(() => Promise.resolve(guard.claim('lost', end - 2000)).catch(() => 'away'), { timeout: 5000 }).toBe('full')
    expect(await guard.claim('new', Date.now() + 310_000)).toBe('fresh')
  })

  it('works on a cluster, whose nodes share the calls', { timeout: 60_000 }, async () => {
    const cluster = await startRedisCluster()
    try {
      const [one, two] = [await open({ redis: cluster.nodes }), await open({ redis: cluster.nodes })]
      await expect.poll(() => Promise.resolve(one.claim('first', soon())).catch(() => 'away'), { timeout: 10_000 }).not.toBe('away')
      for (let round = 0; round < 200; round++) {
        const claims = await Promise.all([one, two, one, two].map(guard => guard.claim(`call ${round}`, soon())))
        expect(claims.sort()).toEqual(['fresh', 'seen', 'seen', 'seen'])
      }
      const sizes = await Promise.all(
        cluster.nodes.map(async node => {
          const client = new Redis(node)
          const size = await client.dbsize()
          client.disconnect()
          return size
        }),
      )
      expect(Math.min(...sizes)).toBeGreaterThan(30)
    } finally {
      await Promise.all(guards.splice(0).map(guard => guard.close()))
      await cluster.close()
    }
  })
})
