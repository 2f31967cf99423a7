import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSigner, type Scheme } from 'countersign'
import { httpSignaturesDraft12, qredoV1, rfc9421 } from 'countersign/schemes'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type AccessEntry, createGateway, type Gateway, type GatewayOptions, type KeyService, openKeyService } from '../src/index.ts'
import { sockets, talk } from './talk.ts'

const ORIGIN = 'https://api.example.com'
const UPGRADE = 'connection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
const ACTOR = { name: 'test', address: '' }
const folder = mkdtempSync(join(tmpdir(), 'countersign-gateway-answers-'))
const gateways: Gateway[] = []
const servers: { close(): unknown }[] = []
const log: AccessEntry[] = []
const errors: unknown[] = []
const refusals: Parameters<KeyService['refusals']['refused']>[0]['failure'][] = []
const used: string[] = []
let service: KeyService
let key = { keyId: '', secret: '' }
let upstream: Server
let upstreamOrigin = ''
/** The upstream's ends of WebSockets. */
const feeds: Socket[] = []

beforeAll(async () => {
  service = await openKeyService({ store: join(folder, 'keys.db') })
  await service.administrators.createOrganisation(ACTOR, { id: 'acme', name: 'Acme', kind: 'organisation' })
  key = await makeKey('qredo-v1')
  const inner = { connection: 'close, x-inner', 'x-inner': '1', 'x-request-id': 'inner', 'proxy-authenticate': 'Basic', 'x-kept': 'yes' }
  upstream = createServer((request, response) => {
    request.on('error', () => undefined)
    if (request.url === '/stalls') return
    if (request.url === '/breaks-off') return void response.socket?.destroy()
    request.resume()
    request.on('end', () => {
      response.writeHead(request.url === '/teapot' ? 418 : 200, { ...inner, deprecation: '@1', link: '<https://a.example>; rel="next"' })
      response.end(request.url === '/long' ? 'x'.repeat(4_000_000) : 'hello')
    })
  })
  upstream.on('upgrade', (request, socket: Socket) => {
    socket.on('error', () => undefined)
    socket.on('end', () => socket.end())
    if (request.url === '/stalls') return
    if (request.url === '/breaks-off') return void socket.destroy()
    const protocol = request.url === '/h2c' ? 'h2c' : 'websocket'
    if (/^\/(feed|h2c)/.test(request.url ?? '')) {
      feeds.push(socket)
      socket.write(`HTTP/1.1 101 Switching Protocols\r\nupgrade: ${protocol}\r\nconnection: Upgrade, x-inner\r\nx-inner: 1\r\n`)
      return void socket.write('x-request-id: inner\r\nproxy-authenticate: Basic\r\nx-kept: yes\r\ndeprecation: @1\r\n\r\n')
    }
    const lines = Object.entries(inner).map(([name, value]) => `${name}: ${value}\r\n`)
    const text = request.url === '/long' ? 'x'.repeat(4_000_000) : 'hello'
    socket.end(
      `HTTP/1.1 ${request.url === '/teapot' ? 418 : 200} OK\r\n${lines.join('')}deprecation: @1\r\ncontent-length: ${text.length}\r\n\r\n${text}`,
    )
  })
  upstreamOrigin = await listenOn(upstream)
})
afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  for (const feed of feeds.splice(0)) feed.destroy()
  await Promise.all(gateways.splice(0).map(gateway => gateway.drain(0)))
  for (const server of servers.splice(0)) server.close()
  for (const list of [log, errors, refusals, used]) list.length = 0
})
afterAll(async () => {
  upstream.closeAllConnections()
  upstream.close()
  await service.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Undici's timeouts are a second late. */
const poll = <T>(value: () => T) => expect.poll(value, { timeout: 20_000 })

async function makeKey(scheme: string): Promise<{ keyId: string; secret: string }> {
  const made = await service.keys.create(ACTOR, 'acme', { name: scheme, scheme, permissions: ['balance'] })
  return { keyId: made.key.id, secret: made.secret ?? '' }
}

async function listenOn(server: Server | ReturnType<typeof createTcpServer>): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function start(options: Partial<GatewayOptions> = {}): Promise<{ gateway: Gateway; port: number }> {
  const watched: KeyService = {
    ...service,
    used: one => void used.push(one.id),
    refusals: { ...service.refusals, refused: ({ failure }) => void refusals.push(failure) },
  }
  const gateway = createGateway({
    upstream: upstreamOrigin,
    origin: ORIGIN,
    service: watched,
    onFinished: entry => log.push(entry),
    onError: error => errors.push(error),
    ...options,
  })
  gateways.push(gateway)
  const origin = await listenOn(gateway.server)
  return { gateway, port: Number(new URL(origin).port) }
}

function signed(path: string, method = 'GET', by = qredoV1): string {
  const { headers } = createSigner(by, key).sign({ method, url: ORIGIN + path })
  return linesOf(headers)
}

function linesOf(headers: { readonly [name: string]: string }): string {
  return Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')
}

function read(answer: string): { status: number; headers: Map<string, string[]>; body: string } {
  const [head = '', ...rest] = answer.split('\r\n\r\n')
  const [line = '', ...lines] = head.split('\r\n')
  const headers = new Map<string, string[]>()
  for (const header of lines) {
    const [name = '', value = ''] = header.split(/: (.*)/s)
    headers.set(name.toLowerCase(), [...(headers.get(name.toLowerCase()) ?? []), value])
  }
  return { status: Number(line.split(' ')[1]), headers, body: rest.join('\r\n\r\n') }
}

const day = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString()
const ROUTES = [
  { path: '/', schemes: ['qredo-v1'] },
  { path: '/root', schemes: ['qredo-v1'], permission: ['root'] },
  { path: '/put', schemes: ['qredo-v1'], methods: ['PUT'] },
  { path: '/over', schemes: ['qredo-v1'] },
  { path: '/brown', schemes: ['qredo-v1'] },
]
const DEPRECATIONS = [
  { route: '/', since: '2020-01-01', sunset: '2099-01-01', link: 'https://api.example.com/migrating' },
  { route: '/root', since: '2020-01-01', sunset: '2099-01-01' },
  { route: '/over', since: '2020-01-01', sunset: day(-1) },
  { route: '/brown', since: '2020-01-01', sunset: day(9), brownOuts: [{ from: day(-1), until: day(1) }] },
]

interface Answered {
  readonly status: number
  readonly outcome: AccessEntry['outcome']
  readonly code?: string
  /** Whether a verifier had its say, so that what it announces is known. */
  readonly isAnnounced: boolean
}
const passed = (status: number): Answered => ({ status, outcome: 'passed', isAnnounced: true })
const refused = (status: number, code: string): Answered => ({ status, outcome: 'refused', code, isAnnounced: true })
const failed = (status: number, code: string, isAnnounced = false): Answered => ({ status, outcome: 'failed', code, isAnnounced })

/** Every answer, to whom it goes, what is sent, and what is answered. */
const ANSWERS: readonly [name: string, kinds: 'both' | 'GET' | 'upgrade', path: string, headers: (path: string) => string, Answered][] = [
  ['an upstream’s', 'GET', '/x', signed, passed(200)],
  ['an upstream’s that upgrades', 'upgrade', '/feed', signed, passed(101)],
  ['an upstream’s that does not upgrade', 'upgrade', '/x', signed, passed(200)],
  ['an upstream’s refusal', 'both', '/teapot', signed, passed(418)],
  ['for an upstream that stalls', 'both', '/stalls', signed, failed(504, 'upstream-timeout', true)],
  ['for an upstream that breaks off', 'both', '/breaks-off', signed, failed(502, 'upstream-failed', true)],
  ['for an upstream that upgrades to something else', 'upgrade', '/h2c', signed, failed(502, 'upstream-failed', true)],
  ['for an unsigned call', 'both', '/x', () => '', refused(401, 'missing-header')],
  ['for another call’s signature', 'both', '/x', () => signed('/y'), refused(401, 'bad-signature')],
  ['for a permission that lacks', 'both', '/root', signed, refused(403, 'permission-denied')],
  ['for a route that is retired', 'both', '/over', signed, refused(410, 'route-retired')],
  ['for a route that is interrupted', 'both', '/brown', signed, refused(503, 'brown-out')],
  ['for an unclear path', 'both', '/x/../y', signed, failed(400, 'unclear-path')],
  ['for the wrong method', 'both', '/put', signed, failed(405, 'wrong-method')],
  [
    'for a header that Connection takes off',
    'GET',
    '/x',
    path => `connection: x-tenant\r\n${signed(path)}`,
    failed(400, 'connection-header'),
  ],
  ['an upstream’s, whose Upgrade is ignored', 'upgrade', '/x', path => `upgrade: h2c\r\n${signed(path)}`, passed(200)],
]

describe('every answer of the gateway', () => {
  const cases = ANSWERS.flatMap(([name, kinds, ...rest]) =>
    (['GET', 'upgrade'] as const).filter(kind => kinds === 'both' || kinds === kind).map(kind => [name, kind, ...rest] as const),
  )

  it.each(cases)('%s, to a %s, has the gateway’s headers, none of another connection, and its status in the log', async (...given) => {
    const [, kind, path, headersFor, expected] = given
    const { gateway, port } = await start({ routes: ROUTES, deprecations: DEPRECATIONS, timeouts: { headersTimeoutMs: 100 } })
    const isUpgrade = kind === 'upgrade'
    const { text, socket, ended } = talk(
      port,
      `GET ${path} HTTP/1.1\r\nhost: a\r\nx-request-id: r-1\r\n${isUpgrade ? UPGRADE : ''}${headersFor(path)}\r\n`,
    )
    await poll(() => log.length).toBe(1)
    if (isUpgrade && expected.status !== 101) await ended
    await poll(text).toContain('\r\n\r\n')
    const { status, headers, body } = read(text())
    expect([status, log]).toEqual([expected.status, [expect.objectContaining({ requestId: 'r-1', status: expected.status })]])
    expect(log[0]).toMatchObject({ outcome: expected.outcome, code: expected.code })
    expect(headers.get('x-request-id')).toEqual(['r-1'])
    expect(headers.get('deprecation')).toEqual(expected.isAnnounced ? [expect.stringMatching(/^@1577/)] : undefined)
    expect(headers.has('sunset')).toBe(expected.isAnnounced)
    for (const name of ['x-inner', 'proxy-authenticate']) expect(headers.has(name)).toBe(false)
    expect(headers.has('x-kept')).toBe(expected.outcome === 'passed')
    if (expected.outcome !== 'passed') {
      expect(headers.get('content-type')).toEqual(['application/problem+json'])
      expect(JSON.parse(body)).toMatchObject({ status, code: expected.code })
    }
    expect(refusals.map(({ code }) => code)).toEqual(expected.outcome === 'refused' ? [expected.code] : [])
    if (expected.status === 503) expect(headers.get('retry-after')).toEqual([expect.stringMatching(/^8\d{4}$/)])
    if (isUpgrade) expect(headers.get('connection')).toEqual([expected.status === 101 ? 'upgrade' : 'close'])
    expect(headers.get('upgrade')).toEqual(expected.status === 101 ? ['websocket'] : undefined)
    expect(errors).toEqual([])
    socket.destroy()
    await ended
    expect(gateway.isDraining).toBe(false)
  })

  it.each(['GET', 'upgrade'])('says to a %s that the upstream is away, and that no route is for a path', async kind => {
    const away = createTcpServer()
    const origin = await listenOn(away)
    await new Promise(resolve => away.close(resolve))
    const { port } = await start({ upstream: origin, routes: [{ path: '/x', schemes: ['qredo-v1'] }] })
    for (const [path, status, code] of [
      ['/x', 502, 'upstream-unreachable'],
      ['/y', 404, 'not-found'],
    ] as const) {
      const { text } = talk(port, `GET ${path} HTTP/1.1\r\nhost: a\r\n${kind === 'GET' ? '' : UPGRADE}${signed(path)}\r\n`)
      await poll(text).toContain(code)
      const answer = read(text())
      expect([answer.status, answer.headers.get('x-request-id')]).toEqual([status, [log.at(-1)?.requestId]])
      expect(log.at(-1)).toMatchObject({ status, code, outcome: 'failed' })
    }
  })

  it.each(['GET', 'upgrade'])('that is long comes whole to a %s that reads slowly', async kind => {
    const { port } = await start()
    const { socket, text, ended } = talk(
      port,
      `GET /long HTTP/1.1\r\nhost: a\r\n${kind === 'GET' ? 'connection: close\r\n' : UPGRADE}${signed('/long')}\r\n`,
    )
    socket.pause()
    await poll(() => socket.bytesRead).toBeGreaterThan(0)
    socket.resume()
    await ended
    expect(
      text()
        .match(/x{1000,}/g)
        ?.join('').length,
    ).toBe(4_000_000)
    expect(log).toMatchObject([{ status: 200, outcome: 'passed' }])
  })

  it('is given although the log fails, and the failure is reported', async () => {
    const { port } = await start({
      onFinished: () => {
        throw new Error('disk full')
      },
    })
    for (const headers of [signed('/x'), '']) {
      const { text } = talk(port, `GET /x HTTP/1.1\r\nhost: a\r\nconnection: close\r\n${headers}\r\n`)
      await poll(text).toMatch(/^HTTP\/1\.1 (200|401) /)
    }
    await poll(() => errors.map(String)).toEqual(['Error: disk full', 'Error: disk full'])
  })

  it('goes to one request: an upgrade behind a request that still runs ends the connection', async () => {
    const { port } = await start()
    const call = `GET /stalls HTTP/1.1\r\nhost: a\r\n${signed('/stalls')}\r\n`
    const { text, ended } = talk(port, `${call}GET /feed HTTP/1.1\r\nhost: a\r\n${UPGRADE}${signed('/feed')}\r\n`)
    await ended
    expect([text(), feeds]).toEqual(['', []])
    await expect
      .poll(() => log.map(({ status, code }) => [status, code]))
      .toEqual([
        [499, 'client-gone'],
        [499, 'client-gone'],
      ])
    expect(errors).toEqual([])
  })

  it('that nobody waits for is logged as one to a client that left', async () => {
    const { port } = await start()
    for (const upgrade of ['', UPGRADE]) {
      log.length = 0
      const reached = once(upstream, upgrade === '' ? 'request' : 'upgrade')
      const { socket } = talk(port, `GET /stalls HTTP/1.1\r\nhost: a\r\n${upgrade}${signed('/stalls')}\r\n`)
      await reached
      socket.destroy()
      await poll(() => log).toMatchObject([{ status: 499, outcome: 'failed', code: 'client-gone' }])
    }
    expect(errors).toEqual([])
  })
})

describe('a gateway that drains', () => {
  it('ends WebSockets as well, after the same time', async () => {
    const { gateway, port } = await start()
    const { text, ended } = talk(port, `GET /feed HTTP/1.1\r\nhost: a\r\n${UPGRADE}${signed('/feed')}\r\n`)
    await poll(text).toMatch(/^HTTP\/1\.1 101 /)
    const [feed] = feeds
    const feedEnded = feed === undefined ? undefined : new Promise(resolve => feed.on('close', resolve))
    feed?.write('still there')
    await poll(text).toContain('still there')
    feed?.resume()
    await gateway.drain(1)
    await ended
    await feedEnded
  })

  it('waits for no client whose upgrade was refused and who leaves its side open', async () => {
    const { gateway, port } = await start()
    for (const behind of ['', 'more than was asked for']) {
      const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.write(`GET /feed HTTP/1.1\r\nhost: a\r\n${UPGRADE}\r\n`)
      await once(socket, 'data')
      if (behind !== '') socket.write(behind)
    }
    // It isn't left to the timer.
    await gateway.drain(3_600_000)
    expect(log).toMatchObject([{ status: 401 }, { status: 401 }])
  })

  it('begins no WebSocket, and closes the connection behind what it still answers', async () => {
    const { gateway, port } = await start()
    const answers = ['', UPGRADE].map(upgrade => {
      const talking = talk(port, 'GET /feed HTTP/1.1\r\nhost: a\r\n')
      return { ...talking, go: () => talking.socket.write(`${upgrade}${signed('/feed')}\r\n`) }
    })
    // Until both are connected.
    await poll(() => new Promise(resolve => gateway.server.getConnections((_error, count) => resolve(count)))).toBe(2)
    const drained = gateway.drain(3_600_000)
    for (const { go } of answers) go()
    await drained
    await Promise.all(answers.map(({ ended }) => ended))
    const [called, upgraded] = answers.map(({ text }) => read(text()))
    expect([called?.status, called?.headers.get('connection')]).toEqual([200, ['close']])
    expect([upgraded?.status, upgraded?.headers.get('retry-after')]).toEqual([503, ['1']])
    expect(JSON.parse(upgraded?.body ?? '')).toMatchObject({ code: 'draining' })
    expect(log.map(({ status }) => status).sort()).toEqual([200, 503])
  })
})

describe('a WebSocket through the gateway', () => {
  it('has what the client sent before it was answered, and ends with the upstream', async () => {
    const { port } = await start()
    const { text, ended } = talk(port, `GET /feed HTTP/1.1\r\nhost: a\r\n${UPGRADE}${signed('/feed')}\r\nearly`)
    await poll(text).toMatch(/^HTTP\/1\.1 101 /)
    const [feed] = feeds
    let early = ''
    feed?.on('data', piece => {
      early += piece
    })
    await poll(() => early).toBe('early')
    feed?.end('last')
    await ended
    expect(text()).toMatch(/\r\n\r\nlast$/)
  })
})

describe('a call whose body is cut off', () => {
  const body = `{"a":"${'a'.repeat(200_000)}"}`

  it.each([
    ['a key that was revoked', (id: string) => service.keys.setState(ACTOR, 'acme', id, 'revoked'), 'key-revoked', 0],
    [
      'a permission that was taken away',
      (id: string) => service.keys.update(ACTOR, 'acme', id, { permissions: [] }),
      'permission-denied',
      0,
    ],
    ['another body', () => undefined, 'digest-mismatch', 1],
  ] as const)('for %s is refused in the name of its scheme, and its owner is told', async (_name, change, code, end) => {
    const deferring: readonly Scheme[] = [rfc9421, httpSignaturesDraft12]
    for (const scheme of deferring) {
      for (const list of [log, refusals, used]) list.length = 0
      const own = await makeKey(scheme.name)
      const routes = [{ path: '/', schemes: ['qredo-v1', scheme.name], permission: ['balance'] }]
      const { port } = await start({ routes, spoolBytes: 1000, deprecations: DEPRECATIONS.slice(0, 1) })
      const { headers } = createSigner(scheme, own).sign({ method: 'POST', url: `${ORIGIN}/x`, body })
      const reached = once(upstream, 'request')
      const head = `POST /x HTTP/1.1\r\nhost: api.example.com\r\ncontent-length: ${body.length}\r\n${linesOf(headers)}\r\n`
      const { socket, text } = talk(port, head + body.slice(0, 100_000))
      await reached
      await change(own.keyId)
      socket.write(end === 0 ? body.slice(100_000) : body.slice(100_000).replace('a', 'b'))
      await poll(text).toContain(code)
      const answer = read(text())
      expect(log).toMatchObject([{ status: answer.status, outcome: 'refused', code, keyId: own.keyId, scheme: scheme.name }])
      if (answer.status === 401) expect(answer.headers.get('www-authenticate')).toEqual([`Countersign scheme="${scheme.name}"`])
      expect(answer.headers.get('deprecation')).toHaveLength(1)
      expect(refusals).toMatchObject([{ code }])
      expect(used).toEqual([])
    }
  })

  it('is used once its body has come whole', async () => {
    const own = await makeKey(rfc9421.name)
    const { port } = await start({ routes: [{ path: '/', schemes: [rfc9421.name] }], spoolBytes: 1000 })
    const { headers } = createSigner(rfc9421, own).sign({ method: 'POST', url: `${ORIGIN}/x`, body })
    const { text } = talk(
      port,
      `POST /x HTTP/1.1\r\nhost: api.example.com\r\ncontent-length: ${body.length}\r\n${linesOf(headers)}\r\n${body}`,
    )
    await poll(text).toMatch(/^HTTP\/1\.1 200 /)
    expect(used).toEqual([own.keyId])
  })
})
