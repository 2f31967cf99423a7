import { createHmac } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import { type AddressInfo, connect, createServer as createTcpServer, type Server as TcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createSigner } from 'countersign'
import { httpMessageSignatures } from 'countersign/http-signatures'
import { bybit, qredoV1, rfc9421, stripe } from 'countersign/schemes'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import {
  type AccessEntry,
  createGateway,
  type Gateway,
  type GatewayOptions,
  type KeyService,
  migrationReport,
  openKeyService,
  readKeyDays,
} from '../src/index.ts'

const ORIGIN = 'https://api.example.com'
const folder = mkdtempSync(join(tmpdir(), 'countersign-gateway-'))
let service: KeyService
let keyId = ''
let secret = ''
let stripeKey = { id: '', secret: '' }
let upstream: Server
let upstreamOrigin = ''
const gateways: Gateway[] = []
const log: AccessEntry[] = []
const errors: unknown[] = []

/** What the upstream saw of the last request. */
let seen: { method: string; url: string; headers: IncomingHttpHeaders; raw: string[]; body: string } | undefined
let count = 0

beforeAll(async () => {
  service = await openKeyService({ store: join(folder, 'keys.db') })
  const actor = { name: 'test', address: '' }
  await service.administrators.createOrganisation(actor, { id: 'acme', name: 'Acme', kind: 'organisation' })
  await service.administrators.createOrganisation(actor, { id: 'other', name: 'Other', kind: 'organisation' })
  const made = await service.keys.create(actor, 'acme', { name: 'k', permissions: ['balance', 'web3'], fundId: 'f1' })
  keyId = made.key.id
  secret = made.secret ?? ''
  upstream = createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', piece => pieces.push(piece))
    request.on('end', () => {
      count++
      seen = {
        method: request.method ?? '',
        url: request.url ?? '',
        headers: request.headers,
        raw: request.rawHeaders,
        body: Buffer.concat(pieces).toString(),
      }
      if (request.url === '/big') {
        // As much as anybody wants, as fast as it is taken.
        const chunk = Buffer.alloc(1 << 20, 120)
        let left = 1024
        const push = (): void => {
          while (left > 0) {
            left--
            if (!response.write(chunk)) {
              response.once('drain', push)
              return
            }
          }
          response.end()
        }
        push()
        return
      }
      response.setHeader('connection', 'close, x-inner')
      response.setHeader('x-inner', '1')
      response.setHeader('set-cookie', ['a=1', 'b=2'])
      response.statusCode = request.url === '/teapot' ? 418 : 200
      response.end(`hello ${request.url}`)
    })
  })
  await new Promise<void>(resolve => upstream.listen(0, '127.0.0.1', resolve))
  upstreamOrigin = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
})
afterEach(async () => {
  await Promise.all(gateways.splice(0).map(gateway => gateway.drain(100)))
  seen = undefined
  log.length = 0
  errors.length = 0
})
afterAll(async () => {
  upstream.closeAllConnections()
  upstream.close()
  await service.close()
  rmSync(folder, { recursive: true, force: true })
})

async function start(options: Partial<GatewayOptions> = {}): Promise<{ gateway: Gateway; port: number; call: Call }> {
  const gateway = createGateway({
    upstream: upstreamOrigin,
    origin: ORIGIN,
    service,
    onFinished: entry => log.push(entry),
    onError: error => errors.push(error),
    ...options,
  })
  gateways.push(gateway)
  await new Promise<void>(resolve => gateway.server.listen(0, '127.0.0.1', resolve))
  const { port } = gateway.server.address() as AddressInfo
  const call: Call = (method, path, body, change = {}) => {
    const { headers } = createSigner(qredoV1, { keyId, secret }).sign({ method, url: ORIGIN + path, body })
    return fetch(`http://127.0.0.1:${port}${path}`, { method, headers: { ...headers, ...change }, ...(body === undefined ? {} : { body }) })
  }
  return { gateway, port, call }
}
type Call = (method: string, path: string, body?: string, change?: Record<string, string>) => Promise<Response>

/** Sends bytes and reads what comes back until the connection ends, is silent, or says no more after its answer. */
function raw(port: number, text: string | Buffer): Promise<string> {
  return new Promise(resolve => {
    let answer = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    socket.setTimeout(1500, () => socket.destroy())
    socket.setEncoding('latin1')
    socket.on('data', piece => {
      answer += piece
      socket.setTimeout(200)
    })
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(answer))
  })
}

describe('the gateway', () => {
  it('passes verified requests on, with who makes them, and answers as the upstream does', async () => {
    const { call } = await start()
    const response = await call('POST', '/orders?a=%7e', '{"a": 1}', {
      'content-type': 'application/json',
      'x-own': 'kept',
      'x-request-id': 'r-1',
    })
    expect([response.status, await response.text()]).toEqual([200, 'hello /orders?a=%7e'])
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
    expect([response.headers.get('x-inner'), response.headers.get('x-request-id')]).toEqual([null, 'r-1'])
    expect(seen).toMatchObject({
      method: 'POST',
      url: '/orders?a=%7e',
      body: '{"a": 1}',
      headers: {
        'content-length': '8',
        'x-own': 'kept',
        'x-request-id': 'r-1',
        'x-forwarded-for': '127.0.0.1',
        'x-countersign-key': keyId,
        'x-countersign-organisation': 'acme',
        'x-countersign-permissions': 'balance,web3',
        'x-countersign-scheme': 'qredo-v1',
        'x-countersign-fund': 'f1',
      },
    })
    expect(seen?.headers['x-countersign-wallet']).toBe('')
    for (const name of ['qredo-api-key', 'qredo-api-sig', 'qredo-api-ts', 'transfer-encoding'])
      expect(seen?.headers).not.toHaveProperty(name)
    expect((await call('GET', '/teapot')).status).toBe(418)
    expect(log.map(({ status, outcome, keyId: by }) => [status, outcome, by])).toEqual([
      [200, 'passed', keyId],
      [418, 'passed', keyId],
    ])
  })

  it.each([
    [undefined, '8.8.8.8, 192.0.2.7', 'address-not-allowed', '127.0.0.1'],
    [['127.0.0.1'], '8.8.8.8, 192.0.2.7', 'ok', '192.0.2.7'],
    [['127.0.0.1'], '192.0.2.7, 8.8.8.8', 'address-not-allowed', '8.8.8.8'],
    [['127.0.0.1'], '192.0.2.7, unknown', 'address-not-allowed', '127.0.0.1'],
  ])('believes of a client’s address what trusted proxies say (%j, %s)', async (trustedProxies, list, expected, logged) => {
    const made = await service.keys.create({ name: 'test', address: '' }, 'other', { name: 'bound', addresses: ['192.0.2.0/24'] })
    const { port } = await start({ trustedProxies })
    const { headers } = createSigner(qredoV1, { keyId: made.key.id, secret: made.secret ?? '' }).sign({ method: 'GET', url: `${ORIGIN}/x` })
    const answer = await fetch(`http://127.0.0.1:${port}/x`, { headers: { ...headers, 'x-forwarded-for': list } })
    expect(answer.ok ? 'ok' : ((await answer.json()) as { code: string }).code).toBe(expected)
    expect(log.at(-1)?.address).toBe(logged)
    if (answer.ok)
      expect(seen?.headers).toMatchObject({
        'x-forwarded-for': '192.0.2.7',
        'x-forwarded-host': 'api.example.com',
        'x-forwarded-proto': 'https',
      })
  })

  it('keeps headers that are named, and logs which route an unclear path is read as', async () => {
    const { port } = await start({
      keepHeaders: ['x-forwarded-prefix', 'x-http-method-override'],
      routes: [
        { path: '/', schemes: ['qredo-v1'] },
        { path: '/admin', schemes: ['qredo-v1'], permission: ['root'] },
      ],
    })
    const { headers } = createSigner(qredoV1, { keyId, secret }).sign({ method: 'GET', url: `${ORIGIN}/x` })
    const sent = { 'x-forwarded-prefix': '/p', 'x-http-method-override': 'PUT', x_forwarded_prefix: '/q', 'x-forwarded-uri': '/r' }
    expect((await fetch(`http://127.0.0.1:${port}/x`, { headers: { ...headers, ...sent } })).status).toBe(200)
    expect(seen?.headers).toMatchObject({ 'x-forwarded-prefix': '/p', 'x-http-method-override': 'PUT' })
    for (const name of ['x_forwarded_prefix', 'x-forwarded-uri']) expect(seen?.headers).not.toHaveProperty(name)
    const refused = await (await fetch(`http://127.0.0.1:${port}/x/..%252fADMIN/y`)).text()
    expect(refused).toContain('unclear-path')
    expect(refused).not.toContain('/admin')
    expect(log.at(-1)?.detail).toMatch(/^read as \/(x\/\.\.\/)?admin\/y, of the route \/admin$/)
    for (const name of ['x-countersign-key', 'X-Own', 'host', 'connection', 'x-forwarded-for', 'a b'])
      await expect(start({ keepHeaders: [name] })).rejects.toMatchObject({ code: 'header-not-kept' })
  })

  it('keeps the signature’s headers where it is told to', async () => {
    const { call } = await start({ keepSignature: true })
    await call('GET', '/x')
    expect(seen?.headers).toHaveProperty('qredo-api-sig')
  })

  it('lets nothing through that is not verified, and not twice', async () => {
    const { call, port } = await start()
    const before = count
    expect((await call('GET', '/x', undefined, { 'qredo-api-sig': 'A'.repeat(43) })).status).toBe(401)
    expect((await fetch(`http://127.0.0.1:${port}/x`)).status).toBe(401)
    const { headers } = createSigner(qredoV1, { keyId, secret }).sign({ method: 'POST', url: `${ORIGIN}/pay`, body: '{}' })
    const send = () => fetch(`http://127.0.0.1:${port}/pay`, { method: 'POST', headers, body: '{}' })
    expect((await Promise.all([send(), send(), send(), send()])).map(({ status }) => status).sort()).toEqual([200, 401, 401, 401])
    const tampered = await fetch(`http://127.0.0.1:${port}/pay`, { method: 'POST', headers, body: '{"a":1}' })
    expect(await tampered.json()).toMatchObject({ code: 'bad-signature' })
    expect(count).toBe(before + 1)
    expect(log.every(entry => !JSON.stringify(entry).includes(headers['qredo-api-sig'] ?? 'x'))).toBe(true)
  })

  it('takes several schemes on one route, and has permissions by route', async () => {
    const made = await service.keys.create({ name: 'test', address: '' }, 'acme', { name: 's', scheme: 'qredo-v2' })
    stripeKey = { id: made.key.id, secret: made.secret ?? '' }
    const { call, port } = await start({
      routes: [
        { path: '/', schemes: ['qredo-v1', 'qredo-v2'] },
        { path: '/admin', schemes: ['qredo-v1'], permission: ['root'] },
        { path: '/get-only', schemes: ['qredo-v1'], methods: ['GET'] },
        { path: '/get-only', schemes: ['qredo-v1'], methods: ['DELETE'], permission: ['root'] },
      ],
    })
    const { qredoV2 } = await import('countersign/schemes')
    const { headers } = createSigner(qredoV2, { keyId: stripeKey.id, secret: stripeKey.secret }).sign({ method: 'GET', url: `${ORIGIN}/x` })
    expect((await fetch(`http://127.0.0.1:${port}/x`, { headers })).status).toBe(200)
    expect(seen?.headers['x-countersign-scheme']).toBe('qredo-v2')
    expect((await call('GET', '/x')).status).toBe(200)
    expect(await (await call('GET', '/admin/x')).json()).toMatchObject({ code: 'permission-denied' })
    expect((await call('GET', '/administrator')).status).toBe(200)
    expect((await call('GET', '/get-only')).status).toBe(200)
    expect(await (await call('DELETE', '/get-only')).json()).toMatchObject({ code: 'permission-denied' })
    // It has its path to itself: other methods do not fall to the route above it.
    expect(await (await call('POST', '/get-only/x')).json()).toMatchObject({ status: 405, code: 'wrong-method' })
    expect(stripe.name).toBe('stripe')
  })

  it('takes what a scheme does not sign only as the scheme or its route says', async () => {
    const made = await service.keys.create({ name: 'test', address: '' }, 'acme', { name: 'b', scheme: 'bybit' })
    const { port } = await start({
      routes: [
        { path: '/', schemes: ['bybit', 'qredo-v1'] },
        { path: '/v5/order', schemes: ['bybit'], only: { methods: ['POST', 'PUT'], paths: ['/v5/order/create', '/v5/order/batch/*'] } },
      ],
    })
    const signer = createSigner(bybit, { keyId: made.key.id, secret: made.secret ?? '' })
    const send = async (method: string, path: string): Promise<string> => {
      const body = method === 'GET' ? undefined : '{}'
      const { headers } = signer.sign({ method, url: ORIGIN + path, body })
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method, headers, ...(body === undefined ? {} : { body }) })
      const text = await answer.text()
      return answer.ok ? 'ok' : (JSON.parse(text) as { code: string }).code
    }
    expect(await send('GET', '/v5/balance?coin=BTC')).toBe('ok')
    expect(await send('POST', '/v5/balance')).toBe('method-not-allowed')
    expect(await send('POST', '/v5/order/create')).toBe('ok')
    expect(await send('PUT', '/v5/order/batch/7')).toBe('ok')
    expect(await send('GET', '/v5/order/create')).toBe('method-not-allowed')
    for (const path of ['/v5/order/cancel', '/v5/order/batch', '/v5/order/create/', '/v5/order/create?x=1'])
      expect([path, await send('POST', path)]).toEqual([path, 'part-not-taken'])
    const widened = { path: '/', schemes: ['bybit'], only: { methods: ['POST'] } }
    await expect(start({ routes: [widened] })).rejects.toMatchObject({
      code: 'route-invalid',
      message: expect.stringMatching(/^The route \/: .*only: \{ paths:/) as string,
    })
  })

  it('tells of what is deprecated with every answer, counts it, interrupts it, and refuses it in the end', async () => {
    const day = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString()
    const deprecation = { since: day(-9), successor: 'qredo-v2', link: 'https://api.example.com/migrating' }
    const over = { path: '/over', schemes: ['qredo-v1'] }
    const { gateway, call, port } = await start({
      routes: [{ path: '/', schemes: ['qredo-v1', 'qredo-v2'] }, over, { path: '/brown', schemes: ['qredo-v1'] }],
      deprecations: [
        { ...deprecation, scheme: 'qredo-v1', sunset: day(9) },
        { ...deprecation, route: '/over', sunset: day(-1), successor: '/x' },
        { ...deprecation, route: '/brown', brownOuts: [{ from: day(-1), until: day(1) }] },
      ],
    })
    const before = count
    const response = await call('GET', '/x')
    expect(response.status).toBe(200)
    expect(response.headers.get('deprecation')).toMatch(/^@\d{10}$/)
    expect(Date.parse(response.headers.get('sunset') ?? '')).toBeGreaterThan(Date.now())
    expect(response.headers.get('link')).toContain('<https://api.example.com/migrating>; rel="deprecation"')
    const gone = await call('GET', '/over/7')
    expect([gone.status, await gone.json()]).toMatchObject([410, { code: 'route-retired', detail: expect.stringContaining('call /x') }])
    const interrupted = await call('GET', '/brown')
    expect([interrupted.status, await interrupted.json()]).toMatchObject([503, { code: 'brown-out' }])
    expect(Number(interrupted.headers.get('retry-after'))).toBeGreaterThan(86_000)
    expect((await fetch(`http://127.0.0.1:${port}/x`)).headers.get('deprecation')).not.toBeNull()
    expect(count).toBe(before + 1)
    const metrics = await gateway.metrics.registry.metrics()
    expect(metrics).toContain('countersign_gateway_deprecated_total{via="qredo-v1",event="called"} 3')
    expect(metrics).toContain('countersign_gateway_deprecated_total{via="route /over",event="refused"} 1')
    await service.lastUsed.flush()
    const report = await migrationReport(service.database.db, 'acme', { from: ['qredo-v1', 'route /over'], to: [], sinceMs: 0 })
    expect(report.using.map(({ keyId: id, via }) => [id, via]).sort()).toEqual([
      [keyId, 'qredo-v1'],
      [keyId, 'route /over'],
    ])
    await expect(start({ deprecations: [{ since: 0, scheme: 'stripe' }] })).rejects.toMatchObject({ code: 'route-invalid' })
  })

  it('counts calls and refusals of a key, by the secret that they hold with', async () => {
    const { call } = await start({
      routes: [
        { path: '/', schemes: ['qredo-v1'] },
        { path: '/root', schemes: ['qredo-v1'], permission: ['root'] },
      ],
    })
    await service.days.flush()
    const counted = async () => {
      const [day = { calls: 0, refusals: 0, secrets: [] }] = await readKeyDays(service.database.db, keyId, 1, Date.now())
      return { calls: day.calls, refusals: day.refusals, secrets: day.secrets }
    }
    const before = await counted()
    for (let at = 0; at < 3; at++) expect((await call('GET', `/counted/${at}`)).status).toBe(200)
    expect((await call('GET', '/root')).status).toBe(403)
    await service.days.flush()
    const after = await counted()
    expect([after.calls - before.calls, after.refusals - before.refusals]).toEqual([3, 1])
    const [{ id: secretId = '' } = {}] = (await service.keys.get(undefined, keyId)).secrets
    const own = ({ secrets }: typeof after) => secrets.find(({ id }) => id === secretId) ?? { calls: 0, refusals: 0 }
    expect([own(after).calls - own(before).calls, own(after).refusals - own(before).refusals]).toEqual([3, 1])
  })

  it('refuses a WebSocket with the status it says in its log', async () => {
    const { call, port } = await start({ routes: [{ path: '/', schemes: ['qredo-v1'], permission: ['root'] }] })
    const { headers } = createSigner(qredoV1, { keyId, secret }).sign({ method: 'GET', url: `${ORIGIN}/feed` })
    const socket = new WebSocket(`ws://127.0.0.1:${port}/feed`, { headers })
    const status = await new Promise(resolve => socket.once('unexpected-response', (_, answer) => resolve(answer.statusCode)))
    expect([status, log.at(-1)?.status]).toEqual([403, 403])
    expect((await call('GET', '/feed')).status).toBe(403)
  })

  it('tunnels WebSockets whose upgrade is signed', async () => {
    const sockets = new WebSocketServer({ noServer: true })
    const feed = createServer()
    feed.on('upgrade', (request, socket, head) =>
      sockets.handleUpgrade(request, socket, head, connection => {
        connection.send(`${request.headers['x-countersign-key']} ${request.url}`)
        connection.on('message', message => connection.send(`echo ${message}`))
      }),
    )
    await new Promise<void>(resolve => feed.listen(0, '127.0.0.1', resolve))
    const { port } = await start({ upstream: `http://127.0.0.1:${(feed.address() as AddressInfo).port}` })
    const { headers } = createSigner(qredoV1, { keyId, secret }).sign({ method: 'GET', url: `${ORIGIN}/feed` })
    const socket = new WebSocket(`ws://127.0.0.1:${port}/feed`, { headers })
    const next = (): Promise<string> =>
      new Promise((resolve, reject) => socket.once('message', message => resolve(String(message))).once('error', reject))
    expect(await next()).toBe(`${keyId} /feed`)
    socket.send('x'.repeat(100_000))
    expect(await next()).toHaveLength(100_005)
    socket.terminate()
    const refused = new WebSocket(`ws://127.0.0.1:${port}/feed`)
    expect(await new Promise(resolve => refused.once('unexpected-response', (_, response) => resolve(response.statusCode)))).toBe(401)
    refused.on('error', () => undefined)
    sockets.close()
    feed.closeAllConnections()
    feed.close()
  })

  it('lets running requests end when it drains, and takes no others', async () => {
    let release: (() => void) | undefined
    const slow = createServer((_, response) => {
      release = () => response.end('slow')
    })
    await new Promise<void>(resolve => slow.listen(0, '127.0.0.1', resolve))
    const { gateway, call } = await start({ upstream: `http://127.0.0.1:${(slow.address() as AddressInfo).port}` })
    const running = call('GET', '/slow')
    await expect.poll(() => release).toBeDefined()
    const drained = gateway.drain(5000)
    await expect(call('GET', '/late')).rejects.toThrow()
    release?.()
    expect(await (await running).text()).toBe('slow')
    await drained
    slow.close()
  })
})

describe('an upstream that misbehaves', () => {
  const servers: TcpServer[] = []
  afterEach(() => {
    for (const server of servers.splice(0)) server.close()
  })
  async function behind(
    answer: string | ((socket: import('node:net').Socket) => void),
    options: Partial<GatewayOptions> = {},
  ): Promise<{ call: Call; port: number }> {
    const server = createTcpServer(socket => {
      socket.on('error', () => undefined)
      socket.once('data', () => (typeof answer === 'string' ? socket.end(answer) : answer(socket)))
    })
    servers.push(server)
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    return start({ upstream: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, ...options })
  }

  it.each([
    ['answers garbage', 'this is no HTTP\r\n\r\n', 502, 'upstream-failed'],
    ['resets', (socket: import('node:net').Socket) => socket.resetAndDestroy(), 502, 'upstream-failed'],
    ['closes without a word', (socket: import('node:net').Socket) => socket.destroy(), 502, 'upstream-failed'],
    ['stalls', () => undefined, 504, 'upstream-timeout'],
    ['says two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab', 502, 'upstream-failed'],
  ])('and %s is told of as such', async (_, answer, status, code) => {
    const { call } = await behind(answer, { timeouts: { headersTimeoutMs: 300 } })
    const response = await call('GET', '/x')
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([status, code])
    expect(log.at(-1)).toMatchObject({ outcome: 'failed', code })
    expect(errors).toEqual([])
  })

  it('that is not there is a 502', async () => {
    const { call } = await start({ upstream: 'http://127.0.0.1:9' })
    expect(await (await call('GET', '/x')).json()).toMatchObject({ code: 'upstream-unreachable', status: 502 })
  })

  it('that breaks off in the middle of its answer has the client’s connection cut', async () => {
    const { call } = await behind(socket =>
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\npart', () => setTimeout(() => socket.destroy(), 30)),
    )
    const response = await call('GET', '/x')
    await expect(response.text()).rejects.toThrow()
  })

  it('that sends a gigabyte to a slow reader costs little memory', async () => {
    const { call } = await start()
    const before = process.memoryUsage().rss
    const response = await call('GET', '/big')
    let most = 0
    let bytes = 0
    for await (const piece of response.body ?? []) {
      bytes += piece.length
      if (bytes % (64 << 20) < piece.length) {
        await sleep(20)
        most = Math.max(most, process.memoryUsage().rss)
      }
    }
    expect(bytes).toBe(1 << 30)
    // Client, gateway and upstream are in this process.
    expect(most - before).toBeLessThan(300 << 20)
  }, 60_000)
})

describe('what strangers send', () => {
  /** By hand: the library's signer refuses most of these URLs. */
  const signed = (method: string, path: string, body = ''): string => {
    const timestamp = `${Date.now()}000${String(signedCount++).padStart(3, '0')}`
    const message = timestamp + method + ORIGIN + path + body
    const signature = createHmac('sha256', Buffer.from(secret, 'base64')).update(message).digest('base64url')
    return `qredo-api-key: ${keyId}\r\nqredo-api-ts: ${timestamp}\r\nqredo-api-sig: ${signature}\r\n`
  }
  let signedCount = 0
  const request = (line: string, headers: string, body = ''): string => `${line} HTTP/1.1\r\nhost: x\r\n${headers}\r\n${body}`

  it.each<[string, () => string]>([
    ['two lengths', () => request('POST /x', `${signed('POST', '/x', '{}')}content-length: 2\r\ncontent-length: 3\r\n`, '{}x')],
    [
      'a length and chunks',
      () => request('POST /x', `${signed('POST', '/x', '{}')}content-length: 2\r\ntransfer-encoding: chunked\r\n`, '2\r\n{}\r\n0\r\n\r\n'),
    ],
    [
      'chunks that are not the last coding',
      () => request('POST /x', `${signed('POST', '/x', '{}')}transfer-encoding: chunked, identity\r\n`, '{}'),
    ],
    ['a folded header', () => request('GET /x', `${signed('GET', '/x')}x-a: b\r\n c: d\r\n`)],
    ['a header with a space before its colon', () => request('GET /x', `${signed('GET', '/x')}content-length : 0\r\n`)],
    ['bare line feeds', () => request('GET /x', signed('GET', '/x')).replaceAll('\r\n', '\n')],
    ['an absolute target', () => request(`GET ${ORIGIN}/x`, signed('GET', '/x'))],
    ['an absolute target of elsewhere', () => request('GET http://evil.example/x', signed('GET', '/x'))],
    ['an encoded way up', () => request('GET /a/%2e%2e/x', signed('GET', '/a/%2e%2e/x'))],
    ['a way up', () => request('GET /a/../x', signed('GET', '/a/../x'))],
    ['empty segments', () => request('GET //x', signed('GET', '//x'))],
    ['a backslash', () => request('GET /a\\x', signed('GET', '/a\\x'))],
    ['a NUL in the target', () => request('GET /a%00\0', signed('GET', '/a'))],
    ['a fragment', () => request('GET /a#b', signed('GET', '/a'))],
    ['an asterisk', () => request('OPTIONS *', signed('OPTIONS', '*'))],
    ['CONNECT', () => request('CONNECT 127.0.0.1:22', signed('GET', '/x'))],
    ['TRACE', () => request('TRACE /x', signed('TRACE', '/x'))],
    ['two hosts', () => `GET /x HTTP/1.1\r\nhost: a\r\nhost: b\r\n${signed('GET', '/x')}\r\n`],
    ['no host', () => `GET /x HTTP/1.1\r\n${signed('GET', '/x')}\r\n`],
    ['a signature that comes twice', () => request('GET /x', signed('GET', '/x') + signed('GET', '/x'))],
    ['a body on GET', () => request('GET /x', `${signed('GET', '/x')}content-length: 2\r\n`, '{}')],
    ['another method override', () => request('GET /x', `${signed('POST', '/x')}x-http-method-override: POST\r\n`)],
    ['a megabyte of headers', () => request('GET /x', `${signed('GET', '/x')}x-long: ${'a'.repeat(1 << 20)}\r\n`)],
    ['thousands of headers', () => request('GET /x', signed('GET', '/x') + 'x-a: b\r\n'.repeat(5000))],
  ])('refuses %s, and not a byte goes upstream', async (_, make) => {
    const { port, call } = await start()
    const before = count
    const answer = await raw(port, make())
    expect(count).toBe(before)
    expect(answer === '' || /^HTTP\/1\.1 (4\d\d) /.test(answer)).toBe(true)
    // It lives.
    expect((await call('GET', '/after')).status).toBe(200)
    expect(errors).toEqual([])
  })

  it('takes what a client says of itself for nothing', async () => {
    const { port } = await start()
    const forged = [
      'x-countersign-key: root',
      'X-Countersign-Permissions: all',
      'x_countersign_key: root',
      'X-COUNTERSIGN-anything: x',
      'x.countersign.key: root',
      'X~Countersign~Key: root',
      'x-countersign.key: root',
      'x-forwarded-for: 10.0.0.1',
      'x-real-ip: 10.0.0.1',
      'forwarded: for=10.0.0.1',
      'connection: close, te',
      'te: trailers',
      'proxy-authorization: x',
    ]
    const answer = await raw(port, request('GET /x', `${signed('GET', '/x')}${forged.map(line => `${line}\r\n`).join('')}`))
    expect(answer).toMatch(/^HTTP\/1\.1 200 /)
    const names = seen?.raw.filter((_, index) => index % 2 === 0).map(name => name.toLowerCase())
    expect(names?.filter(name => name.replaceAll(/[^a-z0-9]/g, '-').startsWith('x-countersign-')).sort()).toEqual(
      ['fund', 'identity', 'key', 'organisation', 'permissions', 'scheme', 'wallet'].map(name => `x-countersign-${name}`),
    )
    expect(seen?.headers).toMatchObject({
      'x-countersign-key': keyId,
      'x-countersign-permissions': 'balance,web3',
      'x-forwarded-for': '127.0.0.1',
    })
    for (const name of ['x-real-ip', 'forwarded', 'te', 'proxy-authorization']) expect(names).not.toContain(name)
  })

  it.each([
    '/%61dmin/users',
    '/%2561dmin/users',
    '/Admin/users',
    '/ADMIN',
    '/admin%2fusers',
    '/admin%2Fusers',
    '/admin;x=1/users',
    '/admin;/users',
    '/x;/../admin',
    '/x/..;/admin/users',
    '/x/..%2fadmin/users',
    '/x/%2e%2e/admin',
    '/x%5c..%5cadmin',
    '/x/%252e%252e%252fadmin',
    '/admin%3bx=1',
    '/admin/..;/x',
    '/%25252525252561dmin',
  ])('refuses %s, which some upstream reads as a path of another route', async path => {
    const { port } = await start({
      routes: [
        { path: '/', schemes: ['qredo-v1'] },
        { path: '/admin', schemes: ['qredo-v1'], permission: ['root'] },
      ],
    })
    const before = count
    // What is signed on the way does not matter: the route is chosen before.
    const answer = await raw(port, request(`GET ${path}`, signed('GET', '/x')))
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    expect(answer).toContain('"code":"unclear-path"')
    const upgrade = 'connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13'
    expect(await raw(port, `GET ${path} HTTP/1.1\r\nhost: a\r\n${upgrade}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 400 .*"code":"unclear-path"/s)
    expect(count).toBe(before)
  })

  it.each([
    '/public/%c0%ae%c0%ae/admin',
    '/public/%C0%AE./admin',
    '/public/%25c0%25ae./x',
    '/x/%c1%9c/admin',
    '/x/%e0%80%ae/admin',
    '/x/%f0%80%80%ae/admin',
    '/x/%f8%80%80%80%ae',
    '/x/%fc%80%80%80%80%ae',
    '/%u0061dmin',
    '/%U0061dmin',
    '/%25u0061dmin',
    '/public/%u002e%u002e/admin',
    '/admin.',
    '/admin./users',
    '/admin%2e',
    '/admin%2E%2Fusers',
    '/admin%252e',
    '/admin...',
    '/admin.;x=1',
    '/admin%20',
    '/admin%20/users',
    '/admin%2520',
    '/admin%20;x=1',
    '/admin%20.%20',
    '/admin%00',
    '/admin%00.txt',
    '/a%09dmin',
    '/admin%0a',
    '/admin%7f',
  ])('refuses %s, which old servers read as another path, on a gateway of one route', async path => {
    const { port } = await start()
    const before = count
    expect(await raw(port, request(`GET ${path}`, `connection: close\r\n${signed('GET', path)}`))).toMatch(
      /^HTTP\/1\.1 400 .*"code":"unclear-path"/s,
    )
    expect(count).toBe(before)
    const routes = [path, '/'].map(own => ({ path: own, schemes: ['qredo-v1'] }))
    await expect(start({ routes })).rejects.toMatchObject({ code: 'route-invalid' })
  })

  it.each([false, true])(
    'sends no override on that nobody signed, and refuses one that is signed (keepSignature: %s)',
    async keepSignature => {
      const made = await service.keys.create({ name: 'test', address: '' }, 'acme', { name: 'o', scheme: 'rfc9421' })
      const { port } = await start({ keepSignature, routes: [{ path: '/', schemes: ['qredo-v1', 'rfc9421'] }] })
      const forged = ['X-HTTP-Method-Override: DELETE', 'x_http_method: DELETE', 'X-Method_Override: DELETE', 'X-Original-URL: /admin']
      const lines = [...forged, 'X-Rewrite-Url: /admin', 'x-own: kept', 'connection: close'].map(line => `${line}\r\n`)
      expect(await raw(port, request('GET /x', signed('GET', '/x') + lines.join('')))).toMatch(/^HTTP\/1\.1 200 /)
      expect(seen?.raw.filter(name => /override|method|original|rewrite|x-own/i.test(name))).toEqual(['x-own'])
      const before = count
      const override = { 'x-http-method-override': 'DELETE' }
      const scheme = httpMessageSignatures({ name: 'rfc9421', components: ['@method', '@target-uri', 'x-http-method-override'] })
      const { headers } = createSigner(scheme, { keyId: made.key.id, secret: made.secret ?? '' }).sign({
        method: 'GET',
        url: `${ORIGIN}/x`,
        headers: override,
      })
      const all = Object.entries({ ...override, ...headers, connection: 'close' }).map(([name, value]) => `${name}: ${value}\r\n`)
      expect(await raw(port, request('GET /x', all.join('')))).toMatch(/^HTTP\/1\.1 400 .*"code":"signed-override"/s)
      expect(count).toBe(before)
    },
  )

  it.each([
    ['/Admin', '/admin/x'],
    ['/Admin', '/ADMIN/x'],
    ['/Admin', '/%41dmin/x'],
    ['/caf%C3%A9', '/caf%c3%a9/x'],
    ['/caf%C3%A9', '/CAF%C3%A9/x'],
  ])('keeps the permission of the route %s for %s', async (path, target) => {
    const { port } = await start({
      routes: [
        { path: '/', schemes: ['qredo-v1'] },
        { path, schemes: ['qredo-v1'], permission: ['root'] },
      ],
    })
    const before = count
    expect(await raw(port, request(`GET ${target}`, signed('GET', target)))).toMatch(/^HTTP\/1\.1 (400|403) /)
    expect(await raw(port, request(`GET ${path}/x`, signed('GET', `${path}/x`)))).toMatch(/^HTTP\/1\.1 403 /)
    expect(count).toBe(before)
  })

  it('makes no gateway of two routes that some server reads alike', async () => {
    const routes = ['/admin', '/Admin'].map(path => ({ path, schemes: ['qredo-v1'] }))
    await expect(start({ routes })).rejects.toMatchObject({ code: 'route-invalid' })
  })

  it.each([
    ...['x-tenant', 'close, x-tenant', 'content-type', 'cookie', 'keep-alive, X-Amz-Target', 'x-countersign-key', 'X_Countersign_Key'],
    ...['qredo-api-sig', 'upgrade, signature-input', 'host', 'content-length', 'authorization', 'x-forwarded-for', 'x-request-id', '*'],
  ])('lets no Connection: %s take a header off that may be signed', async connection => {
    const { port } = await start()
    const before = count
    const answer = await raw(
      port,
      `GET /x HTTP/1.1\r\nhost: api.example.com\r\nconnection: ${connection}\r\nx-tenant: a\r\n${signed('GET', '/x')}\r\n`,
    )
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    expect(answer).toContain('"code":"connection-header"')
    expect(count).toBe(before)
  })

  it.each([
    '/Orders/7',
    '/files/a%2Fb%20c',
    '/m;v=1/x',
    '/100%25',
    '/administrator%20x',
    '/v1.2/a.b',
    '/.well-known/x',
    '/%F6l',
    '/Straße'.replace('ß', '%C3%9F'),
  ])('takes %s, which is the same route however it is read', async path => {
    const { port } = await start({
      routes: [
        { path: '/', schemes: ['qredo-v1'] },
        { path: '/admin', schemes: ['qredo-v1'], permission: ['root'] },
      ],
    })
    expect(await raw(port, request(`GET ${path}`, signed('GET', path)))).toMatch(/^HTTP\/1\.1 200 /)
    expect(seen?.url).toBe(path)
  })

  it('smuggles no second request behind a first', async () => {
    const { port } = await start()
    const before = count
    const inner = 'GET /inner HTTP/1.1\r\nhost: x\r\n\r\n'
    const body = `{"a":1}`
    await raw(port, request('POST /x', `${signed('POST', '/x', body)}content-length: ${body.length}\r\n`, body + inner))
    expect(seen?.url).toBe('/x')
    expect(count).toBe(before + 1)
  })

  it('writes large bodies to disk, verifies them, and sends them on whole; the others are gone', async () => {
    const { call, port } = await start({ spoolBytes: 1000, spoolFolder: folder, maxBodyBytes: 3_000_000, maxHeldBytes: 1000 })
    const spools = () =>
      readdirSync(folder)
        .filter(name => name.startsWith('countersign-gateway-'))
        .flatMap(name => readdirSync(join(folder, name)).filter(file => file !== 'lock'))
    const large = (letter: string) => JSON.stringify({ a: letter.repeat(2_000_000) })
    const answers = await Promise.all(['a', 'b', 'c', 'd'].map(letter => call('POST', `/${letter}`, large(letter))))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    await call('POST', '/e', large('e'))
    expect(seen?.body === large('e')).toBe(true)
    expect(seen?.headers['content-length']).toBe(String(large('e').length))
    const before = count
    expect((await call('POST', '/x', large('x'), { 'qredo-api-sig': 'A'.repeat(43) })).status).toBe(401)
    expect((await call('POST', '/x', large('x').repeat(2))).status).toBe(413)
    expect(count).toBe(before)
    await expect.poll(spools).toEqual([])
    // Cut off in the middle.
    const cut = connect(port, '127.0.0.1')
    cut.write(request('POST /cut', `${signed('POST', '/cut', 'x')}content-length: 2000000\r\n`, '{"a":'))
    await expect.poll(spools).toHaveLength(1)
    cut.destroy()
    await expect.poll(spools).toEqual([])
    expect((await call('GET', '/after')).status).toBe(200)
    expect(errors).toEqual([])
  })

  it('passes large bodies on while they come in where their digest is signed, and cuts off what does not fit', async () => {
    const made = await service.keys.create({ name: 'test', address: '' }, 'acme', { name: 'd', scheme: 'rfc9421' })
    const { gateway, port } = await start({
      routes: [{ path: '/', schemes: ['qredo-v1', 'rfc9421'] }],
      spoolBytes: 1000,
      spoolFolder: folder,
      maxBodyBytes: 3_000_000,
      maxHeldBytes: 1000,
    })
    const signer = createSigner(rfc9421, { keyId: made.key.id, secret: made.secret ?? '' })
    const good = JSON.stringify({ a: 'a'.repeat(2_000_000) })
    const wrong = good.replace(/a"}$/, 'b"}')
    const send = (path: string, sent: string, isChunked = false, signedBody = good): Promise<Response> => {
      const { headers } = signer.sign({ method: 'POST', url: ORIGIN + path, body: signedBody, headers: { host: new URL(ORIGIN).host } })
      const body = isChunked ? new Blob([sent]).stream() : sent
      return fetch(`http://127.0.0.1:${port}${path}`, {
        method: 'POST',
        headers,
        body,
        ...(isChunked ? { duplex: 'half' } : {}),
      } as RequestInit)
    }
    for (const isChunked of [false, true]) {
      expect((await send(`/good-${isChunked}`, good, isChunked)).status).toBe(200)
      expect(seen?.body === good).toBe(true)
      const before = count
      const refused = await send(`/wrong-${isChunked}`, wrong, isChunked)
      expect([refused.status, await refused.json()]).toMatchObject([400, { code: 'digest-mismatch' }])
      const long = good.repeat(2)
      expect((await send(`/long-${isChunked}`, long, isChunked, long)).status).toBe(413)
      // The upstream never had one of them whole.
      expect(count).toBe(before)
    }
    // A wrong signature lets no byte through.
    let begun = 0
    upstream.on('request', () => begun++)
    const { headers } = signer.sign({ method: 'POST', url: `${ORIGIN}/x`, body: good, headers: { host: new URL(ORIGIN).host } })
    const forged = { ...headers, signature: headers['signature']?.replace(/:.{4}/, ':AAAA') ?? '' }
    expect((await fetch(`http://127.0.0.1:${port}/x`, { method: 'POST', headers: forged, body: good })).status).toBe(401)
    expect(begun).toBe(0)
    // The first half is upstream before the second is sent.
    const socket = connect(port, '127.0.0.1')
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    socket.write(`POST /x HTTP/1.1\r\nhost: x\r\n${lines.join('')}content-length: ${good.length}\r\n\r\n${good.slice(0, 1_000_000)}`)
    await expect.poll(() => begun).toBe(1)
    socket.write(good.slice(1_000_000))
    await expect.poll(() => seen?.url === '/x' && seen.body === good).toBe(true)
    socket.destroy()
    // Nor does a call get through whose key was revoked while its body came.
    const late = signer.sign({ method: 'POST', url: `${ORIGIN}/late`, body: good, headers: { host: new URL(ORIGIN).host } })
    const slow = connect(port, '127.0.0.1')
    const lateLines = Object.entries(late.headers).map(([name, value]) => `${name}: ${value}\r\n`)
    slow.write(`POST /late HTTP/1.1\r\nhost: x\r\n${lateLines.join('')}content-length: ${good.length}\r\n\r\n${good.slice(0, 1_000_000)}`)
    await expect.poll(() => begun).toBe(2)
    const served = count
    await service.keys.setState({ name: 'test', address: '' }, 'acme', made.key.id, 'revoked')
    slow.write(good.slice(1_000_000))
    let answer = ''
    slow.on('data', data => {
      answer += data
    })
    await expect.poll(() => answer).toMatch(/key-revoked/)
    slow.destroy()
    expect(count).toBe(served)
    expect(readdirSync(folder).filter(name => name.startsWith('countersign-gateway-'))).toEqual([])
    expect(await gateway.metrics.registry.metrics()).toMatch(/code="digest-mismatch",route="\/",scheme="[\w-]*"\} 2/)
    expect(errors).toEqual([])
  })
})
