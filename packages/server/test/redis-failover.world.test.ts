import { setImmediate } from 'node:timers/promises'
import type { ReplayAnswer } from 'countersign'
import { afterEach, describe, expect, it } from 'vitest'
import { type RedisReplayGuard, type RedisReplayGuardOptions, redisReplayGuard } from '../src/replay/redis.ts'
import { startBalancer } from './balancer.ts'
import {
  hasRedis,
  holdBack,
  replicationOf,
  startRedis,
  startRedisCluster,
  startReplica,
  startSentinels,
  type TestRedis,
  until,
} from './redis.ts'

const TOLERANCE_MS = 300_000
const SKEW_MS = 300
/** Of the machine that runs this: what a guard may need to connect, on top of the skew. */
const SLACK_MS = 8_000

interface Call {
  readonly id: string
  readonly issuedAtMs: number
}

interface World {
  readonly location: RedisReplayGuardOptions['redis']
  /** The replicas get nothing any more. */
  holdBack(): Promise<void>
  /** The primary dies, and a replica takes its place. */
  failOver(): Promise<void>
}

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

function closing<T extends { close(): unknown }>(thing: T): T {
  cleanups.push(() => thing.close())
  return thing
}

function open(redis: RedisReplayGuardOptions['redis'], options: Partial<RedisReplayGuardOptions> = {}): RedisReplayGuard {
  return closing(redisReplayGuard({ redis, skewMs: SKEW_MS, ...options }))
}

async function claim(guard: RedisReplayGuard, { id, issuedAtMs }: Call): Promise<ReplayAnswer | 'away'> {
  try {
    return await guard.claim({ id, keyId: 'key', issuedAtMs, expiresAtMs: issuedAtMs + TOLERANCE_MS })
  } catch {
    return 'away'
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}

let calls = 0
/** Signed now, or up to a minute ago, or by a clock that is a little ahead. */
function newCall(ageMs = 0): Call {
  calls += 1
  return { id: `call ${calls}`, issuedAtMs: Date.now() - ageMs }
}

/** Until it takes calls that are signed now, in all of its buckets. */
async function untilFresh(guard: RedisReplayGuard): Promise<void> {
  await until(async () =>
    (await Promise.all(Array.from({ length: 400 }, () => claim(guard, newCall())))).every(answer => answer === 'fresh'),
  )
}

/** Calls under load, by each of the guards in turn; returns those that were taken. */
async function take(guards: readonly RedisReplayGuard[], count: number): Promise<Call[]> {
  const taken: Call[] = []
  for (let round = 0; round < count; round += 50) {
    const some = Array.from({ length: 50 }, (_, at) => newCall(at % 5 === 0 ? -SKEW_MS / 2 : 0))
    const answers = await Promise.all(some.map((call, at) => claim(guards[at % guards.length] as RedisReplayGuard, call)))
    taken.push(...some.filter((_, at) => answers[at] === 'fresh'))
  }
  return taken
}

/** @param promoted what else is done to the replica */
async function promoteByHand(promoted?: (replica: TestRedis) => Promise<unknown>): Promise<World> {
  const primary = closing(await startRedis())
  const replica = closing(await startReplica(primary))
  const balancer = closing(await startBalancer(primary.port))
  return {
    location: `redis://127.0.0.1:${balancer.port}`,
    holdBack: () => holdBack(replica, primary),
    async failOver() {
      await primary.stop()
      await replica.say('REPLICAOF', 'NO', 'ONE')
      await promoted?.(replica)
      balancer.leadTo(replica.port)
    },
  }
}

const WORLDS: Record<string, () => Promise<World>> = {
  'an operator promotes a replica, behind an address that now leads to it': () => promoteByHand(),
  // Users are not copied to replicas.
  'a replica is promoted that tells no process which history it is of': () =>
    promoteByHand(replica => replica.say('ACL', 'SETUSER', 'default', '-info')),
  async 'sentinels promote a replica'() {
    const withPassword = ['--requirepass', 'word', '--masterauth', 'word']
    const primary = closing(await startRedis(...withPassword))
    const replica = closing(await startReplica(primary, ...withPassword))
    const sentinels = closing(await startSentinels(primary, 'word'))
    return {
      location: sentinels.url,
      holdBack: () => holdBack(replica, primary),
      async failOver() {
        await primary.stop()
        await until(async () => (await replicationOf(replica)).includes('role:master'))
      },
    }
  },
  async 'a cluster promotes the replica of one of its nodes'() {
    const { nodes } = closing(await startRedisCluster(1))
    const texts = await Promise.all(nodes.map(replicationOf))
    const primary = nodes.find((_, at) => texts[at]?.includes('role:master')) as TestRedis
    const replica = nodes.find((_, at) => texts[at]?.includes(`master_port:${primary.port}\r`)) as TestRedis
    return {
      location: nodes.map(({ url }) => url),
      holdBack: () => holdBack(replica, primary),
      async failOver() {
        await primary.stop()
        await until(async () => (await replicationOf(replica)).includes('role:master'))
      },
    }
  },
}

describe.skipIf(!hasRedis)('a replica that lacks calls takes the place of its primary (needs redis-server)', () => {
  it.each(Object.entries(WORLDS))('%s: no call that was taken is taken again, and new ones are refused for the skew', async (_, begin) => {
    const world = await begin()
    const warnings: unknown[] = []
    const next = () => open(world.location, { onError: error => warnings.push(codeOf(error)) })
    const guards = [next(), next()]
    for (const guard of guards) await untilFresh(guard)
    const kept = await take(guards, 300)
    await world.holdBack()
    const lost = await take(guards, 300)
    expect([kept.length, lost.length]).toEqual([300, 300])
    warnings.splice(0)
    await world.failOver()

    // One process more, which has not seen what was before.
    guards.push(next())
    const answers = new Map<string, number>()
    let refusedMs: number | undefined
    const from = performance.now()
    // All that were taken, again and again, until new ones have been taken for a while.
    while (refusedMs === undefined || performance.now() - from < refusedMs + 3 * SKEW_MS) {
      for (const guard of guards) {
        for (const answer of await Promise.all([...kept, ...lost].map(call => claim(guard, call))))
          answers.set(answer, (answers.get(answer) ?? 0) + 1)
        const news = await Promise.all(Array.from({ length: 100 }, () => claim(guard, newCall())))
        if (news.every(answer => answer === 'fresh')) refusedMs ??= performance.now() - from
      }
      // While Redis is away, claims are refused at once, without a turn of the event loop.
      await setImmediate()
      expect(performance.now() - from).toBeLessThan(60_000)
    }
    expect(answers.get('fresh') ?? 0).toBe(0)
    // The rest is told apart: what the replica had is seen.
    for (const answer of ['seen', 'unsure']) expect(answers.get(answer) ?? 0).toBeGreaterThan(0)
    expect(refusedMs).toBeLessThan(SKEW_MS + SLACK_MS)
    expect(warnings).toContain('redis-history-changed')
    expect(warnings).not.toContain('redis-failed')
    // What was signed before the change stays refused until it is too old anyway.
    for (const guard of guards) {
      const answers: (ReplayAnswer | 'away')[] = []
      // Sentinels tell of the change after it, and guards connect once more.
      await until(async () => {
        answers.push(await claim(guard, newCall(60_000)))
        return answers.at(-1) !== 'away'
      })
      expect(answers.at(-1)).toBe('unsure')
    }
  })
})

describe.skipIf(!hasRedis)('a primary that is cut off, and takes calls that its successor takes as well (needs redis-server)', () => {
  /** How many of the calls that are signed after the promotion are taken by both. */
  async function takenTwice(options: Partial<RedisReplayGuardOptions>, ...settings: readonly string[]): Promise<number> {
    const primary = closing(await startRedis(...settings))
    const replica = closing(await startReplica(primary))
    const [here, there] = [open(primary.url, options), open(replica.url, { skewMs: SKEW_MS })]
    await untilFresh(here)
    await holdBack(replica, primary)
    await replica.say('REPLICAOF', 'NO', 'ONE')
    await untilFresh(there)
    let twice = 0
    for (let round = 0; round < 20; round++) {
      const call = newCall()
      const answers = [await claim(here, call), await claim(there, call)]
      expect(answers[1]).toBe('fresh')
      if (answers[0] === 'fresh') twice += 1
    }
    return twice
  }

  it('takes them twice, unless it or the guard waits for the replica', async () => {
    expect(await takenTwice({})).toBe(20)
    expect(await takenTwice({ waitForReplicas: 1 })).toBe(0)
    expect(await takenTwice({}, '--min-replicas-to-write', '1', '--min-replicas-max-lag', '1')).toBe(0)
  })

  it.each([
    ['right', 0],
    ['behind', -10_000],
    ['ahead', 10_000],
  ])('what was taken there is not taken again by a process that has been there: with a clock that is %s', async (_, offMs) => {
    const primary = closing(await startRedis())
    const replica = closing(await startReplica(primary))
    const balancer = closing(await startBalancer(primary.port))
    const [moving, staying] = [open(`redis://127.0.0.1:${balancer.port}`, { clock: () => Date.now() + offMs }), open(replica.url)]
    await untilFresh(moving)
    await holdBack(replica, primary)
    await replica.say('REPLICAOF', 'NO', 'ONE')
    await untilFresh(staying)
    // Both take calls, of which the other knows nothing; nobody starts or is told.
    for (const [from, to] of [
      [primary, replica],
      [replica, primary],
      [primary, replica],
    ] as const) {
      balancer.leadTo(from.port)
      await untilFresh(moving)
      const taken = await take([moving], 200)
      expect(taken).toHaveLength(200)
      balancer.leadTo(to.port)
      await until(async () => (await claim(moving, newCall())) !== 'away')
      const others = open(to.url)
      for (const guard of [moving, others]) {
        const answers = await Promise.all(taken.map(call => claim(guard, call)))
        expect(answers.filter(answer => answer === 'fresh')).toEqual([])
      }
    }
    // Another process that comes late does not hold up those that are here.
    await untilFresh(staying)
    const late = open(replica.url)
    await until(async () => (await claim(late, newCall())) === 'fresh')
    expect(await claim(staying, newCall())).toBe('fresh')
  })

  it('min-replicas-to-write: a replica that hangs is noticed after some seconds', async () => {
    const primary = closing(await startRedis('--min-replicas-to-write', '1', '--min-replicas-max-lag', '1'))
    const replica = closing(await startReplica(primary))
    const guard = open(primary.url)
    await untilFresh(guard)
    replica.hang()
    const from = performance.now()
    await until(async () => (await claim(guard, newCall())) === 'away')
    expect(performance.now() - from).toBeLessThan(10_000)
    replica.goOn()
    await untilFresh(guard)
  })

  it('waitForReplicas: takes calls while the replica has them, and is unsure of others', async () => {
    const primary = closing(await startRedis())
    const replica = closing(await startReplica(primary))
    const guard = open(primary.url, { waitForReplicas: 1 })
    await untilFresh(guard)
    const some = Array.from({ length: 200 }, () => newCall())
    expect(new Set(await Promise.all(some.map(call => claim(guard, call))))).toEqual(new Set(['fresh']))
    replica.hang()
    const call = newCall()
    expect(await claim(guard, call)).toBe('unsure')
    replica.goOn()
    await untilFresh(guard)
    expect(await claim(guard, call)).toBe('seen')
    // The promoted replica has every one of them, also those without a time, which nothing else would tell.
    const nonce = { id: 'nonce', keyId: 'key', expiresAtMs: Number.POSITIVE_INFINITY }
    expect(await guard.claim(nonce)).toBe('fresh')
    await primary.stop()
    await replica.say('REPLICAOF', 'NO', 'ONE')
    const next = open(replica.url)
    await untilFresh(next)
    expect(await next.claim(nonce)).toBe('seen')
  })
})
