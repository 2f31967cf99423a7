import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSigner } from 'countersign'
import { qredoV1 } from 'countersign/schemes'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { listAudit } from '../src/audit/audit-log.ts'
import { type AccessEntry, createGateway, type Gateway, type KeyService, openKeyService, readKeyDays } from '../src/index.ts'

const ORIGIN = 'https://api.example.com'
const folder = mkdtempSync(join(tmpdir(), 'countersign-rates-'))
const log: AccessEntry[] = []
const reached: string[] = []
let service: KeyService
let upstream: Server
let gateway: Gateway

beforeAll(async () => {
  service = await openKeyService({ store: join(folder, 'keys.db') })
  const actor = { name: 'test', address: '' }
  await service.administrators.createOrganisation(actor, { id: 'acme', name: 'Acme', kind: 'organisation' })
  upstream = createServer((request, response) => {
    reached.push(`${request.method} ${request.url}`)
    request.resume().on('end', () => response.writeHead(200, { ratelimit: 'of the upstream' }).end('hello'))
  })
  upstream.listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  gateway = createGateway({
    upstream: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`,
    origin: ORIGIN,
    service,
    routes: [
      { path: '/', schemes: ['qredo-v1'] },
      { path: '/slow', schemes: ['qredo-v1'], rate: { quota: 2, windowSeconds: 3_600 } },
      { path: '/slow/er', schemes: ['qredo-v1'], rate: { quota: 1, windowSeconds: 3_600 } },
    ],
    onFinished: entry => log.push(entry),
  })
  gateway.server.listen(0, '127.0.0.1')
  await once(gateway.server, 'listening')
})
beforeEach(() => {
  for (const list of [log, reached]) list.length = 0
})
afterAll(async () => {
  await gateway.drain(0)
  upstream.close()
  await service.close()
  rmSync(folder, { recursive: true, force: true })
})

/** A caller with a key of its own. */
async function caller(): Promise<(method: string, path: string, body?: string, change?: Record<string, string>) => Promise<Response>> {
  const { key, secret } = await service.keys.create({ name: 'test', address: '' }, 'acme', { name: 'one' })
  const { port } = gateway.server.address() as AddressInfo
  const signer = createSigner(qredoV1, { keyId: key.id, secret: secret ?? '' })
  return (method, path, body, change) => {
    const { headers } = signer.sign({ method, url: ORIGIN + path, body })
    return fetch(`http://127.0.0.1:${port}${path}`, { method, headers: { ...headers, ...change }, ...(body === undefined ? {} : { body }) })
  }
}

describe('a route with a rate', () => {
  it('lets each key make so many calls, says how many are left, and refuses the next before the upstream hears of it', async () => {
    const [one, two] = [await caller(), await caller()]
    const answers = [await one('GET', '/slow/1'), await one('POST', '/slow/2', '{}'), await one('POST', '/slow/3', '{"a":1}')]
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429])
    expect(answers.map(({ headers }) => [headers.get('ratelimit-policy'), headers.get('ratelimit'), headers.get('retry-after')])).toEqual([
      ['"per-key";q=2;w=3600', '"per-key";r=1;t=1800', null],
      ['"per-key";q=2;w=3600', expect.stringMatching(/^"per-key";r=0;t=3(600|59\d)$/) as string, null],
      [
        '"per-key";q=2;w=3600',
        expect.stringMatching(/^"per-key";r=0;t=3(600|59\d)$/) as string,
        expect.stringMatching(/^1(800|79\d)$/) as string,
      ],
    ])
    expect(await answers[2]?.json()).toMatchObject({ code: 'rate-limited', status: 429 })
    expect(log.at(-1)).toMatchObject({
      outcome: 'failed',
      code: 'rate-limited',
      status: 429,
      keyId: expect.stringMatching(/^csk_/) as string,
    })
    expect((await two('GET', '/slow/1')).status).toBe(200)
    expect(reached).toEqual(['GET /slow/1', 'POST /slow/2', 'GET /slow/1'])
  })

  it('counts for itself, and not for a route without one', async () => {
    const one = await caller()
    const statuses = []
    for (const path of ['/slow/er', '/slow/er', '/slow', '/slow', '/slow', '/free', '/free']) statuses.push((await one('GET', path)).status)
    expect(statuses).toEqual([200, 429, 200, 200, 429, 200, 200])
    expect((await one('GET', '/free')).headers.has('ratelimit-policy')).toBe(false)
  })

  it('counts a call over it among the key’s refusals, and in the log of who is responsible', async () => {
    const one = await caller()
    for (let at = 0; at < 4; at++) await one('GET', '/slow')
    await service.days.flush()
    await service.refusals.flush()
    const keyId = log.at(-1)?.keyId ?? ''
    expect(await readKeyDays(service.database.db, keyId, 1, Date.now())).toMatchObject([{ calls: 2, refusals: 2 }])
    const [entry] = await listAudit(service.database.db, { action: 'request.refused', subject: keyId, limit: 1 })
    expect(entry).toMatchObject({ organisationId: 'acme', detail: { code: 'rate-limited', count: 2 } })
  })

  it.each([0, -1, 1.5, Number.NaN, 2_000_000_000])('takes no rate of %s, which would refuse all calls or none', wrong => {
    const routes = [
      { quota: wrong, windowSeconds: 60 },
      { quota: 1, windowSeconds: wrong },
    ].map(rate => [{ path: '/', schemes: ['qredo-v1'], rate }])
    for (const one of routes)
      expect(() => createGateway({ upstream: 'http://127.0.0.1:9', origin: ORIGIN, service, routes: one })).toThrow(/The rate of the route/)
  })

  it('is not used up by what anybody could send: wrong signatures', async () => {
    const one = await caller()
    for (let round = 0; round < 5; round++) expect((await one('GET', '/slow', undefined, { 'qredo-api-sig': 'AAAA' })).status).toBe(401)
    expect((await one('GET', '/slow')).headers.get('ratelimit')).toBe('"per-key";r=1;t=1800')
  })
})
