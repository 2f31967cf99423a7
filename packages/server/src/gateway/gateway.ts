import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import type { Duplex } from 'node:stream'
import { FAILURES, type Failure, memoryReplayGuard, type Refused, type ReplayGuard, type Scheme, type VerifierOptions } from 'countersign'
import { endOfTurn, sendProblem } from 'countersign/node'
import { DEFAULT_SCHEME, SCHEMES } from 'countersign/schemes'
import { refuseUpgrade } from 'countersign/websocket'
import { closeServer } from '../listen.ts'
import type { KeyService } from '../service.ts'
import { CutOffError } from './checked-stream.ts'
import type { DeprecationConfig } from './deprecations.ts'
import { createUpstream, UpstreamError, type UpstreamOptions } from './forward.ts'
import { ALWAYS_DROPPED, forwardedHeaders, takesHeadersOff } from './headers.ts'
import { createIdentityHeaders } from './identity.ts'
import { createGatewayMetrics, type GatewayMetrics } from './metrics.ts'
import { GATEWAY_PROBLEMS, type GatewayProblem, sendGatewayProblem } from './problem.ts'
import { createRequestBodies, OverloadedError } from './request-body.ts'
import { createRouter, DEFAULT_ROUTE, type RouteConfig, type RouteVerifier } from './router.ts'
import { tunnel } from './tunnel.ts'

export interface GatewayOptions {
  /** Where verified requests go: `http://127.0.0.1:8080`. */
  readonly upstream: string
  /** The public origin, which clients sign; see the verifier's `origin`. */
  readonly origin: string | readonly string[]
  readonly service: KeyService
  /** Default: one in memory, which is right for one process. */
  readonly replay?: ReplayGuard | undefined
  /** Default: every path, by the library's default scheme. */
  readonly routes?: readonly RouteConfig[] | undefined
  /** Those that a route may name. Default: all of the library's. */
  readonly schemes?: readonly Scheme[] | undefined
  readonly toleranceMs?: number | undefined
  readonly allow?: VerifierOptions['allow']
  /** Schemes and routes that are on their way out. */
  readonly deprecations?: readonly DeprecationConfig[] | undefined
  /** Certificate and key, in PEM; left out: plain HTTP. */
  readonly tls?: TlsFiles | undefined
  /** Whether the upstream sees the headers and query parameters of the signature. Default: no. */
  readonly keepSignature?: boolean | undefined
  /** Bodies larger than this are written to disk until they are verified and sent on. Default: 1 MiB. */
  readonly spoolBytes?: number | undefined
  /** Where; default: the system's folder for temporary files. */
  readonly spoolFolder?: string | undefined
  /** Of one request. Default: 128 MiB. */
  readonly maxBodyBytes?: number | undefined
  /** Of all bodies in memory at once. Default: 256 MiB. */
  readonly maxHeldBytes?: number | undefined
  readonly timeouts?: UpstreamOptions & {
    /** Until a request has come in. Default: 60 s. */ readonly requestTimeoutMs?: number | undefined
  }
  /** Told of every request, for a log: nothing in it is secret. */
  readonly onFinished?: ((entry: AccessEntry) => void) | undefined
  readonly onError?: ((error: unknown) => void) | undefined
}

export interface AccessEntry {
  readonly requestId: string
  readonly method: string
  /** Without the query, which may hold a signature. */
  readonly path: string
  readonly address: string
  readonly status: number
  readonly outcome: 'passed' | 'refused' | 'failed'
  /** Why it was refused or failed. */
  readonly code: string | undefined
  readonly keyId: string | undefined
  readonly scheme: string | undefined
  readonly ms: number
}

export interface TlsFiles {
  readonly cert: string | Buffer
  readonly key: string | Buffer
}

export interface Gateway {
  readonly server: Server
  /** Takes a new certificate for the connections to come. */
  setTls(files: TlsFiles): void
  readonly metrics: GatewayMetrics
  readonly isDraining: boolean
  /** Takes no new connections, lets running requests end, and cuts what is left after a while. */
  drain(timeoutMs?: number): Promise<void>
}

const DEFER_BODY = { deferBody: true } as const
const DEFAULT_MAX_BODY_BYTES = 134_217_728
const DEFAULT_SPOOL_BYTES = 1_048_576
const DEFAULT_MAX_HELD_BYTES = 268_435_456
const MAX_HEADER_BYTES = 16_384
const HEADERS_TIMEOUT_MS = 10_000
const REQUEST_ID = /^[A-Za-z0-9._-]{1,100}$/
/** A reverse proxy that lets verified requests through and no others: not a byte goes upstream before the signature holds. */
export function createGateway(options: GatewayOptions): Gateway {
  const { service, origin, keepSignature = false, timeouts = {}, onFinished, onError } = options
  const maxBodyBytes = options.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES
  const { origin: upstreamOrigin, host: upstreamHost } = new URL(options.upstream)
  const upstream = createUpstream(upstreamOrigin, timeouts)
  const bodies = createRequestBodies({
    maxHeldBytes: options.maxHeldBytes ?? DEFAULT_MAX_HELD_BYTES,
    spoolBytes: options.spoolBytes ?? DEFAULT_SPOOL_BYTES,
    folder: options.spoolFolder,
  })
  const metrics = createGatewayMetrics({ heldBytes: () => bodies.heldBytes })
  const routeOf = createRouter({
    routes: options.routes ?? [DEFAULT_ROUTE],
    schemes: options.schemes ?? SCHEMES,
    origin,
    keys: service.source,
    replay: options.replay ?? memoryReplayGuard(),
    toleranceMs: options.toleranceMs,
    maxBodyBytes,
    allow: options.allow,
    deprecations: options.deprecations,
    onDeprecated({ keyId, what, via, isRefused }) {
      metrics.deprecated(via, isRefused)
      // A call by a scheme that is let through is counted with all others.
      if (isRefused || what === 'route') service.lastUsed.used(keyId, via)
    },
  })
  const identityHeaders = createIdentityHeaders()
  let isDraining = false

  /** The request target as the upstream is sent it. */
  function outgoing(route: RouteVerifier, target: string, schemeName: string): string {
    return keepSignature ? target : route.stripTarget(target, schemeName)
  }

  /** The route of a request, upgrade or not; or why it has none. */
  function findRoute({ method = '', rawHeaders }: IncomingMessage, path: string): RouteVerifier | GatewayProblem {
    return takesHeadersOff(rawHeaders) ? 'connection-header' : routeOf(method, path)
  }

  /** What an upstream is sent of a verified request. */
  function headersFor(
    request: IncomingMessage,
    dropped: ReadonlySet<string>,
    identity: readonly string[],
    requestId: string,
    length: number | undefined,
  ): string[] {
    const headers = forwardedHeaders(request.rawHeaders, keepSignature ? ALWAYS_DROPPED : dropped)
    headers.push(...identity, 'x-request-id', requestId, 'x-forwarded-for', request.socket.remoteAddress ?? '')
    headers.push('x-forwarded-host', request.headers.host ?? '', 'x-forwarded-proto', 'encrypted' in request.socket ? 'https' : 'http')
    headers.push('host', upstreamHost)
    if (length !== undefined) headers.push('content-length', String(length))
    return headers
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const entry = beginEntry(request, onFinished, metrics)
    const answerWith = ['x-request-id', entry.requestId, ...(isDraining ? ['connection', 'close'] : [])]
    const { method = '', url = '' } = request
    const requestBody = bodies.of(request)
    try {
      const route = findRoute(request, entry.path)
      if (typeof route === 'string') return fail(route)
      const incoming = { method, target: url, headers: request.rawHeaders, body: requestBody.reader, address: request.socket.remoteAddress }
      const { result, scheme } = await route.verify(incoming, requestBody.isLarge ? DEFER_BODY : undefined)
      requestBody.verified()
      if (!result.ok) {
        service.refusals.refused({ failure: result.failure, request: incoming })
        return refuse(result, scheme)
      }
      const { key, bodyDigest, confirm = confirmed } = result
      await endOfTurn()
      const { body, length: bodyLength } =
        bodyDigest === undefined ? requestBody.outgoing() : requestBody.stream(bodyDigest, maxBodyBytes, confirm)
      service.used(key)
      entry.verified(key.id, scheme)
      // Without a body its absence is said, where one could be.
      const length = body === undefined && (method === 'POST' || method === 'PUT' || method === 'PATCH') ? 0 : bodyLength
      const headers = headersFor(request, route.dropped, identityHeaders(key), entry.requestId, length)
      const answered = result.headers === undefined ? answerWith : [...answerWith, ...Object.entries(result.headers).flat()]
      entry.finish(
        'passed',
        await upstream.forward({ method, target: outgoing(route, url, scheme), headers, body, answerWith: answered }, response),
      )
    } catch (error) {
      const cutOff = cutOffOf(error)
      if (cutOff !== undefined) return refuse({ ok: false, failure: cutOff }, DEFAULT_SCHEME.name)
      if (error instanceof UpstreamError) return fail(error.problem)
      if (error instanceof OverloadedError) return fail('overloaded')
      if (response.destroyed || request.destroyed) return entry.finish('failed', 499, 'client-gone')
      onError?.(error)
      fail('internal')
    } finally {
      requestBody.release()?.catch(error => onError?.(error))
    }

    function refuse(refused: Refused, scheme: string): void {
      // A body that was cut off after the upstream had begun to answer.
      if (response.headersSent) {
        response.destroy()
        entry.finish('refused', response.statusCode, refused.failure.code)
        return
      }
      response.setHeader('x-request-id', entry.requestId)
      if (!request.complete || isDraining) response.setHeader('connection', 'close')
      sendProblem(response, refused, scheme)
      if (!request.complete) request.resume()
      entry.finish('refused', response.statusCode, refused.failure.code)
    }
    function fail(problem: GatewayProblem): void {
      if (!response.headersSent) response.setHeader('x-request-id', entry.requestId)
      sendGatewayProblem(response, problem)
      if (!request.complete) request.resume()
      entry.finish('failed', response.statusCode, problem)
    }
  }

  async function handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const entry = beginEntry(request, onFinished, metrics)
    const { method = '', url = '' } = request
    socket.on('error', () => socket.destroy())
    // What is sent upstream is a GET for a WebSocket, so nothing else may be asked for.
    const isWebSocket = method === 'GET' && request.headers.upgrade?.toLowerCase() === 'websocket'
    const route = isWebSocket ? findRoute(request, entry.path) : 'unsupported-upgrade'
    if (typeof route === 'string') {
      const { status, title } = GATEWAY_PROBLEMS[route]
      socket.end(`HTTP/1.1 ${status} ${title}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
      return entry.finish('failed', status, route)
    }
    const incoming = { method, target: url, headers: request.rawHeaders, address: request.socket.remoteAddress }
    const { result, scheme } = await route.verify(incoming)
    if (!result.ok) {
      service.refusals.refused({ failure: result.failure, request: incoming })
      refuseUpgrade(socket, result, scheme)
      return entry.finish('refused', FAILURES[result.failure.code].status, result.failure.code)
    }
    service.used(result.key)
    entry.verified(result.key.id, scheme)
    const headers = headersFor(request, route.dropped, identityHeaders(result.key), entry.requestId, undefined)
    tunnel(upstreamOrigin, outgoing(route, url, scheme), headers, socket, head, timeouts.headersTimeoutMs ?? 60_000)
    entry.finish('passed', 101)
  }

  const limits = {
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: timeouts.requestTimeoutMs ?? 60_000,
    keepAliveTimeout: 5_000,
    insecureHTTPParser: false,
  }
  const server: Server =
    options.tls === undefined ? createServer(limits) : createTlsServer({ ...limits, ...options.tls, minVersion: 'TLSv1.2' })
  server.on('request', (request, response) => void handle(request, response))
  // An `Expect: 100-continue` is answered by Node before the request is handed over; the body is read before it is sent on either way.
  server.on('upgrade', (request, socket, head) => {
    handleUpgrade(request, socket, head).catch(error => {
      onError?.(error)
      socket.destroy()
    })
  })
  return {
    server,
    metrics,
    setTls: files => (server as TlsServer).setSecureContext(files),
    get isDraining() {
      return isDraining
    },
    async drain(timeoutMs = 30_000) {
      isDraining = true
      const closed = closeServer(server)
      const timer = setTimeout(() => server.closeAllConnections(), timeoutMs)
      await closed
      clearTimeout(timer)
      await upstream.close()
      await bodies.close()
    },
  }
}

/** A call whose body is there has nothing left to confirm. */
async function confirmed(): Promise<undefined> {}

/** Why a body was cut off, behind what the upstream's client made of it. */
function cutOffOf(error: unknown): Failure | undefined {
  if (error instanceof CutOffError) return error.failure
  return error instanceof UpstreamError && error.cause instanceof CutOffError ? error.cause.failure : undefined
}

function beginEntry(request: IncomingMessage, onFinished: GatewayOptions['onFinished'], metrics: GatewayMetrics) {
  const started = performance.now()
  const given = request.headers['x-request-id']
  const requestId = typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID()
  const { method = '', url = '' } = request
  const path = url.split('?', 1)[0] ?? ''
  let keyId: string | undefined
  let scheme: string | undefined
  return {
    requestId,
    path,
    verified(key: string, by: string): void {
      keyId = key
      scheme = by
    },
    finish(outcome: AccessEntry['outcome'], status: number, code?: string): void {
      const ms = performance.now() - started
      metrics.finished(outcome, code ?? String(status), ms / 1000)
      onFinished?.({
        requestId,
        method,
        path: path.slice(0, 500),
        address: request.socket.remoteAddress ?? '',
        status,
        outcome,
        code,
        keyId,
        scheme,
        ms,
      })
    },
  }
}
