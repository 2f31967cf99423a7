import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { createSigner } from '../packages/countersign/src/index.ts'
import { qredoV1 } from '../packages/countersign/src/schemes/index.ts'
import {
  createGateway,
  createMasterKeyFile,
  type Gateway,
  type KeyService,
  openKeyService,
  type RunningServer,
  startServer,
} from '../packages/server/src/index.ts'
import { createMetricsOfProcesses } from '../packages/server/src/process/metrics-of-processes.ts'
import { type RunningGateway, runGateway } from '../packages/server/src/process/run-gateway.ts'
import { readGatewayConfig } from '../packages/server/src/settings/read-config.ts'
import { hasPostgres, startPostgres } from '../packages/server/test/postgres.ts'
import { hasRedis, startRedis, until } from '../packages/server/test/redis.ts'
import { type ExposedMetrics, exposedMetrics } from './exposed-metrics.ts'
import { mistakesOf } from './promql.ts'

const ORIGIN = 'https://api.example.com'
const ACTOR = { name: 'test', address: '' }
const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')

interface Rule {
  readonly alert: string
  readonly expr: string
  readonly labels: { readonly severity: string }
  readonly annotations: { readonly [name: string]: string }
}
interface Panel {
  readonly id: number
  readonly title: string
  readonly type: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly datasource?: { readonly uid: string }
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[]
}
interface Variable {
  readonly name: string
  readonly definition?: string
}
interface Dashboard {
  readonly schemaVersion: number
  readonly panels: readonly Panel[]
  readonly templating: { readonly list: readonly Variable[] }
}

const alerts = parse(read('packages/server/monitoring/alerts.yaml')) as { groups: { rules: Rule[] }[] }
const rules = alerts.groups.flatMap(group => group.rules)
const dashboard = JSON.parse(read('packages/server/monitoring/grafana.json')) as Dashboard
const variables = dashboard.templating.list
const targets = dashboard.panels.flatMap(({ title, targets: all = [] }) =>
  all.map(({ expr, legendFormat }) => ({ title, expr, legendFormat })),
)

/** The data source that is chosen above the dashboard. */
const OF_CHOICE = '$' + '{datasource}'

/** An expression as Grafana sends it where all is chosen; what is no variable stays, and is no PromQL. */
function filledIn(expression: string): string {
  return variables.reduce((text, { name }) => text.replaceAll(`"$${name}"`, '".*"'), expression.replaceAll('$__rate_interval', '5m'))
}

const folder = mkdtempSync(join(tmpdir(), 'countersign-monitoring-'))
const where = { store: '', masterKeyFile: join(folder, 'master.key') }
const closing: (() => unknown)[] = []
let exposed: ExposedMetrics
/** The same of a gateway with several processes. */
let exposedTogether: ExposedMetrics

/** An upstream for each thing that can become of a call. */
async function startUpstream(): Promise<string> {
  const upstream: Server = createServer((request, response) => {
    const path = request.url ?? ''
    if (path.startsWith('/holds') || path.startsWith('/slow')) return
    if (path.startsWith('/cut')) return void request.socket.destroy()
    request.resume().on('end', () => response.writeHead(path.startsWith('/fails') ? 500 : 200).end('ok'))
  })
  upstream.listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  closing.push(
    () => upstream.close(),
    () => upstream.closeAllConnections(),
  )
  return `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
}

async function startRunning(upstream: string): Promise<RunningGateway> {
  const redis = await startRedis()
  closing.push(() => redis.close())
  const settings = { ...where, upstream, origin: ORIGIN, port: 0, adminPort: 0, redis: redis.url }
  const gateway = await runGateway(readGatewayConfig(JSON.stringify(settings), 'gateway.json'), { isQuiet: true })
  closing.push(() => gateway.close())
  return gateway
}

/** Small, so that it is full at once, and with a route for each thing that it may answer itself. */
async function startSmall(upstream: string, service: KeyService): Promise<{ gateway: Gateway; origin: string }> {
  const route = (path: string, more = {}) => ({ path, schemes: ['qredo-v1'], ...more })
  const rate = { quota: 10, windowSeconds: 60 }
  const gateway = createGateway({
    upstream,
    origin: ORIGIN,
    service,
    maxHeldBytes: 15_000,
    spoolBytes: 12_000,
    maxSpoolBytes: 13_000,
    spoolFolder: folder,
    rates: { take: () => Promise.reject(new Error('out of order')) },
    routes: [
      route('/'),
      route('/broken', { rate }),
      route('/slow', { timeouts: { headersTimeoutMs: 100 } }),
      route('/nobody', { upstream: 'http://127.0.0.1:1' }),
      route('/old'),
      route('/gone'),
    ],
    deprecations: [
      { route: '/old', since: '2020-01-01' },
      { route: '/gone', since: '2020-01-01', sunset: '2021-01-01' },
    ],
  })
  gateway.server.listen(0, '127.0.0.1')
  await once(gateway.server, 'listening')
  closing.push(() => gateway.drain(0))
  return { gateway, origin: `http://127.0.0.1:${(gateway.server.address() as AddressInfo).port}` }
}

async function startAdmin(): Promise<RunningServer & { readonly token: string }> {
  let token = ''
  const server = await startServer({
    ...where,
    adminPort: 0,
    showFirstToken: text => {
      token = text
    },
  })
  closing.push(() => server.close())
  return { ...server, token }
}

const textOf = async (url: string): Promise<string> => (await fetch(url)).text()

beforeAll(async () => {
  const postgres = await startPostgres()
  closing.push(() => postgres.close())
  where.store = await postgres.newDatabase()
  createMasterKeyFile(where.masterKeyFile)
  const service = await openKeyService(where)
  closing.push(() => service.close())
  await service.administrators.createOrganisation(ACTOR, { id: 'acme', name: 'Acme', kind: 'organisation' })
  const { key, secret } = await service.keys.create(ACTOR, 'acme', { name: 'good' })
  const signer = createSigner(qredoV1, { keyId: key.id, secret: secret ?? '' })
  const send = (origin: string, path: string, bytes = 0, changed: Record<string, string> = {}) => {
    const body = bytes === 0 ? undefined : JSON.stringify({ a: 'x'.repeat(bytes) })
    const method = body === undefined ? 'GET' : 'POST'
    const { headers } = signer.sign({ method, url: ORIGIN + path, ...(body === undefined ? {} : { body }) })
    return fetch(origin + path, { method, headers: { ...headers, ...changed }, ...(body === undefined ? {} : { body }) })
  }
  const statusOf = async (sent: Promise<Response>): Promise<number> => (await sent).status

  const upstream = await startUpstream()
  const running = await startRunning(upstream)
  const { gateway: small, origin } = await startSmall(upstream, service)
  const server = await startAdmin()

  // Redis is not believed for two seconds after its start.
  await until(async () => (await statusOf(send(running.origin, '/'))) === 200)
  expect(await statusOf(send(running.origin, '/', 0, { 'qredo-api-sig': 'AAAA' }))).toBe(401)
  const answers = ['/fails', '/cut', '/slow', '/nobody', '/old', '/gone', '/broken'].map(path => statusOf(send(origin, path)))
  expect(await Promise.all(answers)).toEqual([500, 502, 504, 502, 200, 410, 500])
  expect(await statusOf(send(origin, '/', 0, { 'qredo-api-sig': 'AAAA' }))).toBe(401)
  expect(await statusOf(send(origin, '/', 14_000))).toBe(507)
  void send(origin, '/holds', 10_000).catch(() => undefined)
  await until(async () => /_bytes 1\d{4}/.test(await small.metrics.registry.getSingleMetricAsString('countersign_gateway_held_bytes')))
  expect(await statusOf(send(origin, '/', 10_000))).toBe(503)
  for (const authorization of [`Bearer ${server.token}`, 'Bearer wrong'])
    await fetch(`${server.origin}/admin/v1/keys`, { headers: { authorization } })

  const metrics = small.metrics.registry
  const ofServer = await textOf(`${server.adminOrigin}/metrics`)
  const ofRunning = await textOf(`${running.adminOrigin}/metrics`)
  exposed = exposedMetrics(ofRunning, await metrics.metrics(), ofServer)
  const together = createMetricsOfProcesses()
  together.heard(1, await metrics.getMetricsAsJSON())
  together.heard(2, await running.watched.counted())
  exposedTogether = exposedMetrics((await together.text()).text, ofServer)
})
afterAll(async () => {
  for (const close of closing.reverse()) await close()
  rmSync(folder, { recursive: true, force: true })
})

const ours = (): readonly string[] => [...exposed.keys()].filter(name => name.startsWith('countersign_'))
/** A histogram is three metrics, of one name. */
const withoutSuffix = (name: string): string => name.replace(/_seconds_(bucket|sum|count)$/, '_seconds')

describe.skipIf(!hasRedis || !hasPostgres)('metrics, dashboard and alerts (needs redis-server and PostgreSQL)', () => {
  it.each(rules)('alert $alert is by metrics, labels and values that there are', ({ expr, annotations }) => {
    const shown = [
      ...Object.values(annotations)
        .join()
        .matchAll(/\$labels\.(\w+)/g),
    ].map(([, label = '']) => label)
    expect(mistakesOf(expr, exposed, shown)).toEqual([])
    expect(mistakesOf(expr, exposedTogether, shown)).toEqual([])
  })

  it.each(targets)('panel “$title” is by metrics, labels and values that there are: $expr', ({ expr, legendFormat }) => {
    const shown = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label)
    expect(mistakesOf(filledIn(expr), exposed, shown)).toEqual([])
    expect(mistakesOf(filledIn(expr), exposedTogether, shown)).toEqual([])
  })

  it.each(variables.filter(({ definition }) => definition !== undefined))('variable $name has values', ({ definition = '' }) => {
    const [, from = '', label = ''] = /^label_values\((.*), (\w+)\)$/.exec(definition) ?? []
    expect(mistakesOf(filledIn(from), exposed, [label])).toEqual([])
  })

  it('every metric of ours is on the dashboard', () => {
    const shown = targets.map(({ expr }) => expr).join('\n')
    expect(ours().filter(name => !new RegExp(`\\b${withoutSuffix(name)}(_bucket)?\\b`).test(shown))).toEqual([])
  })

  it('the page has every metric of ours with its labels, and no other', () => {
    const rows = [...read('docs/monitoring.md').matchAll(/^\| `(countersign_\w+)` \|([^|]*)\|/gm)]
    const told = rows.map(([, name = '', labels = '']) => `${name} ${[...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label).sort()}`)
    const labelsOf = (name: string): readonly string[] => [...(exposed.get(name)?.keys() ?? [])].filter(label => label !== 'le').sort()
    expect(told.sort()).toEqual([...new Set(ours().map(name => `${withoutSuffix(name)} ${labelsOf(name)}`))].sort())
  })

  it('the page names every alert', () => {
    const told = [...read('docs/monitoring.md').matchAll(/^\| `(Countersign\w+)` \|/gm)].map(([, name]) => name)
    expect(told).toEqual(rules.map(({ alert }) => alert))
  })

  it('each alert says how bad it is, what is wrong and what to do', () => {
    for (const { labels, annotations } of rules) {
      expect(['critical', 'warning', 'info']).toContain(labels.severity)
      expect(Object.keys(annotations)).toEqual(['summary', 'description'])
    }
  })

  it('the dashboard can be imported: ids are its panels’ own, no two overlap, and each has the chosen data source', () => {
    const { panels, schemaVersion } = dashboard
    expect(schemaVersion).toBeGreaterThanOrEqual(39)
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
    expect(panels.filter(({ type, datasource }) => type !== 'row' && datasource?.uid !== OF_CHOICE)).toEqual([])
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, index) => `${x + (index % w)} ${y + Math.floor(index / w)}`),
    )
    expect(new Set(cells).size).toBe(cells.length)
    expect(panels.filter(({ gridPos: { x, w } }) => x + w > 24)).toEqual([])
  })
})
