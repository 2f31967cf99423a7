import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSigner, FAILURES } from 'countersign'
import { qredoV1, rfc9421 } from 'countersign/schemes'
import fc from 'fast-check'
import type { Registry } from 'prom-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { routes as adminRoutes } from '../src/admin/routes/index.ts'
import { GATEWAY_PROBLEMS } from '../src/gateway/problem.ts'
import { type AdminApp, createGateway, type Gateway, type KeyService, openKeyService } from '../src/index.ts'
import { createAdminMetrics } from '../src/metrics/admin-metrics.ts'
import { talk } from './talk.ts'

const ORIGIN = 'https://api.example.com'
const ACTOR = { name: 'test', address: '' }
const ROUTES = ['/', '/orders', '/old']
const folder = mkdtempSync(join(tmpdir(), 'countersign-labels-'))
const admin = createAdminMetrics()
let service: KeyService
let app: AdminApp
let upstream: Server
let gateway: Gateway
let key: { keyId: string; secret: string }
let token = ''

beforeAll(async () => {
  service = await openKeyService({ store: join(folder, 'keys.db'), adminCounts: admin })
  await service.administrators.createOrganisation(ACTOR, { id: 'acme', name: 'Acme', kind: 'organisation' })
  const made = await service.keys.create(ACTOR, 'acme', { name: 'k' })
  key = { keyId: made.key.id, secret: made.secret ?? '' }
  const first = await service.administrators.bootstrap(ACTOR)
  token = first?.token ?? ''
  await first?.shown()
  app = await service.loadAdminApp()
  upstream = createServer((request, response) => {
    const status = Number(request.headers['x-answer'])
    request.resume().on('end', () => response.writeHead(status >= 200 && status <= 999 ? status : 200).end())
  })
  upstream.listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  gateway = createGateway({
    upstream: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`,
    origin: ORIGIN,
    service,
    routes: ROUTES.map(path => ({ path, schemes: [qredoV1.name, rfc9421.name] })),
    deprecations: [{ route: '/old', since: '2020-01-01' }],
  })
  gateway.server.listen(0, '127.0.0.1')
  await once(gateway.server, 'listening')
})
afterAll(async () => {
  await gateway.drain(0)
  upstream.close()
  await service.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Values of labels that are known before anybody calls; of the others, there may be none. */
type Known = { readonly [label: string]: readonly string[] }

const classes = Array.from({ length: 9 }, (_, index) => `${index + 1}xx`)
const OF_GATEWAY: Known = {
  outcome: ['passed', 'refused', 'failed'],
  code: [...Object.keys(FAILURES), ...Object.keys(GATEWAY_PROBLEMS), 'client-gone', ...classes],
  route: ['', ...ROUTES],
  scheme: ['', qredoV1.name, rfc9421.name],
  via: ['route /old'],
  event: ['called', 'refused'],
}
const OF_SERVER: Known = {
  method: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'other'],
  route: ['', ...adminRoutes.map(({ path }) => path)],
  status: classes,
  code: [
    'token-wrong',
    'login-throttled',
    'role-denied',
    'expiry-too-late',
    'ceiling-reached',
    'oidc-denied',
    'oidc-expired',
    'oidc-wrong',
  ],
}

/** Labels of ours with values that nobody has named beforehand, of all metrics. */
async function unknownLabels(registry: Registry, known: Known): Promise<readonly string[]> {
  const ours = (await registry.getMetricsAsJSON()).filter(({ name }) => name.startsWith('countersign_'))
  const labels = ours.flatMap(({ values }) => values.flatMap(value => Object.entries(value.labels)))
  return labels
    .filter(([label, value]) => label !== 'le' && known[label]?.includes(String(value)) !== true)
    .map(([label, value]) => `${label}=${value}`)
}

async function callsOf(registry: Registry, name: string, by: Readonly<Record<string, string>> = {}): Promise<number> {
  const { values = [] } = (await registry.getMetricsAsJSON()).find(metric => metric.name === name) ?? {}
  const counted = values.filter(({ labels }) => Object.entries(by).every(([label, value]) => labels[label] === value))
  return counted.reduce((sum, { value }) => sum + Number(value), 0)
}

const METHODS = fc.oneof(fc.constantFrom('GET', 'POST', 'PURGE', 'M-SEARCH', 'DELETE'), fc.stringMatching(/^[A-Z]{1,12}$/))
/** Whatever can stand in a line of a head. */
const LINE = fc.stringMatching(/^[ -~\u0080-\u00ff]{0,40}$/)
const SEGMENT = fc.oneof(fc.stringMatching(/^[!-~]{0,12}$/), fc.constantFrom('..', '%2e', '%0a', '"', '}', '//', 'old', 'orders', '{id}'))
const PATH = fc.tuple(fc.constantFrom('/', '/orders', '/orders/', '/old/', '/ORDERS', ''), fc.array(SEGMENT, { maxLength: 3 }))
const HEADER = fc.tuple(
  fc.constantFrom(
    'qredo-api-key',
    'qredo-api-timestamp',
    'qredo-api-sig',
    'signature-input',
    'signature',
    'authorization',
    'x-request-id',
    'traceparent',
    'x-forwarded-for',
    'x-forwarded-host',
    'x-http-method-override',
    'x-countersign-scheme',
    'connection',
    'x-answer',
  ),
  fc.oneof(LINE, fc.constantFrom('sig1=("@method");keyid="a";alg="x"', 'sig1=:AAAA:', '599', '999')),
)
interface Call {
  readonly method: string
  readonly path: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly isSigned: boolean
}
const CALL: fc.Arbitrary<Call> = fc.oneof(
  fc.record({
    method: METHODS,
    path: PATH.map(([start, segments]) => start + segments.join('/')),
    headers: fc.array(HEADER, { maxLength: 6 }),
    isSigned: fc.constant(false),
  }),
  fc.record({
    method: fc.stringMatching(/^[A-Z]{1,12}$/),
    path: fc.stringMatching(/^\/(old|orders|[a-z]{1,9})\/\w{0,9}$/),
    headers: fc.array(HEADER, { maxLength: 1 }),
    isSigned: fc.constant(true),
  }),
  fc.record({
    method: fc.constantFrom('GET', 'DELETE'),
    path: fc.stringMatching(/^\/(old|orders|[a-z]{1,9})\/\w{0,9}$/),
    headers: fc.constant([]),
    isSigned: fc.constant(true),
  }),
)

describe('labels of metrics', () => {
  it('of a gateway are those of its settings and codes, whatever is sent', async () => {
    const { port } = gateway.server.address() as AddressInfo
    const send = async ({ method, path, headers, isSigned }: Call): Promise<void> => {
      const signed = isSigned ? createSigner(qredoV1, key).sign({ method, url: ORIGIN + path }).headers : {}
      const lines = [...Object.entries(signed), ...headers].map(([name, value]) => `${name}: ${value}\r\n`)
      await talk(port, `${method} ${path} HTTP/1.1\r\nhost: api.example.com\r\n${lines.join('')}connection: close\r\n\r\n`).ended
    }
    // Whatever else comes, each outcome is there once.
    for (const [path, isSigned] of [
      ['/orders', true],
      ['/old', true],
      ['/orders', false],
      ['/orders/../old', true],
    ] as const)
      await send({ method: 'GET', path, headers: [], isSigned })
    await fc.assert(
      fc.asyncProperty(fc.array(CALL, { minLength: 10, maxLength: 30 }), async calls => {
        await Promise.all(calls.map(send))
        expect(await unknownLabels(gateway.metrics.registry, OF_GATEWAY)).toEqual([])
      }),
      { numRuns: 20 },
    )
    for (const outcome of ['passed', 'refused', 'failed'])
      expect(await callsOf(gateway.metrics.registry, 'countersign_gateway_requests_total', { outcome })).toBeGreaterThan(0)
    expect(await callsOf(gateway.metrics.registry, 'countersign_gateway_deprecated_total')).toBeGreaterThan(0)
  })

  it('of a server are those of its description and codes, whatever is sent', async () => {
    const inPath = fc.constantFrom(...adminRoutes.map(({ path }) => path), '/', '/metrics', '/console/', '/health')
    const call = fc.record({
      method: METHODS.filter(method => !['CONNECT', 'TRACE', 'TRACK'].includes(method)),
      path: fc
        .tuple(inPath, SEGMENT, SEGMENT)
        .map(([path, id, more]) => path.replaceAll(/\{\w+\}/g, encodeURIComponent(id)) + encodeURI(more)),
      authorization: fc.oneof(fc.constant(undefined), fc.stringMatching(/^[!-~]{0,20}$/), fc.constant('right')),
    })
    await fc.assert(
      fc.asyncProperty(call, async ({ method, path, authorization }) => {
        const given = authorization === 'right' ? `Bearer ${token}` : authorization
        const headers = given === undefined ? {} : { authorization: given }
        await app.fetch(new Request(new URL(`http://keys${path}`), { method, headers }))
        expect(await unknownLabels(admin.registry, OF_SERVER)).toEqual([])
      }),
      { numRuns: 200 },
    )
    expect(await callsOf(admin.registry, 'countersign_server_requests_total')).toBeGreaterThanOrEqual(200)
  })
})
