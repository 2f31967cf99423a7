import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createSigner } from 'countersign'
import { qredoV1 } from 'countersign/schemes'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readAudit } from '../src/audit/audit-log.ts'
import {
  createGateway,
  createMasterKeyFile,
  type Gateway,
  type KeyService,
  openKeyService,
  type RedisReplayGuard,
  redisReplayGuard,
} from '../src/index.ts'
import { hasPostgres } from './postgres.ts'
import { hasRedis, startRedis, type TestRedis } from './redis.ts'
import { POSTGRESQL } from './stores.ts'

const ORIGIN = 'https://api.example.com'
const ACTOR = { name: 'test', address: '' }
const CLIENTS = 16

describe.skipIf(!hasRedis || !hasPostgres)('a gateway whose stores go away under load (needs redis-server and PostgreSQL)', () => {
  let redis: TestRedis
  let service: KeyService
  let guard: RedisReplayGuard
  let gateway: Gateway
  let upstream: Server
  const handled = new Map<string, number>()
  let reached = 0

  beforeAll(async () => {
    await POSTGRESQL.begin()
    redis = await startRedis()
    const where = (await POSTGRESQL.newStore()) ?? { store: '', masterKeyFile: '' }
    createMasterKeyFile(where.masterKeyFile)
    service = await openKeyService({ ...where, flushMs: 200, onStoreReached: () => reached++ })
    await service.administrators.createOrganisation(ACTOR, { id: 'acme', name: 'Acme', kind: 'organisation' })
    guard = redisReplayGuard({ redis: redis.url, skewMs: 200 })
    upstream = createServer((request, response) => {
      request.resume()
      const url = request.url ?? ''
      handled.set(url, (handled.get(url) ?? 0) + 1)
      request.on('end', () => response.end('ok'))
    })
    await new Promise<void>(resolve => upstream.listen(0, '127.0.0.1', resolve))
    gateway = createGateway({
      upstream: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`,
      origin: ORIGIN,
      service,
      replay: guard,
    })
    await new Promise<void>(resolve => gateway.server.listen(0, '127.0.0.1', resolve))
    await sleep(500)
  }, 60_000)
  afterAll(async () => {
    await gateway?.drain(100)
    await guard?.close()
    await service?.close()
    await redis?.close()
    upstream?.closeAllConnections()
    upstream?.close()
    await POSTGRESQL.end()
  })

  it('accepts nothing that it should not, refuses with 503 only meanwhile, is back within seconds, and loses nothing of its log', {
    timeout: 90_000,
  }, async () => {
    const { port } = gateway.server.address() as AddressInfo
    const [good, revoked] = [
      await service.keys.create(ACTOR, 'acme', { name: 'good' }),
      await service.keys.create(ACTOR, 'acme', { name: 'revoked' }),
    ]
    await service.source.find(revoked.key.id)
    await service.keys.setState(ACTOR, 'acme', revoked.key.id, 'revoked')
    const signers = [good, revoked].map(({ key, secret }) => createSigner(qredoV1, { keyId: key.id, secret: secret ?? '' }))
    const answers: { at: number; kind: 'fresh' | 'copy' | 'revoked' | 'forged'; status: number; code: string }[] = []
    let isOver = false
    let next = 0

    /** Every call once, a copy of some, and some that should never pass. */
    async function client(): Promise<void> {
      while (!isOver) {
        const path = `/pay/${next++}`
        const kind = next % 7 === 0 ? 'revoked' : next % 11 === 0 ? 'forged' : 'fresh'
        const { headers } = (kind === 'revoked' ? signers[1] : signers[0])?.sign({ method: 'POST', url: ORIGIN + path, body: '{}' }) ?? {
          headers: {},
        }
        const sent = kind === 'forged' ? { ...headers, 'qredo-api-sig': 'A'.repeat(43) } : headers
        const send = async (as: (typeof answers)[number]['kind']): Promise<void> => {
          const response = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', headers: sent, body: '{}' })
          const text = await response.text()
          answers.push({
            at: Date.now(),
            kind: as,
            status: response.status,
            code: response.ok ? '' : (JSON.parse(text) as { code: string }).code,
          })
        }
        await send(kind)
        if (kind === 'fresh' && next % 3 === 0) await send('copy')
      }
    }

    const clients = Array.from({ length: CLIENTS }, client)
    await sleep(1500)
    const away: [from: number, to: number][] = []
    for (const store of ['redis', 'postgres', 'redis'] as const) {
      const from = Date.now()
      if (store === 'redis') await redis.stop()
      else POSTGRESQL.postgres?.stop()
      await sleep(1000)
      if (store === 'redis') await redis.start()
      else await POSTGRESQL.postgres?.start()
      away.push([from, Date.now()])
      await sleep(3000)
    }
    isOver = true
    await Promise.all(clients)

    // The one time that PostgreSQL was away is told to be over.
    expect(reached).toBe(1)
    // Nothing twice, nothing that is revoked or forged.
    expect(Math.max(...handled.values())).toBe(1)
    expect(answers.filter(({ kind, status }) => status === 200 && kind !== 'fresh' && kind !== 'copy')).toEqual([])
    const accepted = answers.filter(({ status }) => status === 200).length
    expect(handled.size).toBeGreaterThanOrEqual(accepted)
    expect(accepted).toBeGreaterThan(500)
    // 503 only while something was away, and until what was signed meanwhile is too old to have been seen.
    const late = answers.filter(({ at, status }) => status === 503 && !away.some(([from, to]) => at >= from && at <= to + 1500))
    expect(late).toEqual([])
    expect(answers.filter(({ status }) => ![200, 401, 403, 503].includes(status))).toEqual([])
    const rate = (from: number, to: number): number =>
      answers.filter(({ at, status }) => status === 200 && at >= from && at < to).length / ((to - from) / 1000)
    const [first] = away[0] ?? [0]
    const before = rate(first - 1000, first)
    for (const [, to] of away) expect(rate(to + 1500, to + 3000)).toBeGreaterThan(before / 3)
    // Every refusal is in the log.
    const refused = answers.filter(({ status }) => status !== 200).length
    // What waits for the end of its minute is written too.
    await service.refusals.close()
    let counted = 0
    for await (const { action, detail } of readAudit(service.database.db))
      if (action === 'request.refused') counted += Number(detail['count'])
    expect(counted).toBe(refused)
    expect(await service.audit.verify()).toMatchObject({ broken: undefined })
  })
})
