import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSigner } from 'countersign'
import { qredoV1 } from 'countersign/schemes'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { readAudit } from '../src/audit/audit-log.ts'
import { type AccessEntry, createGateway, type Gateway, type KeyService, openKeyService } from '../src/index.ts'

const ORIGIN = 'https://api.example.com'
const ACTOR = { name: 'test', address: '' }
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const PARENT = `00-${TRACE}-00f067aa0ba902b7-01`
const folder = mkdtempSync(join(tmpdir(), 'countersign-traces-'))
const log: AccessEntry[] = []
let seen: IncomingHttpHeaders | undefined
let service: KeyService
let upstream: Server
let gateway: Gateway

beforeAll(async () => {
  service = await openKeyService({ store: join(folder, 'keys.db') })
  await service.administrators.createOrganisation(ACTOR, { id: 'acme', name: 'Acme', kind: 'organisation' })
  upstream = createServer((request, response) => {
    seen = request.headers
    response.end()
  })
  upstream.listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  gateway = createGateway({
    upstream: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`,
    origin: ORIGIN,
    service,
    routes: [
      { path: '/', schemes: ['qredo-v1'] },
      { path: '/admin', schemes: ['qredo-v1'], permission: ['admin'] },
    ],
    onFinished: entry => log.push(entry),
  })
  gateway.server.listen(0, '127.0.0.1')
  await once(gateway.server, 'listening')
})
beforeEach(() => {
  log.length = 0
  seen = undefined
})
afterAll(async () => {
  await gateway.drain(0)
  upstream.close()
  await service.close()
  rmSync(folder, { recursive: true, force: true })
})

async function call(key: { keyId: string; secret: string }, path: string, headers: Record<string, string> = {}, body?: string) {
  const { port } = gateway.server.address() as AddressInfo
  const method = body === undefined ? 'GET' : 'POST'
  const signed = createSigner(qredoV1, key).sign({ method, url: ORIGIN + path, body }).headers
  const init = { method, headers: { ...signed, ...headers }, ...(body === undefined ? {} : { body }) }
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, init)
  await expect.poll(() => log.length).toBeGreaterThan(0)
  return { answer, repeat: () => fetch(`http://127.0.0.1:${port}${path}`, init) }
}

async function makeKey() {
  const { key, secret } = await service.keys.create(ACTOR, 'acme', { name: 'k' })
  return { keyId: key.id, secret: secret ?? '' }
}

describe('a call of a trace', () => {
  it('has its id in the log, and goes upstream as it came', async () => {
    await call(await makeKey(), '/', { traceparent: PARENT, tracestate: 'vendor=1' })
    expect(seen).toMatchObject({ traceparent: PARENT, tracestate: 'vendor=1' })
    expect(log).toEqual([expect.objectContaining({ traceId: TRACE })])
  })

  it.each([
    ['of another shape', 'hello'],
    ['with nothing in it', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`],
  ])('%s is in no log, and does not go upstream', async (_, traceparent) => {
    await call(await makeKey(), '/', { traceparent, tracestate: 'vendor=1' })
    expect(seen).not.toHaveProperty('traceparent')
    expect(seen).not.toHaveProperty('tracestate')
    expect(log).toEqual([expect.not.objectContaining({ traceId: expect.anything() as unknown })])
  })
})

describe('which secret a call holds with', () => {
  it('is in the log, before and after a rotation', async () => {
    const old = await makeKey()
    await call(old, '/')
    const { secret } = await service.keys.rotate(ACTOR, 'acme', old.keyId, {})
    await call({ ...old, secret: secret ?? '' }, '/')
    await call(old, '/')
    const { secrets } = (await service.keys.get('acme', old.keyId)) as unknown as { secrets: { id: string }[] }
    const [first, second, third] = log.map(({ secretId }) => secretId)
    expect(new Set([first, second])).toEqual(new Set(secrets.map(({ id }) => id)))
    expect(third).toBe(first)
  })

  it('is in the log and the refusals of a call that holds and is refused, with what finds it elsewhere', async () => {
    const key = await makeKey()
    await call(key, '/admin', { traceparent: PARENT, 'x-request-id': 'r-1' })
    const { repeat } = await call(key, '/pay', { 'x-request-id': 'r-2' }, '{}')
    await repeat()
    await expect.poll(() => log.length).toBe(3)
    expect(log.map(({ code, keyId }) => [code, keyId])).toEqual([
      ['permission-denied', key.keyId],
      [undefined, key.keyId],
      ['replayed', key.keyId],
    ])
    const [secretId] = new Set(log.map(one => one.secretId))
    expect(log.every(one => one.secretId === secretId)).toBe(true)
    expect(secretId).toMatch(/^\w+/)
    await service.refusals.flush()
    const samples: unknown[] = []
    for await (const { subject, detail } of readAudit(service.database.db))
      if (subject === key.keyId) samples.push(...((detail as { samples?: unknown[] }).samples ?? []))
    expect(samples).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ path: '/admin', requestId: 'r-1', traceId: TRACE, scheme: 'qredo-v1', secretId }),
        expect.objectContaining({ path: '/pay', requestId: 'r-2', scheme: 'qredo-v1', secretId }),
      ]),
    )
  })

  it('is not told of a call whose signature does not hold', async () => {
    const key = await makeKey()
    await call({ ...key, secret: Buffer.alloc(32, 7).toString('base64') }, '/')
    expect(log).toEqual([expect.objectContaining({ code: 'bad-signature', keyId: undefined, claimedKeyId: key.keyId })])
    expect(log[0]).not.toHaveProperty('secretId')
  })
})
