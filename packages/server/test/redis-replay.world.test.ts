import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ReplayAnswer } from 'countersign'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type RedisReplayGuard, type RedisReplayGuardOptions, redisReplayGuard } from '../src/replay/redis.ts'
import { hasRedis, startRedis, startRedisCluster, type TestRedis } from './redis.ts'

function claim(guard: RedisReplayGuard, id: string, expiresAtMs: number, issuedAtMs?: number): Promise<ReplayAnswer> {
  return Promise.resolve(guard.claim({ id, keyId: 'key', expiresAtMs, issuedAtMs }))
}

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
      const claims = await Promise.all(Array.from({ length: 20 }, (_, at) => claim(at % 2 === 0 ? one : two, `call ${round}`, soon())))
      expect(claims.filter(claim => claim === 'fresh')).toHaveLength(1)
      expect(claims.filter(claim => claim === 'seen')).toHaveLength(19)
    }
  })

  it('forgets a call when it is too old anyway', async () => {
    const guard = await open({ prefix: 'short' })
    const later = () => claim(guard, 'x', Date.now() + 500, Date.now() + 499)
    expect(await later()).toBe('fresh')
    expect(await later()).toBe('seen')
    await expect.poll(later, { interval: 50, timeout: 5000 }).toBe('fresh')
  })

  it('refuses a call whose end has passed, however often it is claimed', async () => {
    const guard = await open({ prefix: 'ended' })
    for (let round = 0; round < 3; round++) expect(await claim(guard, 'late', Date.now() - 1)).toBe('ended')
    const end = Date.now() + 300
    expect(await claim(guard, 'x', end, end - 1)).toBe('fresh')
    expect(await claim(guard, 'x', end, end - 1)).toBe('seen')
    await expect.poll(() => claim(guard, 'x', end, end - 1), { interval: 50, timeout: 5000 }).toBe('ended')
    expect(await claim(guard, 'x', end)).toBe('ended')
  })

  it('goes by the clock that is ahead, its own or that of Redis', async () => {
    const hour = 3_600_000
    const ahead = await open({ prefix: 'clocks', clock: () => Date.now() + hour })
    const behind = await open({ prefix: 'clocks', clock: () => Date.now() - hour })
    expect(await claim(ahead, 'x', soon())).toBe('ended')
    expect(await claim(behind, 'x', Date.now() - 1000)).toBe('ended')
    // Remembered until the end by the clock of Redis, also for a process whose own clock is near the end.
    const late = await open({ prefix: 'clocks', clock: () => Date.now() + hour })
    const end = Date.now() + hour + 50
    expect(await claim(late, 'y', end)).toBe('fresh')
    await sleep(200)
    expect(await claim(behind, 'y', end)).toBe('seen')
  })

  it('never lets a call pass twice, whenever it is claimed', async () => {
    const guard = await open({ prefix: 'twice' })
    const ends = Array.from({ length: 40 }, (_, at) => Date.now() + 50 + at * 10)
    const fresh = new Map<number, number>()
    const until = Date.now() + 900
    while (Date.now() < until) {
      const claims = await Promise.all(ends.map(end => claim(guard, `call ${end}`, end, end - 1)))
      claims.forEach((claim, at) => {
        if (claim === 'fresh') fresh.set(at, (fresh.get(at) ?? 0) + 1)
      })
    }
    expect([...fresh.values()].every(count => count === 1)).toBe(true)
    expect(fresh.size).toBe(40)
  })

  /** As a verifier with such a window asks. */
  function claimWithin(guard: RedisReplayGuard, windowMs: number, id: string, issuedAtMs: number): Promise<ReplayAnswer> {
    return Promise.resolve(guard.claim({ id, keyId: 'key', issuedAtMs, expiresAtMs: issuedAtMs + windowMs, windowMs }))
  }
  const MINUTE = 60_000
  /** Their calls are in one bucket, and so under one note. */
  function idsOfOneBucket(): () => string {
    const bucketOf = (id: string) => (createHash('sha256').update(id).digest()[0] ?? 0) % 64
    let at = 0
    return () => {
      do at++
      while (bucketOf(`call ${at}`) !== 7)
      return `call ${at}`
    }
  }

  it('takes no call again that it forgot before the window became longer', async () => {
    const [before, after] = [await open({ prefix: 'longer' }), await open({ prefix: 'longer' })]
    await sleep(2)
    const signed = Date.now()
    expect(await claimWithin(before, 200, 'call', signed)).toBe('fresh')
    await expect.poll(() => claimWithin(before, 200, 'call', signed), { interval: 20, timeout: 5000 }).toBe('ended')
    // In every bucket, also in those that no claim has reached so far.
    for (let at = 0; at < 200; at++) expect(await claimWithin(after, MINUTE, `raises ${at}`, Date.now())).toBe('fresh')
    expect(await claimWithin(after, MINUTE, 'call', signed)).toBe('unsure')
    expect(await claimWithin(after, 2 * MINUTE, 'call', signed)).toBe('unsure')
  })

  it('takes no call again whose client was further ahead than the window before, where the window became longer twice', async () => {
    const guard = await open({ prefix: 'longer twice' })
    await sleep(2)
    const next = idsOfOneBucket()
    expect(await claimWithin(guard, 50, next(), Date.now())).toBe('fresh')
    const [call, signed] = [next(), Date.now() + 400]
    expect(await claimWithin(guard, 500, call, signed)).toBe('fresh')
    expect(await claimWithin(guard, MINUTE, next(), Date.now())).toBe('fresh')
    await expect.poll(() => claimWithin(guard, 500, call, signed), { interval: 20, timeout: 5000 }).toBe('ended')
    expect(await claimWithin(guard, MINUTE, call, signed)).toBe('unsure')
  })

  it('is in doubt of no call any more once all that was claimed before is over for the longer window, too', async () => {
    const guard = await open({ prefix: 'longer for good' })
    const next = idsOfOneBucket()
    await sleep(2)
    expect(await claimWithin(guard, 50, next(), Date.now())).toBe('fresh')
    await sleep(300)
    const old = () => claimWithin(guard, 400, next(), Date.now() - 100)
    expect(await claimWithin(guard, 400, next(), Date.now())).toBe('fresh')
    expect(await old()).toBe('unsure')
    await expect.poll(old, { interval: 20, timeout: 5000 }).toBe('fresh')
  })

  it('remembers calls for the longest window of the verifiers that ask', async () => {
    const guard = await open({ prefix: 'both' })
    await sleep(2)
    // One bucket, whose note has the longest window.
    const id = 'call'
    await claimWithin(guard, MINUTE, id, Date.now() + 1)
    const client = new Redis(redis.url)
    try {
      const [call] = (await client.keys('both:{*')).filter(key => !key.endsWith('history'))
      await client.del(call ?? '')
      expect(await claimWithin(guard, 100, id, Date.now() + 1)).toBe('fresh')
      expect(await client.pttl(call ?? '')).toBeGreaterThan(MINUTE / 2)
      // A call that says itself when it ends is kept until then only.
      await client.del(call ?? '')
      const now = Date.now() + 1
      expect(await guard.claim({ id, keyId: 'key', issuedAtMs: now, expiresAtMs: now + 900, windowMs: MINUTE })).toBe('fresh')
      expect(await client.pttl(call ?? '')).toBeLessThan(2000)
    } finally {
      client.disconnect()
    }
  })

  it('refuses while Redis is away, and works again by itself', async () => {
    const guard = await open()
    expect(await claim(guard, 'before', soon())).toBe('fresh')
    const signedBefore = Date.now() + 300_000
    await redis.stop()
    await expect(claim(guard, 'meanwhile', soon())).rejects.toThrow()
    await redis.start()
    await expect.poll(() => claim(guard, 'after', soon()).catch(() => 'away'), { timeout: 5000 }).toBe('fresh')
    // What was written down is remembered. The rest may have been taken in a second that was not.
    expect(await claim(guard, 'before', soon())).toBe('seen')
    expect(await claim(guard, 'before', signedBefore)).toBe('seen')
    expect(await claim(guard, 'not before', signedBefore)).toBe('unsure')
  })

  it('refuses what was signed before Redis lost its memory, for it may have been seen', async () => {
    const guard = await open()
    const end = soon()
    expect(await claim(guard, 'lost', end)).toBe('fresh')
    await redis.stop()
    await redis.start({ isEmpty: true })
    await expect.poll(() => claim(guard, 'lost', end - 2000).catch(() => 'away'), { timeout: 5000 }).toBe('unsure')
    expect(await claim(guard, 'new', Date.now() + 310_000)).toBe('fresh')
    // A presigned call holds for a week, so its end says nothing of when it was signed.
    expect(await claim(guard, 'presigned', Date.now() + 604_800_000, Date.now() - 60_000)).toBe('unsure')
    expect(await claim(guard, 'presigned later', Date.now() + 604_800_000, Date.now() + 10_000)).toBe('fresh')
  })

  it('is full over the memory that Redis may take, and not away', async () => {
    const guard = await open({ prefix: 'full' })
    const client = new Redis(redis.url)
    try {
      expect(await claim(guard, 'before', soon())).toBe('fresh')
      await client.config('SET', 'maxmemory', '1')
      await client.config('SET', 'maxmemory-policy', 'noeviction')
      expect(await claim(guard, 'meanwhile', soon())).toBe('full')
      await client.config('SET', 'maxmemory', '0')
      expect([await claim(guard, 'before', soon()), await claim(guard, 'meanwhile', soon())]).toEqual(['seen', 'fresh'])
    } finally {
      await client.config('SET', 'maxmemory', '0')
      client.disconnect()
    }
  })

  it('remembers a nonce without a time for as long as it is told', async () => {
    const guard = await open({ prefix: 'nonce', nonceLifetimeMs: 200 })
    expect(await claim(guard, 'n', Number.POSITIVE_INFINITY)).toBe('fresh')
    expect(await claim(guard, 'n', Number.POSITIVE_INFINITY)).toBe('seen')
    await expect.poll(() => claim(guard, 'n', Number.POSITIVE_INFINITY), { interval: 20, timeout: 5000 }).toBe('fresh')
  })

  it('works on a cluster, whose nodes share the calls', { timeout: 60_000 }, async () => {
    const cluster = await startRedisCluster()
    try {
      const [one, two] = [
        await open({ redis: cluster.nodes.map(({ url }) => url) }),
        await open({ redis: cluster.nodes.map(({ url }) => url) }),
      ]
      await expect.poll(() => claim(one, 'first', soon()).catch(() => 'away'), { timeout: 10_000 }).not.toBe('away')
      for (let round = 0; round < 200; round++) {
        const claims = await Promise.all([one, two, one, two].map(guard => claim(guard, `call ${round}`, soon())))
        expect(claims.sort()).toEqual(['fresh', 'seen', 'seen', 'seen'])
      }
      const sizes = await Promise.all(cluster.nodes.map(async node => Number(await node.say('DBSIZE'))))
      expect(Math.min(...sizes)).toBeGreaterThan(30)
    } finally {
      await Promise.all(guards.splice(0).map(guard => guard.close()))
      await cluster.close()
    }
  })
})
