import { createServer as createHttpServer } from 'node:http'
import { createServer, type Server, type Socket } from 'node:net'
import { inspect } from 'node:util'
import type { ReplayAnswer } from 'countersign'
import { Redis } from 'ioredis'
import { afterEach, describe, expect, it } from 'vitest'
import { memoryRates } from '../src/gateway/rates/memory-rates.ts'
import { redisRates } from '../src/gateway/rates/redis-rates.ts'
import { type OpenRedis, openRedis } from '../src/redis/open-redis.ts'
import { type RedisReplayGuard, redisReplayGuard } from '../src/replay/redis.ts'
import { startBalancer } from './balancer.ts'
import { hasRedis, startRedis, startRedisCluster, type TestRedis, until } from './redis.ts'

const TIMEOUT_MS = 500
/** A second, and two for a machine that is busy. */
const BACK_MS = 3_000

/** What happens to Redis, what a claim and a look say of it, and how it ends. */
interface Fault {
  readonly what: string
  /** An answer of the guard, or the codes of the error. */
  readonly claim: ReplayAnswer | readonly string[]
  /** Left out: Redis is ready all the same. */
  readonly ready?: readonly string[]
  begin(redis: TestRedis): Promise<unknown>
  end(redis: TestRedis): Promise<unknown>
}

async function listenInstead(redis: TestRedis, server: Server): Promise<void> {
  await redis.stop()
  const open = new Set<Socket>()
  server.on('connection', (socket: Socket) => open.add(socket))
  await new Promise<void>(resolve => server.listen(redis.port, '127.0.0.1', resolve))
  instead = async () => {
    for (const socket of open) socket.destroy()
    await new Promise(resolve => server.close(resolve))
  }
}
let instead: () => Promise<void> = async () => undefined
async function listenAgain(redis: TestRedis): Promise<void> {
  await instead()
  await redis.start()
}

/** Who is connected stays so, unless the connection is closed. */
async function setPassword(redis: TestRedis, password: string): Promise<void> {
  const client = new Redis(redis.url)
  await client.call('CONFIG', 'SET', 'requirepass', password)
  await client.call('CLIENT', 'KILL', 'TYPE', 'normal')
  client.disconnect()
}

const FAULTS: readonly Fault[] = [
  {
    what: 'it is killed',
    claim: ['redis-away'],
    ready: ['redis-away'],
    begin: redis => redis.stop(),
    end: redis => redis.start(),
  },
  {
    what: 'it hangs',
    claim: ['redis-silent', 'redis-away'],
    ready: ['redis-silent', 'redis-away'],
    begin: async redis => redis.hang(),
    end: async redis => redis.goOn(),
  },
  {
    what: 'it has no memory left',
    claim: 'full',
    begin: redis => redis.say('CONFIG', 'SET', 'maxmemory', '1'),
    end: redis => redis.say('CONFIG', 'SET', 'maxmemory', '0'),
  },
  {
    what: 'it forgets when its memory is full',
    claim: ['redis-evicts'],
    ready: ['redis-evicts'],
    begin: redis => redis.say('CONFIG', 'SET', 'maxmemory', '1gb', 'maxmemory-policy', 'volatile-ttl'),
    end: redis => redis.say('CONFIG', 'SET', 'maxmemory', '0', 'maxmemory-policy', 'noeviction'),
  },
  {
    what: 'it becomes a replica',
    claim: ['redis-read-only'],
    ready: ['redis-read-only'],
    begin: redis => redis.say('REPLICAOF', '127.0.0.1', '1'),
    end: redis => redis.say('REPLICAOF', 'NO', 'ONE'),
  },
  {
    what: 'it becomes a replica that can be written',
    claim: ['redis-read-only'],
    ready: ['redis-read-only'],
    async begin(redis) {
      await redis.say('CONFIG', 'SET', 'replica-read-only', 'no')
      await redis.say('REPLICAOF', '127.0.0.1', '1')
    },
    async end(redis) {
      await redis.say('REPLICAOF', 'NO', 'ONE')
      await redis.say('CONFIG', 'SET', 'replica-read-only', 'yes')
    },
  },
  {
    what: 'it reads its data from disk',
    claim: ['redis-loading'],
    ready: ['redis-loading'],
    async begin(redis) {
      await redis.say('BGREWRITEAOF')
      await until(async () => String(await redis.say('INFO', 'persistence')).includes('aof_rewrite_in_progress:0'))
      await redis.stop()
      // A hundredth of a second for each key.
      await redis.start({ isLoading: true, args: ['--key-load-delay', '10000', '--loading-process-events-interval-bytes', '1024'] })
    },
    end: () => Promise.resolve(),
  },
  {
    what: 'it wants another password',
    claim: ['redis-refuses-user'],
    ready: ['redis-refuses-user'],
    begin: redis => setPassword(redis, 'another'),
    async end(redis) {
      await redis.stop()
      await redis.start()
    },
  },
  {
    what: 'its primary has too few replicas',
    claim: ['redis-lacks-replicas'],
    begin: redis => redis.say('CONFIG', 'SET', 'min-replicas-to-write', '1'),
    end: redis => redis.say('CONFIG', 'SET', 'min-replicas-to-write', '0'),
  },
  {
    what: 'a web server has its port',
    claim: ['redis-not-redis'],
    ready: ['redis-not-redis'],
    begin: redis =>
      listenInstead(
        redis,
        createHttpServer((_, response) => response.end()),
      ),
    end: listenAgain,
  },
  {
    what: 'something that says nothing has its port',
    claim: ['redis-silent', 'redis-away'],
    ready: ['redis-silent', 'redis-away'],
    begin: redis =>
      listenInstead(
        redis,
        createServer(socket => socket.resume()),
      ),
    end: listenAgain,
  },
]

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

function codesOf(errors: readonly unknown[]): unknown[] {
  return errors.map(error => (error as { code: unknown }).code).sort()
}

interface Told {
  /** Of what it throws. */
  readonly code: unknown
  readonly answer: unknown
  /** By a timer of the same event loop, so that a busy machine is late for both. */
  readonly isInTime: boolean
}

async function codeOf(work: () => unknown): Promise<Told> {
  let isInTime = true
  const timer = setTimeout(() => {
    isInTime = false
  }, TIMEOUT_MS + 100)
  try {
    const answer = await work()
    return { code: undefined, answer, isInTime }
  } catch (error) {
    expect(error).toMatchObject({ name: 'ServerError', message: expect.stringMatching(/^redis: .+\.$/s) as string })
    return { code: (error as { code: unknown }).code, answer: undefined, isInTime }
  } finally {
    clearTimeout(timer)
  }
}

const rate = { quota: 1_000, windowSeconds: 3_600 }

describe.skipIf(!hasRedis)('Redis in trouble (needs redis-server)', () => {
  let calls = 0
  const end = (): number => Date.now() + 310_000
  const claim = (guard: RedisReplayGuard, id: string, expiresAtMs: number) => guard.claim({ id, keyId: 'key', expiresAtMs })

  function open(url: string): { redis: OpenRedis; guard: RedisReplayGuard; errors: unknown[] } {
    const errors: unknown[] = []
    const redis = openRedis(url, { timeoutMs: TIMEOUT_MS, onError: error => errors.push(error) })
    cleanups.push(() => redis.close())
    return { redis, guard: redisReplayGuard({ redis, skewMs: 0, timeoutMs: TIMEOUT_MS }), errors }
  }

  it.each(FAULTS)('$what: calls are refused in time, with a code, none is taken twice, and it is back by itself', async fault => {
    const server = await startRedis()
    cleanups.push(() => server.close())
    const { redis, guard } = open(server.url)
    const limiter = redisRates({ redis, prefix: 'test', meanwhile: memoryRates(), onError: () => undefined })
    await redis.check(5_000)
    const before = Array.from({ length: 200 }, (_, at) => ({ id: `before ${at}`, ends: end() }))
    for (const { id, ends } of before) expect(await claim(guard, id, ends)).toBe('fresh')

    await fault.begin(server)
    const isExpected = (code: unknown, expected: readonly string[]) => expect(expected).toContain(code)
    // What is noticed with a look, at the latest by the next who asks whether it is ready.
    await until(async () => fault.ready === undefined || fault.ready.includes(String((await codeOf(() => redis.check())).code)))
    const meanwhile: { id: string; ends: number }[] = []
    for (let round = 0; round < 5; round++) {
      const looked = await codeOf(() => redis.check())
      if (fault.ready === undefined) expect(looked.code).toBeUndefined()
      else isExpected(looked.code, fault.ready)
      expect(looked.isInTime).toBe(true)
      const some = Array.from({ length: 20 }, () => ({ id: `meanwhile ${calls++}`, ends: end() }))
      meanwhile.push(...some)
      const answers = await Promise.all(
        some.map(async ({ id, ends }, at) => {
          // Not all at once, so that some wait behind others.
          await new Promise(resolve => setTimeout(resolve, at * 5))
          return codeOf(() => claim(guard, id, ends))
        }),
      )
      for (const { code, answer, isInTime } of answers) {
        if (typeof fault.claim === 'string') expect(answer).toBe(fault.claim)
        else isExpected(code, fault.claim)
        expect(isInTime).toBe(true)
      }
      const counted = await codeOf(() => limiter.take('key', rate))
      expect(counted.answer).toMatchObject({ isAllowed: true })
      expect(counted.isInTime).toBe(true)
    }

    await fault.end(server)
    const from = performance.now()
    await until(async () => (await codeOf(() => redis.check())).code === undefined)
    const backMs = performance.now() - from
    if (fault.what !== 'it reads its data from disk') expect(backMs).toBeLessThan(BACK_MS)
    await until(async () => (await codeOf(() => claim(guard, `after ${calls++}`, end()))).answer === 'fresh')
    for (const { id, ends } of before) expect(['seen', 'unsure']).toContain(await claim(guard, id, ends))
    for (const { id, ends } of meanwhile) {
      await claim(guard, id, ends)
      expect(['seen', 'unsure']).toContain(await claim(guard, id, ends))
    }
  })

  it('it hangs: calls that wait behind others are refused in time as well', async () => {
    const server = await startRedis()
    cleanups.push(() => server.close())
    const { redis, guard } = open(server.url)
    await redis.check(5_000)
    expect(await claim(guard, 'before', end())).toBe('fresh')
    server.hang()
    const told = await Promise.all(
      Array.from({ length: 60 }, async (_, at) => {
        await new Promise(resolve => setTimeout(resolve, at * 10))
        return codeOf(() => claim(guard, `meanwhile ${at}`, end()))
      }),
    )
    for (const { code, isInTime } of told) expect([code, isInTime]).toEqual([expect.stringMatching(/^redis-(?:silent|away)$/), true])
    server.goOn()
  })

  it('it is away for a while: the log is told once, and of its end', async () => {
    const server = await startRedis()
    cleanups.push(() => server.close())
    const { redis, errors } = open(server.url)
    await redis.check(5_000)
    await server.stop()
    let tries = 0
    redis.client.on('error', () => tries++)
    await until(async () => tries > 5)
    const codes = () => errors.map(error => (error as { readonly code?: string }).code)
    expect(codes()).toEqual(['redis-away'])
    await server.start()
    // It was started anew, which is another history.
    await expect.poll(codes, { timeout: 10_000 }).toEqual(['redis-away', 'redis-recovered', 'redis-history-changed'])
  })

  it('a connection that is dead without a word is made anew', async () => {
    const server = await startRedis()
    cleanups.push(() => server.close())
    const balancer = await startBalancer(server.port)
    cleanups.push(() => balancer.close())
    const { redis, guard } = open(`redis://127.0.0.1:${balancer.port}`)
    await redis.check(5_000)
    const ends = end()
    expect(await claim(guard, 'x', ends)).toBe('fresh')
    balancer.goDead()
    expect(await codeOf(() => claim(guard, 'y', ends))).toMatchObject({ code: 'redis-silent', isInTime: true })
    await until(async () => (await claim(guard, 'x', ends)) === 'seen')
  })

  it('a node of a cluster, given as if it were alone, says that there are others', async () => {
    const cluster = await startRedisCluster()
    cleanups.push(() => cluster.close())
    const { redis, guard } = open(cluster.nodes[0]?.url ?? '')
    await redis.check(5_000)
    const codesOfMany = async () => {
      const some = await Promise.all(Array.from({ length: 100 }, (_, at) => codeOf(() => claim(guard, `${at}`, end()))))
      return new Set(some.map(({ code }) => code))
    }
    // The nodes take a while to agree.
    await until(async () => !(await codesOfMany()).has('redis-cluster-down'))
    expect(await codesOfMany()).toEqual(new Set([undefined, 'redis-is-cluster']))
  })

  it('a node of a cluster hangs: the others are ready, until the cluster is down', async () => {
    const cluster = await startRedisCluster()
    cleanups.push(() => cluster.close())
    const redis = openRedis(
      cluster.nodes.map(({ url }) => url),
      { timeoutMs: TIMEOUT_MS },
    )
    cleanups.push(() => redis.close())
    const guard = redisReplayGuard({ redis, skewMs: 0 })
    const all = () => Promise.all(Array.from({ length: 100 }, () => codeOf(() => claim(guard, `call ${calls++}`, end()))))
    await until(async () => (await all()).every(({ answer }) => answer === 'fresh'))
    const [hanging] = cluster.nodes
    hanging?.hang()
    const [looked, told] = await Promise.all([codeOf(() => redis.check()), all()])
    // A machine that is busy may be late for the first.
    expect([undefined, 'redis-cluster-down']).toContain(looked.code)
    expect(looked.isInTime).toBe(true)
    for (const { answer, code } of told) expect(['fresh', 'redis-silent', 'redis-cluster-down']).toContain(answer ?? code)
    expect(told.every(({ isInTime }) => isInTime)).toBe(true)
    // A cluster that wants all of its slots covered takes nothing any more.
    await until(async () => (await codeOf(() => redis.check())).code === 'redis-cluster-down')
    hanging?.goOn()
    await until(async () => (await codeOf(() => redis.check())).code === undefined)
    await until(async () => (await all()).every(({ answer }) => answer === 'fresh'))
  })

  it('a cluster with a password, of which one node is named', async () => {
    const cluster = await startRedisCluster()
    cleanups.push(() => cluster.close())
    for (const node of cluster.nodes) await setPassword(node, 'wo/rd')
    const redis = openRedis([(cluster.nodes[0]?.url ?? '').replace('//', '//:wo%2Frd@')], { timeoutMs: TIMEOUT_MS })
    cleanups.push(() => redis.close())
    const guard = redisReplayGuard({ redis, skewMs: 0 })
    const all = () => Promise.all(Array.from({ length: 200 }, () => claim(guard, `call ${calls++}`, end())))
    await until(async () => (await all()).every(answer => answer === 'fresh'))
  })

  it('one server, given as a list, says that it is no cluster', async () => {
    const server = await startRedis()
    cleanups.push(() => server.close())
    const redis = openRedis([server.url], { timeoutMs: TIMEOUT_MS })
    cleanups.push(() => redis.close())
    await expect(redis.check(5_000)).rejects.toMatchObject({ code: 'redis-no-cluster' })
  })

  it('a user that may not call INFO: calls are taken once, and a warning says what is lost', async () => {
    const server = await startRedis()
    cleanups.push(() => server.close())
    await server.say('ACL', 'SETUSER', 'guard', 'on', '>word', '~countersign*', '+@all', '-@dangerous', '-@admin')
    const { redis, guard, errors } = open(server.url.replace('//', '//guard:word@'))
    await redis.check(5_000)
    const ends = end()
    expect([await claim(guard, 'x', ends), await claim(guard, 'x', ends)]).toEqual(['fresh', 'seen'])
    expect(codesOf(errors)).toEqual(['redis-history-changed', 'redis-history-unknown'])
    // A process with another user knows the history, and both get on with one note.
    const { redis: known, guard: other } = open(server.url)
    await known.check(5_000)
    await until(async () => (await claim(other, `known ${calls++}`, end())) === 'fresh')
    for (let round = 0; round < 20; round++)
      expect([await claim(guard, `${round}`, end()), await claim(other, `${round}`, end())]).toEqual(['fresh', 'seen'])
  })

  it('a user with what its advice names can do all that a guard does', async () => {
    const server = await startRedis()
    cleanups.push(() => server.close())
    await server.say(
      'ACL',
      'SETUSER',
      'guard',
      'on',
      '>word',
      '~countersign*',
      '+@read',
      '+@write',
      '+@scripting',
      '+@connection',
      '+info',
      '+wait',
      '+time',
    )
    const { redis, guard, errors } = open(server.url.replace('//', '//guard:word@'))
    await redis.check(5_000)
    expect(await claim(guard, 'x', end())).toBe('fresh')
    const limiter = redisRates({ redis, prefix: 'countersign', meanwhile: memoryRates(), onError: error => errors.push(error) })
    expect(await limiter.take('key', rate)).toMatchObject({ isAllowed: true })
    // It has just started.
    expect(codesOf(errors)).toEqual(['redis-history-changed'])
  })

  it('a password that is wrong is in no error', async () => {
    const server = await startRedis()
    cleanups.push(() => server.close())
    await setPassword(server, 'right')
    const { redis, errors } = open(server.url.replace('//', '//:wr0ng-s3cret@'))
    await until(async () => errors.length > 0)
    const { code } = await codeOf(() => redis.check())
    expect(code).toBe('redis-refuses-user')
    expect(inspect(errors, { depth: 10, showHidden: true })).not.toContain('wr0ng-s3cret')
  })
})
