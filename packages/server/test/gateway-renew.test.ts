import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSigner, defineScheme, memoryReplayGuard } from 'countersign'
import { qredoV1, SCHEMES } from 'countersign/schemes'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import type { GatewayOptions } from '../src/gateway/options.ts'
import { createGateway, type Gateway, type KeyService, openKeyService, readGatewayConfig } from '../src/index.ts'
import { checkRenewed, SETTINGS } from '../src/settings/renewed-settings.ts'

const ORIGIN = 'https://api.example.com'
const ACTOR = { name: 'test', address: '' }
const folder = mkdtempSync(join(tmpdir(), 'countersign-renew-'))
const gateways: Gateway[] = []
/** Answers that the upstream holds back, for `/slow`. */
const held: ServerResponse[] = []
let service: KeyService
let upstreams: { server: Server; origin: string }[]
let caller: { keyId: string; secret: string }

async function startUpstream(name: string) {
  const server = createServer((request, response) => {
    response.setHeader('upstream', name)
    if (request.url === '/slow') held.push(response)
    else response.end(JSON.stringify(request.headers))
  })
  const sockets = new WebSocketServer({ server })
  sockets.on('connection', socket => socket.on('message', text => socket.send(`${name}: ${text}`)))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

beforeAll(async () => {
  service = await openKeyService({ store: join(folder, 'keys.db') })
  await service.administrators.createOrganisation(ACTOR, { id: 'acme', name: 'Acme', kind: 'organisation' })
  const made = await service.keys.create(ACTOR, 'acme', { name: 'k', permissions: ['read'] })
  caller = { keyId: made.key.id, secret: made.secret ?? '' }
  upstreams = await Promise.all(['first', 'second'].map(startUpstream))
})
afterEach(async () => {
  await Promise.all(gateways.splice(0).map(gateway => gateway.drain(0)))
})
afterAll(async () => {
  for (const { server } of upstreams) server.closeAllConnections()
  for (const { server } of upstreams) server.close()
  await service.close()
  rmSync(folder, { recursive: true, force: true })
})

function settings(more: Partial<GatewayOptions> = {}): GatewayOptions {
  return { upstream: upstreams[0]?.origin, origin: ORIGIN, service, ...more }
}

async function start(more?: Partial<GatewayOptions>) {
  const gateway = createGateway(settings(more))
  gateways.push(gateway)
  gateway.server.listen(0, '127.0.0.1')
  await once(gateway.server, 'listening')
  const { port } = gateway.server.address() as AddressInfo
  const signer = createSigner(qredoV1, caller)
  const send = (path: string, headers: Record<string, string>, body?: string) =>
    fetch(`http://127.0.0.1:${port}${path}`, { headers, ...(body === undefined ? {} : { method: 'POST', body }) })
  return {
    gateway,
    port,
    send,
    call: (path: string, origin = ORIGIN) => send(path, { ...signer.sign({ method: 'GET', url: origin + path }).headers }),
  }
}

const own = defineScheme({
  name: 'own',
  title: 'Own',
  docs: 'https://example.com',
  algorithm: 'hmac-sha256',
  message: '{timestamp}{method}{url}{body}',
  timestamp: { formats: ['seconds'] },
  secret: { encoding: 'utf8' },
  signature: { encoding: 'hex' },
  headers: { 'x-key': '{keyId}', 'x-time': '{timestamp}', 'x-signature': '{signature}' },
})

/** Each setting that is renewed in place, and a call whose answer shows it: before and after. */
const RENEWALS: {
  readonly [setting: string]: readonly [
    more: () => Partial<GatewayOptions>,
    look: (gateway: Awaited<ReturnType<typeof start>>) => Promise<unknown>,
    before: unknown,
    after: unknown,
  ]
} = {
  upstream: [() => ({ upstream: upstreams[1]?.origin }), async ({ call }) => (await call('/')).headers.get('upstream'), 'first', 'second'],
  origin: [() => ({ origin: 'https://other.example' }), async ({ call }) => (await call('/', 'https://other.example')).status, 401, 200],
  'a route with a permission': [
    () => ({ routes: [{ path: '/', schemes: ['qredo-v1'], permission: ['write'] }] }),
    async ({ call }) => (await call('/')).status,
    200,
    403,
  ],
  'a rate': [
    () => ({ routes: [{ path: '/', schemes: ['qredo-v1'], rate: { quota: 5, windowSeconds: 3600 } }] }),
    async ({ call }) => (await call('/')).headers.get('ratelimit-policy'),
    null,
    '"per-key";q=5;w=3600',
  ],
  permissions: [
    () => ({ permissions: [{ name: 'write', title: 'Write', description: 'Writes.', opens: ['GET /'] }] }),
    async ({ call }) => (await call('/')).status,
    200,
    403,
  ],
  keepSignature: [
    () => ({ keepSignature: true }),
    async ({ call }) => 'qredo-api-sig' in ((await (await call('/')).json()) as object),
    false,
    true,
  ],
  trustedProxies: [
    () => ({ trustedProxies: ['127.0.0.1'] }),
    async ({ send }) =>
      (
        await send('/', {
          ...createSigner(qredoV1, caller).sign({ method: 'GET', url: `${ORIGIN}/` }).headers,
          'x-forwarded-for': '192.0.2.7',
        })
      )
        .json()
        .then(headers => (headers as { 'x-forwarded-for'?: string })['x-forwarded-for']?.includes('192.0.2.7') === true),
    false,
    true,
  ],
  keepHeaders: [
    () => ({ keepHeaders: ['cf-connecting-ip'] }),
    async ({ send }) =>
      'cf-connecting-ip' in
      ((await (
        await send('/', {
          ...createSigner(qredoV1, caller).sign({ method: 'GET', url: `${ORIGIN}/` }).headers,
          'cf-connecting-ip': '192.0.2.7',
        })
      ).json()) as object),
    false,
    true,
  ],
  toleranceMs: [
    () => ({ toleranceMs: 3_600_000 }),
    async ({ send }) => {
      const old = createSigner(qredoV1, caller, { clock: () => Date.now() - 1_800_000 })
      return (await send('/', { ...old.sign({ method: 'GET', url: `${ORIGIN}/` }).headers })).status
    },
    401,
    200,
  ],
  maxBodyBytes: [
    () => ({ maxBodyBytes: 4 }),
    async ({ send }) => {
      const body = '{"a":1}'
      return (await send('/', { ...createSigner(qredoV1, caller).sign({ method: 'POST', url: `${ORIGIN}/`, body }).headers }, body)).status
    },
    200,
    413,
  ],
  deprecations: [
    () => ({ deprecations: [{ scheme: 'qredo-v1', since: '2026-01-01', sunset: '2999-01-01' }] }),
    async ({ call }) => (await call('/')).headers.has('sunset'),
    false,
    true,
  ],
  schemes: [
    () => ({ schemes: [...SCHEMES, own], routes: [{ path: '/', schemes: ['own'] }] }),
    async ({ call }) => ((await (await call('/')).json()) as { code?: string }).code,
    undefined,
    'missing-header',
  ],
}

describe('a gateway that takes new settings', () => {
  it.each(Object.entries(RENEWALS))('goes by another %s for the requests to come, and by the old one again', async (_, row) => {
    const [more, look, before, after] = row
    const running = await start()
    expect(await look(running)).toEqual(before)
    running.gateway.renew(settings(more()))
    expect(await look(running)).toEqual(after)
    running.gateway.renew(settings())
    expect(await look(running)).toEqual(before)
  })

  it('lets requests that run end by the old settings, at the old upstream', async () => {
    const { gateway, call } = await start()
    const slow = call('/slow')
    await expect.poll(() => held.length).toBe(1)
    gateway.renew(settings({ upstream: upstreams[1]?.origin }))
    expect((await call('/')).headers.get('upstream')).toBe('second')
    held.pop()?.end('late')
    const answer = await slow
    expect([answer.status, answer.headers.get('upstream'), await answer.text()]).toEqual([200, 'first', 'late'])
  })

  it('remembers the calls that it took before, and what keys used of their rate', async () => {
    const rate = { routes: [{ path: '/', schemes: ['qredo-v1'], rate: { quota: 2, windowSeconds: 3600 } }] }
    const { gateway, send, call } = await start(rate)
    const { headers } = createSigner(qredoV1, caller).sign({ method: 'GET', url: `${ORIGIN}/once` })
    expect((await send('/once', { ...headers })).status).toBe(200)
    gateway.renew(settings(rate))
    const again = await send('/once', { ...headers })
    expect([again.status, ((await again.json()) as { code: string }).code]).toEqual([401, 'replayed'])
    expect([(await call('/a')).status, (await call('/b')).status]).toEqual([200, 429])
  })

  it('takes none again that it took and forgot, where calls may be older now', async () => {
    let now = Date.now()
    const clock = () => now
    const replay = memoryReplayGuard({ clock, steadyClock: clock })
    const { gateway, send } = await start({ toleranceMs: 60_000, clock, replay })
    const body = '{"a":1}'
    const sign = () => createSigner(qredoV1, caller, { clock }).sign({ method: 'POST', url: `${ORIGIN}/once`, body }).headers
    const codeOf = async (headers: object) => {
      const answer = await send('/once', { ...headers }, body)
      return answer.status === 200 ? 'passed' : ((await answer.json()) as { code: string }).code
    }
    const headers = sign()
    expect([await codeOf(headers), await codeOf(headers)]).toEqual(['passed', 'replayed'])
    now += 62_000
    expect(await codeOf(headers)).toBe('timestamp-out-of-window')
    expect(await codeOf(sign())).toBe('passed')
    gateway.renew(settings({ toleranceMs: 3_600_000, clock, replay }))
    expect(await codeOf(headers)).toBe('replay-guard-unavailable')
    expect(await codeOf(sign())).toBe('passed')
  })

  it.each<[string, Partial<GatewayOptions>, string]>([
    ['a scheme that there is not', { routes: [{ path: '/', schemes: ['none'] }] }, 'scheme-unknown'],
    ['no upstream', { upstream: undefined }, 'upstream-missing'],
    ['two routes for the same calls', { routes: [1, 2].map(() => ({ path: '/', schemes: ['qredo-v1'] })) }, 'route-invalid'],
    ['an identity key that is none', { identity: { keys: ['none'] } }, 'identity-key-invalid'],
  ])('refuses %s, and goes on as before', async (_, wrong, code) => {
    const { gateway, call } = await start()
    expect(() => gateway.renew(settings(wrong))).toThrow(expect.objectContaining({ code }) as Error)
    expect((await call('/')).status).toBe(200)
  })

  it.each([
    ['closes the WebSockets that the old settings let through', false],
    ['keeps WebSockets where it is told that the settings are the same', true],
  ])('%s', async (_, keeps) => {
    const { gateway, port } = await start()
    const { headers } = createSigner(qredoV1, caller).sign({ method: 'GET', url: `${ORIGIN}/socket` })
    const socket = new WebSocket(`ws://127.0.0.1:${port}/socket`, { headers: { ...headers } })
    await once(socket, 'open')
    gateway.renew(settings(), keeps)
    if (keeps) {
      socket.send('still here')
      expect(String((await once(socket, 'message'))[0])).toBe('first: still here')
      socket.close()
    }
    expect((await once(socket, 'close'))[0]).toBe(keeps ? 1005 : 1001)
  })
})

describe('settings that are read again', () => {
  const text = `upstream: http://127.0.0.1:1\norigin: ${ORIGIN}\n`
  const flags = { redis: 'redis://before' }
  const before = readGatewayConfig(text, 'gateway.yaml', flags)
  const other: { readonly [setting: string]: string } = {
    host: '0.0.0.0',
    port: '1',
    adminPort: '1',
    adminHost: '::1',
    store: 'other.db',
    masterKeyFile: 'other',
    redis: 'redis://127.0.0.1',
    waitForReplicas: '1',
    maxReplayBytes: '99999999',
    tracing: 'true',
    spoolBytes: '2000',
    spoolFolder: '/tmp',
    maxSpoolBytes: '999999999',
    maxHeldBytes: '999999999',
    maxPipelined: '7',
  }
  const wantStart = Object.entries(SETTINGS).flatMap(([name, taken]) => (taken === 'start' ? [name] : []))

  it.each(wantStart)('are refused where they have another %s, by name', name => {
    expect(other).toHaveProperty(name)
    const now = readGatewayConfig(`${text}${name}: ${other[name]}\n`, 'gateway.yaml', name in flags ? {} : flags)
    expect(() => checkRenewed(before, now)).toThrow(`only a start takes: ${name}.`)
  })

  it('are refused where they turn TLS on or off, and taken where its files have other names', () => {
    const withTls = (name: string) => readGatewayConfig(`${text}tls: { cert: ${name}, key: ${name} }\n`, 'gateway.yaml', flags)
    expect(() => checkRenewed(before, withTls('a.pem'))).toThrow('only a start takes: tls.')
    expect(() => checkRenewed(withTls('a.pem'), before)).toThrow('only a start takes: tls.')
    checkRenewed(withTls('a.pem'), withTls('b.pem'))
  })
})
