import { afterEach, describe, expect, it } from 'vitest'
import { ServerError } from '../src/errors.ts'
import type { RedisLocation } from '../src/redis/redis-location.ts'
import { redisReplayGuard } from '../src/replay/redis.ts'
import { hasRedis, startRedis, startRedisCluster, type TestRedis, until } from './redis.ts'

const CALLS = 300

describe.skipIf(!hasRedis)('a Redis that is told to evict while it works (needs redis-server)', () => {
  const cleanups: (() => Promise<void>)[] = []
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
  })

  async function startServer(): Promise<readonly TestRedis[]> {
    const server = await startRedis()
    cleanups.push(() => server.close())
    return [server]
  }
  async function startCluster(): Promise<readonly TestRedis[]> {
    const cluster = await startRedisCluster()
    cleanups.push(() => cluster.close())
    return cluster.nodes
  }
  const evictedBy = async (node: TestRedis) => Number(/^evicted_keys:(\d+)/m.exec(String(await node.say('INFO', 'stats')))?.[1])
  /** Lets it forget until some keys are gone, and puts its settings back. */
  async function evict(node: TestRedis): Promise<void> {
    await node.say('CONFIG', 'SET', 'maxmemory-policy', 'volatile-random', 'maxmemory', '1')
    await until(async () => {
      await node.say('DEL', 'nothing').catch(() => undefined)
      await node.say('SET', '{3}', 'x').catch(() => undefined)
      return (await evictedBy(node)) > 0
    })
    await node.say('CONFIG', 'SET', 'maxmemory', '0', 'maxmemory-policy', 'noeviction')
  }

  /** A guard, what its log was told, and what a claim is answered or refused with. */
  function open(location: RedisLocation) {
    const told: string[] = []
    const codeOf = (error: unknown) => (error instanceof ServerError ? error.code : String(error))
    const guard = redisReplayGuard({ redis: location, skewMs: 100, onError: error => void told.push(codeOf(error)) })
    cleanups.push(() => guard.close())
    async function claim(id: string, issuedAtMs: number): Promise<string> {
      try {
        return await guard.claim({ id, keyId: 'k', issuedAtMs, expiresAtMs: issuedAtMs + 300_000 })
      } catch (error) {
        return codeOf(error)
      }
    }
    return { told, claim }
  }

  const places = { server: startServer, cluster: startCluster }
  it.each([
    ['server', 'and goes on evicting'],
    ['server', 'for a moment between two looks'],
    ['cluster', 'for a moment between two looks'],
  ] as const)('(%s) %s: no call is taken twice, and the log is told once', async (place, what) => {
    const nodes = await places[place]()
    const [node] = nodes
    if (node === undefined) throw new Error('no node')
    const { told, claim } = open(place === 'cluster' ? nodes.map(({ url }) => url) : node.url)
    let others = 0
    const other = () => claim(`other ${others++}`, Date.now())
    const taken = Array.from({ length: CALLS }, (_, at) => `call ${at}`)
    const isBack = async () => (await Promise.all(Array.from({ length: 200 }, other))).every(said => said === 'fresh')
    await until(isBack)
    const from = Date.now()
    expect(new Set(await Promise.all(taken.map(id => claim(id, from))))).toEqual(new Set(['fresh']))
    told.length = 0

    if (what === 'and goes on evicting') {
      await node.say('CONFIG', 'SET', 'maxmemory-policy', 'volatile-random', 'maxmemory', '1gb')
      await until(async () => (await other()) === 'redis-evicts')
      for (const id of taken) expect(await claim(id, from)).toBe('redis-evicts')
      expect(told).toEqual(['redis-evicts'])
    }
    for (const one of nodes) await evict(one)
    // What was seen holds for a second; from then on nothing that was taken before is taken again.
    await until(async () => {
      await other()
      return told.includes('redis-evicted')
    })
    await until(isBack)
    const again = await Promise.all(taken.map(id => claim(id, from)))
    expect(again.filter(said => said !== 'seen' && said !== 'unsure')).toEqual([])
    expect(again).toContain('unsure')
    expect(told).toEqual(what === 'and goes on evicting' ? ['redis-evicts', 'redis-evicted', 'redis-recovered'] : ['redis-evicted'])
  })

  it('and evicts nothing: calls are refused meanwhile, and what was taken is known after it', async () => {
    const [node] = await startServer()
    if (node === undefined) throw new Error('no node')
    const { told, claim } = open(node.url)
    let others = 0
    await until(async () => (await claim(`other ${others++}`, Date.now())) === 'fresh')
    await until(async () => (await claim('x', Date.now())) === 'fresh')
    const from = Date.now()
    told.length = 0
    for (let round = 0; round < 2; round++) {
      await node.say('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru', 'maxmemory', '1gb')
      await until(async () => (await claim('x', from)) === 'redis-evicts')
      await node.say('CONFIG', 'SET', 'maxmemory-policy', 'noeviction', 'maxmemory', '0')
      await until(async () => (await claim('x', from)) === 'seen')
    }
    expect(told).toEqual(['redis-evicts', 'redis-recovered', 'redis-evicts', 'redis-recovered'])
  })
})
