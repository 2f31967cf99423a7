import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSigner, defineScheme } from 'countersign'
import { qredoV1, github as shippedGithub } from 'countersign/schemes'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  type AccessEntry,
  checkGateway,
  createGateway,
  openKeyService,
  type RunningGateway,
  readGatewayConfig,
  readStoreConfig,
  runGateway,
  withSchemeFiles,
} from '../src/index.ts'

const ORIGIN = 'https://api.example.com'
const ACTOR = { name: 'test', address: '' }
const DECLARATION = {
  name: 'mine',
  title: 'Mine',
  algorithm: 'hmac-sha256',
  secret: { encoding: 'base64' },
  timestamp: { formats: ['milliseconds'] },
  message: '{timestamp}\n{method}\n{url}\n{body|sha256|hex}',
  signature: { encoding: 'base64' },
  headers: { 'mine-key': '{keyId}', 'mine-timestamp': '{timestamp}', 'mine-signature': '{signature}' },
} as const
const mine = defineScheme(DECLARATION)

const folder = mkdtempSync(join(tmpdir(), 'countersign-any-api-'))
const inFolder = (file: string): string => join(folder, file)
const store = inFolder('keys.db')
let upstream: Server
const seenNow = () => seen
let seen: { url: string; headers: IncomingHttpHeaders } | undefined
const running: RunningGateway[] = []

beforeAll(async () => {
  mkdirSync(inFolder('schemes'))
  writeFileSync(inFolder('schemes/mine.json'), JSON.stringify(DECLARATION))
  upstream = createServer(({ url = '', headers }, response) => {
    seen = { url, headers }
    response.end('served')
  })
  await new Promise<void>(resolve => upstream.listen(0, '127.0.0.1', resolve))
})
afterEach(() => Promise.all(running.splice(0).map(gateway => gateway.close())))
afterAll(() => {
  upstream.close()
  rmSync(folder, { recursive: true })
})

const upstreamUrl = (): string => `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`

function settings(more: object) {
  const text = JSON.stringify({ upstream: upstreamUrl(), origin: ORIGIN, port: 0, store, ...more })
  return readGatewayConfig(text, inFolder('gateway.json'))
}

async function start(more: object): Promise<string> {
  const gateway = await runGateway(settings(more), { isQuiet: true })
  running.push(gateway)
  return gateway.origin
}

async function keyOf(scheme: string, permissions: readonly string[] = [], narrowed: { fundId?: string; walletId?: string } = {}) {
  const service = await openKeyService({ store, schemes: withSchemeFiles([inFolder('schemes/mine.json')]) })
  if ((await service.administrators.organisations(undefined)).length === 0)
    await service.administrators.createOrganisation(ACTOR, { id: 'acme', name: 'Acme', kind: 'organisation' })
  const { key, secret } = await service.keys.create(ACTOR, 'acme', { name: 'k', scheme, permissions: [...permissions], ...narrowed })
  await service.close()
  return { id: key.id, secret: secret ?? '' }
}

describe('a scheme of one’s own', () => {
  const OWN = { schemes: ['./schemes/mine.json'], routes: [{ path: '/', schemes: ['mine'] }] }

  it('is named by the settings, by a path beside them, and by routes and keys', async () => {
    const { id, secret } = await keyOf('mine')
    const origin = await start(OWN)
    const call = (changed?: string) => {
      const { headers } = createSigner(mine, { keyId: id, secret }).sign({ method: 'GET', url: `${ORIGIN}/orders/7` })
      return fetch(`${origin}${changed ?? '/orders/7'}`, { headers })
    }
    expect((await call()).status).toBe(200)
    expect(seen?.headers).toMatchObject({ 'x-countersign-key': id, 'x-countersign-scheme': 'mine' })
    expect(seen?.headers).not.toHaveProperty('mine-signature')
    expect((await call('/orders/8')).status).toBe(401)
  })

  it('leaves its keys unknown where it is not known, and not the store unreadable', async () => {
    const { id, secret } = await keyOf('mine')
    const errors: unknown[] = []
    const service = await openKeyService({ store, onError: error => errors.push(error) })
    expect(await service.source.find(id)).toBeUndefined()
    expect(errors).toEqual([expect.objectContaining({ code: 'key-unusable', message: expect.stringContaining('--scheme ./mine.json') })])
    await service.close()
    expect(secret).not.toBe('')
  })

  it.each([
    ['a route that names what nothing declares', { ...OWN, schemes: [] }, 'scheme-unknown', 'in the gateway’s setting schemes'],
    ['a route that names its file', { ...OWN, routes: [{ path: '/', schemes: ['./mine.json'] }] }, 'scheme-unknown', './mine.json'],
    ['a declaration that is not JSON', { ...OWN, schemes: ['comma.json'] }, 'scheme-unreadable', 'comma.json:3:3: '],
    ['a file that is not there', { ...OWN, schemes: ['./none.json'] }, 'scheme-unreadable', 'none.json'],
    ['a declaration that can’t be used', { ...OWN, schemes: ['broken.json'] }, 'scheme-invalid', 'broken.json'],
    ['the name of a shipped one', { ...OWN, schemes: ['qredo-v1.json'] }, 'scheme-twice', 'give yours another name'],
  ])('is refused at the start: %s', async (_, more, code, message) => {
    await keyOf('mine')
    writeFileSync(inFolder('comma.json'), '{\n  "name": "mine"\n  "title": "Mine"\n}')
    writeFileSync(inFolder('broken.json'), '{"name": "broken"}')
    writeFileSync(inFolder('qredo-v1.json'), JSON.stringify({ ...DECLARATION, name: 'qredo-v1' }))
    await expect(start(more)).rejects.toMatchObject({ code, message: expect.stringContaining(message) })
  })
})

describe('a scheme whose calls name no key', () => {
  const only = { methods: ['POST'], paths: 'any' }
  const github = { schemes: ['github'], only }
  const sign = (secret: string) => {
    const { headers, body } = createSigner(shippedGithub, { secret }).sign({ method: 'POST', url: `${ORIGIN}/`, body: '{"a":1}' })
    return { method: 'POST', headers: headers as Record<string, string>, body: body as Uint8Array<ArrayBuffer> }
  }
  const send = async (url: string, { headers, ...rest }: ReturnType<typeof sign>, more: Record<string, string> = {}) => {
    seen = undefined
    const answer = await fetch(url, { ...rest, headers: { ...headers, ...more } })
    return answer.ok ? seenNow()?.headers['x-countersign-key'] : answer.status
  }

  it('has its key named by the route, by a header, or by the path, and proven by its signature', async () => {
    const [one, two] = [await keyOf('github'), await keyOf('github')]
    const routes = [
      { path: '/fixed', ...github, key: one.id },
      { path: '/header', ...github, keyFrom: { header: 'x-account' } },
      { path: '/hooks', ...github, keyFrom: { path: '/hooks/{key}' } },
    ]
    const origin = await start({ routes })
    const cases: readonly [path: string, key: typeof one, header: string | undefined, expected: unknown][] = [
      ['/fixed', one, undefined, one.id],
      ['/fixed', two, undefined, 401],
      ['/fixed', two, two.id, 401],
      ['/header', two, two.id, two.id],
      ['/header', two, one.id, 401],
      ['/header', two, undefined, 401],
      ['/header', two, 'csk_nobody', 401],
      [`/hooks/${two.id}`, two, undefined, two.id],
      [`/hooks/${two.id}/push?x=1`, two, one.id, two.id],
      [`/hooks/${one.id}`, two, two.id, 401],
      [`/hooks/x/${two.id}`, two, two.id, 401],
      ['/hooks', two, two.id, 401],
    ]
    for (const [path, key, header, expected] of cases)
      expect([path, await send(origin + path, sign(key.secret), header === undefined ? {} : { 'x-account': header })]).toEqual([
        path,
        expected,
      ])
    await send(`${origin}/header`, sign(two.secret), { 'x-account': two.id })
    expect(seen?.headers).not.toHaveProperty('x-account')
  })

  it('has the header that names its key go no further, in any spelling, also where signatures do', async () => {
    const one = await keyOf('github')
    const origin = await start({ routes: [{ path: '/', ...github, keyFrom: { header: 'x-account' } }], keepSignature: true })
    expect(await send(origin, sign(one.secret), { 'x-account': one.id, x_account: 'other' })).toBe(one.id)
    expect(Object.keys(seen?.headers ?? {}).filter(name => /^x.account$/.test(name))).toEqual([])
    expect(seen?.headers).toHaveProperty('x-hub-signature-256')
  })

  it('takes no header that comes twice, and no key of another scheme', async () => {
    const [one, other] = [await keyOf('github'), await keyOf('qredo-v1')]
    const origin = await start({ routes: [{ path: '/', ...github, keyFrom: { header: 'x-account' } }] })
    expect(await send(origin, sign(one.secret), { 'x-account': other.id })).toBe(401)
    const { port } = new URL(origin)
    const { headers, body } = sign(one.secret)
    const status = await new Promise(resolve => {
      const twice = { ...headers, 'x-account': [one.id, other.id] }
      request({ port, host: '127.0.0.1', method: 'POST', path: '/', headers: twice }, answer => resolve(answer.statusCode)).end(body)
    })
    expect(status).toBe(401)
  })

  it.each([
    ['no key', {}, 'keyFrom: {header: x-account}'],
    ['two', { key: 'a', keyFrom: { header: 'x-account' } }, 'names its key once'],
    ['two places', { keyFrom: { header: 'x-account', path: '/{key}' } }, 'names its key once'],
    ['no place', { keyFrom: {} }, 'says where calls name their key'],
    ['no name of a header', { keyFrom: { header: 'X Account' } }, 'header’s name in lower case'],
    ['a header of the gateway', { keyFrom: { header: 'x-countersign-key' } }, 'not the gateway’s own'],
    ['a path without the key', { keyFrom: { path: '/hooks' } }, '/hooks/{key}'],
    ['a path with another parameter', { keyFrom: { path: '/hooks/{key}/{id}' } }, '/hooks/{key}'],
    ['another path', { keyFrom: { path: '/in/{key}' } }, 'a path below it'],
  ])('is refused at the start where its route names %s', async (_, more, message) => {
    await keyOf('github')
    await expect(start({ routes: [{ path: '/hooks', ...github, ...more }] })).rejects.toMatchObject({
      code: 'route-invalid',
      message: expect.stringContaining(message),
    })
  })

  it('a key in a route whose calls all name theirs would do nothing, and is refused', async () => {
    await keyOf('github')
    await expect(start({ routes: [{ path: '/', schemes: ['qredo-v1'], key: 'a' }] })).rejects.toMatchObject({ code: 'route-invalid' })
  })
})

describe('permissions of one’s own', () => {
  const permissions = [
    { name: 'orders:read', title: 'Read orders', opens: ['GET /orders', 'GET /orders/{id}', 'GET /Reports/{id}'] },
    { name: 'orders:write', opens: ['POST /orders'] },
    { name: 'orders:open', opens: ['GET /orders/open'] },
    { name: 'admin' },
  ]
  const byCall = { permissions, routes: [{ path: '/', schemes: ['qredo-v1'] }] }
  const callWith = async (settingsOfGateway: object, granted: readonly string[]) => {
    const { id, secret } = await keyOf('qredo-v1', granted)
    const origin = await start(settingsOfGateway)
    return async (method: string, path: string) => {
      const { headers } = createSigner(qredoV1, { keyId: id, secret }).sign({ method, url: `${ORIGIN}${path}` })
      const answer = await fetch(origin + path, { method, headers })
      return answer.ok ? 'ok' : ((await answer.json()) as { code: string }).code
    }
  }

  it.each([
    ['orders:read', 'GET /orders', 'ok'],
    ['orders:read', 'GET /orders/7?x=1', 'ok'],
    ['orders:read', 'GET /orders/open', 'permission-denied'],
    ['orders:open', 'GET /orders/open', 'ok'],
    ['orders:read', 'POST /orders', 'permission-denied'],
    ['orders:write', 'POST /orders', 'ok'],
    ['orders:read', 'GET /Reports/7', 'ok'],
    ['orders:read', 'GET /orders/7/items', 'permission-denied'],
    ['admin', 'GET /anything', 'permission-denied'],
    // A server that minds no case, or that decodes, would serve another call.
    ['orders:read', 'GET /orders/OPEN', 'unclear-path'],
    ['orders:read', 'GET /orders/%6fpen', 'unclear-path'],
    ['orders:read', 'GET /orders/open;x', 'unclear-path'],
    ['orders:read', 'GET /orders/7%2fitems', 'unclear-path'],
    ['orders:read', 'GET /orders/ABC', 'ok'],
    ['orders:read', 'GET /orders/a%20b', 'ok'],
  ])('a key with %s: %s is %s, where they say which calls they open', async (granted, line, expected) => {
    const [method = '', path = ''] = line.split(' ')
    const call = await callWith(byCall, [granted])
    expect(await call(method, path)).toBe(expected)
  })

  it('keep a key to its fund and its wallet, where the call names another', async () => {
    const opens = ['GET /funds', 'GET /funds/{fund_id}', 'GET /funds/{fund_id}/wallets/{wallet_id}']
    const origin = await start({ permissions: [{ name: 'read', opens }], routes: [{ path: '/', schemes: ['qredo-v1'] }] })
    const { id, secret } = await keyOf('qredo-v1', ['read'], { fundId: 'F1', walletId: 'W1' })
    const statusOf = async (path: string) => {
      const { headers } = createSigner(qredoV1, { keyId: id, secret }).sign({ method: 'GET', url: `${ORIGIN}${path}` })
      return (await fetch(origin + path, { headers })).status
    }
    for (const path of ['/funds', '/funds/F1', '/funds/F1/wallets/W1']) expect([path, await statusOf(path)]).toEqual([path, 200])
    for (const path of ['/funds/F2', '/funds/f1', '/funds/F1/wallets/W2', '/funds/F2/wallets/W1', '/funds/%46%31'])
      expect([path, (await statusOf(path)) >= 400]).toEqual([path, true])
  })

  it('give way to what a route names, and to any', async () => {
    const routes = [
      { path: '/', schemes: ['qredo-v1'], permission: 'any' },
      { path: '/orders', schemes: ['qredo-v1'], permission: ['admin', 'orders:write'] },
    ]
    const call = await callWith({ permissions, routes }, ['orders:write'])
    expect([await call('GET', '/anything'), await call('GET', '/orders/7')]).toEqual(['ok', 'ok'])
    const poor = await callWith({ permissions, routes }, ['orders:read'])
    expect([await poor('GET', '/anything'), await poor('GET', '/orders/7')]).toEqual(['ok', 'permission-denied'])
  })

  it('of a route that no key can have are refused at the start', async () => {
    await keyOf('qredo-v1')
    await expect(start({ permissions, routes: [{ path: '/', schemes: ['qredo-v1'], permission: ['root'] }] })).rejects.toMatchObject({
      code: 'route-invalid',
      message: expect.stringContaining('"root", which no key can have: there are orders:read, orders:write, orders:open, admin'),
    })
  })

  it.each([
    [[{ name: 'a b' }], 'permissions.0.name'],
    [[{ name: 'a', opens: ['/orders'] }], 'permissions.0.opens.0'],
    [[{ name: 'a' }, { name: 'a' }], 'Two permissions have one name'],
    [[], 'permissions'],
  ])('are looked at when the settings are read: %j', (wrong, message) => {
    expect(() => settings({ permissions: wrong })).toThrow(message)
  })
})

it('a key server and the commands for keys read their part of a gateway’s settings', () => {
  const text = JSON.stringify({ store: 'a.db', schemes: ['mine.json'], permissions: [{ name: 'a' }], port: 1 })
  expect(readStoreConfig(text, inFolder('gateway.json'))).toEqual({
    store: inFolder('a.db'),
    masterKeyFile: undefined,
    schemes: [inFolder('mine.json')],
    permissions: [{ name: 'a', title: 'a', description: '', opens: [] }],
  })
  expect(() => readStoreConfig('{"prot": 1}', 'g.json')).toThrow('prot')
})

describe('several upstreams behind one gateway', () => {
  let other: Server
  let otherSaw: { url: string; headers: IncomingHttpHeaders } | undefined
  beforeAll(async () => {
    other = createServer(({ url = '', headers }, response) => {
      otherSaw = { url, headers }
      response.end('served by the other')
    })
    await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve))
  })
  afterAll(() => other.close())
  const otherUrl = (): string => `http://127.0.0.1:${(other.address() as AddressInfo).port}/base`
  const identity = () => {
    const { privateKey } = generateKeyPairSync('ed25519')
    writeFileSync(inFolder('identity.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }))
    return { keyFiles: [inFolder('identity.pem')], audience: 'the first' }
  }
  const audienceOf = (headers: IncomingHttpHeaders | undefined) =>
    JSON.parse(Buffer.from(String(headers?.['x-countersign-identity']).split('.')[1] ?? '', 'base64url').toString()).aud

  it('each get the calls of their routes, with their own host, base path and audience', async () => {
    const { id, secret } = await keyOf('qredo-v1')
    const routes = [
      { path: '/', schemes: ['qredo-v1'] },
      { path: '/other', schemes: ['qredo-v1'], upstream: otherUrl(), timeouts: { headersTimeoutMs: 5_000 } },
      { path: '/named', schemes: ['qredo-v1'], upstream: otherUrl(), audience: 'the other' },
    ]
    const gateway = await runGateway(settings({ routes, identity: identity(), adminPort: 0, adminHost: '::1' }), { isQuiet: true })
    running.push(gateway)
    const call = async (path: string) => {
      const { headers } = createSigner(qredoV1, { keyId: id, secret }).sign({ method: 'GET', url: `${ORIGIN}${path}` })
      return await (await fetch(gateway.origin + path, { headers })).text()
    }
    expect(await call('/x')).toBe('served')
    expect([seen?.url, seen?.headers.host, audienceOf(seen?.headers)]).toEqual(['/x', new URL(upstreamUrl()).host, 'the first'])
    expect(await call('/other/x')).toBe('served by the other')
    expect([otherSaw?.url, otherSaw?.headers.host, audienceOf(otherSaw?.headers)]).toEqual([
      '/base/other/x',
      new URL(otherUrl()).host,
      otherUrl(),
    ])
    await call('/named')
    expect(audienceOf(otherSaw?.headers)).toBe('the other')
    // A server that minds no case would serve a call of the other upstream.
    expect(await call('/Other/x')).toContain('unclear-path')
    expect(gateway.adminOrigin).toMatch(/^http:\/\/\[::1\]:\d+$/)
    const metrics = await (await fetch(`${gateway.adminOrigin}/metrics`)).text()
    expect(metrics).toContain('countersign_gateway_requests_total{outcome="passed",code="2xx",route="/other",scheme="qredo-v1"} 1')
    expect(metrics).toContain('countersign_gateway_requests_total{outcome="failed",code="unclear-path",route="",scheme=""} 1')
  })

  it('name the route in the log, and that an upstream is away', async () => {
    const { id, secret } = await keyOf('qredo-v1')
    const log: AccessEntry[] = []
    const service = await openKeyService({ store })
    const gateway = createGateway({
      origin: ORIGIN,
      service,
      routes: [
        { path: '/', schemes: ['qredo-v1'], upstream: upstreamUrl() },
        { path: '/away', schemes: ['qredo-v1'], upstream: 'http://127.0.0.1:9' },
      ],
      onFinished: entry => log.push(entry),
    })
    await new Promise<void>(resolve => gateway.server.listen(0, '127.0.0.1', resolve))
    const origin = `http://127.0.0.1:${(gateway.server.address() as AddressInfo).port}`
    for (const path of ['/x', '/away/x']) {
      const { headers } = createSigner(qredoV1, { keyId: id, secret }).sign({ method: 'GET', url: `${ORIGIN}${path}` })
      await (await fetch(origin + path, { headers })).text()
    }
    await fetch(`${origin}/away/x`)
    await gateway.drain(0)
    await service.close()
    expect(log.map(({ route, outcome, code }) => [route, outcome, code])).toEqual([
      ['/', 'passed', undefined],
      ['/away', 'failed', 'upstream-unreachable'],
      ['/away', 'refused', 'missing-header'],
    ])
  })

  it.each([
    ['a route without any', { upstream: undefined, routes: [{ path: '/a', schemes: ['qredo-v1'] }] }, 'or in the route /a'],
    [
      'TLS to an upstream of http',
      { routes: [{ path: '/', schemes: ['qredo-v1'], upstream: 'http://127.0.0.1:1', upstreamTls: {} }] },
      'https:// upstream',
    ],
    ['TLS without an upstream', { routes: [{ path: '/', schemes: ['qredo-v1'], upstreamTls: {} }] }, 'no upstream of its own'],
    ['a URL with a password', { routes: [{ path: '/', schemes: ['qredo-v1'], upstream: 'http://a:b@127.0.0.1' }] }, 'routes.0.upstream'],
  ])('are refused at the start: %s', async (_, more, message) => {
    await keyOf('qredo-v1')
    await expect((async () => start(more))()).rejects.toThrow(message)
  })
})

describe('a check of a gateway that is not started', () => {
  const hook = (key: string) => ({ routes: [{ path: '/', schemes: ['github'], only: { methods: ['POST'], paths: 'any' }, key }] })

  it('passes where it would start', async () => {
    const { id } = await keyOf('github')
    await expect(checkGateway(settings(hook(id)), { isQuiet: true })).resolves.toBeUndefined()
  })

  it.each([
    ['a store that is not there', { store: inFolder('none.db') }, 'store-missing'],
    ['a certificate that is not there', { tls: { cert: inFolder('none.pem'), key: inFolder('none.pem') } }, 'file-unreadable'],
    ['a certificate that is none', { tls: { cert: inFolder('schemes/mine.json'), key: inFolder('schemes/mine.json') } }, undefined],
    ['a key that is not in the store', hook('csk_none'), 'route-invalid'],
  ])('finds %s', async (_, more, code) => {
    await keyOf('github')
    await expect(checkGateway(settings(more), { isQuiet: true })).rejects.toMatchObject(code === undefined ? {} : { code })
  })

  it('finds a key of another scheme', async () => {
    const { id } = await keyOf('qredo-v1')
    await expect(checkGateway(settings(hook(id)), { isQuiet: true })).rejects.toThrow('which is for qredo-v1')
  })
})
