import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createSigner } from 'countersign'
import { qredoV1 } from 'countersign/schemes'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createGateway, type Gateway, type KeyService, openKeyService } from '../src/index.ts'
import { hasPostgres, startPostgres, type TestPostgres } from './postgres.ts'

const ACTOR = { name: 'test', address: '' }
const ORIGIN = 'https://api.example.com'
const masterKey = Buffer.alloc(32, 5).toString('base64')
/** Many times what it may take, for a busy machine. */
const SOON_MS = 10_000

describe.skipIf(!hasPostgres)('PostgreSQL under a gateway (needs PostgreSQL)', () => {
  let postgres: TestPostgres
  let url: string
  let serving: KeyService
  let managing: KeyService
  let upstream: Server
  let gateway: Gateway

  beforeAll(async () => {
    postgres = await startPostgres()
    url = await postgres.newDatabase()
    managing = await openKeyService({ store: url, masterKey })
    await managing.administrators.createOrganisation(ACTOR, { id: 'acme', name: 'Acme', kind: 'organisation' })
    serving = await openKeyService({ store: url, masterKey })
    upstream = createServer((_, response) => response.end('ok')).listen(0, '127.0.0.1')
    await once(upstream, 'listening')
    const { port } = upstream.address() as AddressInfo
    gateway = createGateway({ upstream: `http://127.0.0.1:${port}`, origin: ORIGIN, service: serving })
    gateway.server.listen(0, '127.0.0.1')
    await once(gateway.server, 'listening')
  }, 60_000)
  afterAll(async () => {
    await gateway?.drain(0)
    upstream?.closeAllConnections()
    upstream?.close()
    await serving?.close()
    await managing?.close()
    await postgres?.close()
  }, 60_000)

  async function makeKey() {
    const { key, secret } = await managing.keys.create(ACTOR, 'acme', { name: 'k' })
    return { keyId: key.id, secret: secret ?? '' }
  }

  type SigningKey = Awaited<ReturnType<typeof makeKey>>

  async function call(key: SigningKey): Promise<number> {
    const { headers } = createSigner(qredoV1, key).sign({ method: 'GET', url: `${ORIGIN}/` })
    const { port } = gateway.server.address() as AddressInfo
    const answer = await fetch(`http://127.0.0.1:${port}/`, { headers: { ...headers } })
    await answer.arrayBuffer()
    return answer.status
  }

  async function connections(): Promise<number> {
    const client = new pg.Client(url)
    await client.connect()
    const { rows } = await client.query<{ count: number }>(
      'select count(*)::int as count from pg_stat_activity where datname = current_database()',
    )
    await client.end()
    return rows[0]?.count ?? 0
  }

  const AWAY: readonly (readonly [how: string, goes: () => void, comes: () => Promise<void> | void])[] = [
    ['hangs', () => postgres.hang(), () => postgres.goOn()],
    ['is gone', () => postgres.stop(), () => postgres.start()],
  ]

  it.each(AWAY)(
    'that %s: known keys serve, others are told soon; back, all is as it was acknowledged',
    { timeout: 120_000 },
    async (_, goes, comes) => {
      const [known, unread, revoked] = [await makeKey(), await makeKey(), await makeKey()]
      expect([await call(known), await call(revoked)]).toEqual([200, 200])
      const before = await connections()
      const acknowledged: string[] = []
      goes()
      try {
        expect([await call(known), await call(revoked)]).toEqual([200, 200])
        // A key that is not in memory: each caller is told soon, and none waits behind another.
        for (let round = 0; round < 2; round++) {
          const at = performance.now()
          expect(await Promise.all(Array.from({ length: 30 }, () => call(unread)))).toEqual(Array.from({ length: 30 }, () => 503))
          expect(performance.now() - at).toBeLessThan(SOON_MS)
        }
        // A change that is not acknowledged is not made, or made whole.
        const making = managing.keys.create(ACTOR, 'acme', { name: 'meanwhile' }).then(
          ({ key }) => acknowledged.push(key.id),
          (error: unknown) => expect(error).toMatchObject({ code: 'store-unreachable' }),
        )
        expect(await call(known)).toBe(200)
        await making
      } finally {
        await comes()
      }
      await expect.poll(() => call(unread), { timeout: SOON_MS, interval: 50 }).toBe(200)
      await managing.keys.setState(ACTOR, 'acme', revoked.keyId, 'revoked')
      await expect.poll(() => call(revoked), { timeout: SOON_MS, interval: 50 }).toBe(401)
      const { keys } = await managing.keys.list('acme', { limit: 500 })
      for (const id of [...acknowledged, known.keyId, unread.keyId]) expect(keys.map(key => key.id)).toContain(id)
      expect(await managing.audit.verify()).toMatchObject({ broken: undefined })
      // What was tried meanwhile has left no connections behind.
      await expect.poll(connections, { timeout: SOON_MS * 3 }).toBeLessThanOrEqual(before + 25)
    },
  )
})
