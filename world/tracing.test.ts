import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { BasicTracerProvider, InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createSigner } from '../packages/countersign/src/index.ts'
import { qredoV1 } from '../packages/countersign/src/schemes/index.ts'
import { type AccessEntry, createGateway, type Gateway, type KeyService, openKeyService } from '../packages/server/src/index.ts'

const ORIGIN = 'https://api.example.com'
const ACTOR = { name: 'test', address: '' }
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const folder = mkdtempSync(join(tmpdir(), 'countersign-tracing-'))
const exporter = new InMemorySpanExporter()
const log: AccessEntry[] = []
let seen: IncomingHttpHeaders = {}
let service: KeyService
let upstream: Server
let gateway: Gateway
let key: { keyId: string; secret: string }

beforeAll(async () => {
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }))
  propagation.setGlobalPropagator(new W3CTraceContextPropagator())
  service = await openKeyService({ store: join(folder, 'keys.db') })
  await service.administrators.createOrganisation(ACTOR, { id: 'acme', name: 'Acme', kind: 'organisation' })
  const made = await service.keys.create(ACTOR, 'acme', { name: 'k' })
  key = { keyId: made.key.id, secret: made.secret ?? '' }
  upstream = createServer((request, response) => {
    seen = request.headers
    if (request.url === '/breaks') return void request.socket.destroy()
    response.writeHead(request.url === '/fails' ? 500 : 201).end()
  })
  upstream.listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  gateway = createGateway({
    upstream: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`,
    origin: ORIGIN,
    service,
    tracing: true,
    onFinished: entry => log.push(entry),
  })
  gateway.server.listen(0, '127.0.0.1')
  await once(gateway.server, 'listening')
})
afterEach(() => {
  exporter.reset()
  log.length = 0
})
afterAll(async () => {
  await gateway.drain(0)
  upstream.close()
  await service.close()
  trace.disable()
  propagation.disable()
  rmSync(folder, { recursive: true, force: true })
})

async function call(
  path: string,
  headers: Record<string, string> = {},
): Promise<{ server: ReadableSpan; client: ReadableSpan | undefined }> {
  const { port } = gateway.server.address() as AddressInfo
  const signed = createSigner(qredoV1, key).sign({ method: 'GET', url: ORIGIN + path }).headers
  await (await fetch(`http://127.0.0.1:${port}${path}`, { headers: { ...signed, ...headers } })).arrayBuffer()
  await expect.poll(() => exporter.getFinishedSpans().some(({ kind }) => kind === SpanKind.SERVER)).toBe(true)
  const spans = exporter.getFinishedSpans()
  const server = spans.find(({ kind }) => kind === SpanKind.SERVER) as ReadableSpan
  return { server, client: spans.find(({ kind }) => kind === SpanKind.CLIENT) }
}

describe('a gateway with OpenTelemetry', () => {
  it('makes a span of the request in the trace of its client, and one of its way upstream, which is sent on', async () => {
    const { server, client } = await call('/orders?secret=1', { traceparent: `00-${TRACE}-00f067aa0ba902b7-01` })
    expect(server.name).toBe('GET /')
    expect(server.spanContext().traceId).toBe(TRACE)
    expect(server.parentSpanContext?.spanId).toBe('00f067aa0ba902b7')
    expect(server.attributes).toMatchObject({
      'http.request.method': 'GET',
      'http.route': '/',
      'http.response.status_code': 201,
      'url.path': '/orders',
      'countersign.outcome': 'passed',
      'countersign.scheme': 'qredo-v1',
      'countersign.key_id': key.keyId,
    })
    expect(client?.parentSpanContext?.spanId).toBe(server.spanContext().spanId)
    expect(client?.attributes).toMatchObject({ 'http.response.status_code': 201, 'server.address': '127.0.0.1' })
    expect(seen['traceparent']).toBe(`00-${TRACE}-${client?.spanContext().spanId}-01`)
    expect(log).toEqual([expect.objectContaining({ traceId: TRACE })])
  })

  it('begins a trace where the client has none', async () => {
    const { server } = await call('/')
    expect(server.parentSpanContext).toBeUndefined()
    expect(log).toEqual([expect.objectContaining({ traceId: server.spanContext().traceId })])
    expect(seen['traceparent']).toContain(server.spanContext().traceId)
  })

  it('says in the span why a call is refused, and that it went nowhere', async () => {
    const { server, client } = await call('/', { 'qredo-api-sig': 'AAAA' })
    expect(client).toBeUndefined()
    expect(server.attributes).toMatchObject({ 'countersign.outcome': 'refused', 'http.response.status_code': 401 })
    expect(server.attributes['countersign.code']).toMatch(/signature/)
    expect(server.attributes).not.toHaveProperty('countersign.key_id')
    expect(server.status.code).toBe(SpanStatusCode.UNSET)
  })

  it.each([
    ['fails', 500, 500],
    ['breaks', 502, undefined],
  ])('marks both spans as errors where the upstream %s', async (path, status, upstreamStatus) => {
    const { server, client } = await call(`/${path}`)
    expect([server.status.code, client?.status.code]).toEqual([SpanStatusCode.ERROR, SpanStatusCode.ERROR])
    expect([server.attributes['http.response.status_code'], client?.attributes['http.response.status_code']]).toEqual([
      status,
      upstreamStatus,
    ])
  })

  it('has no secret and no signature in any span', async () => {
    const { server, client } = await call('/orders?token=hidden')
    const text = JSON.stringify([server.attributes, client?.attributes, server.name, client?.name])
    expect(text).not.toContain(key.secret)
    expect(text).not.toContain('hidden')
  })
})
