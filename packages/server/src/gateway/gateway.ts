import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import type { Duplex } from 'node:stream'
import {
  type Failure,
  memoryReplayGuard,
  type NearlyFull,
  type Refused,
  type ReplayGuard,
  type Scheme,
  type VerifierOptions,
} from 'countersign'
import { endOfTurn } from 'countersign/node'
import { SCHEMES } from 'countersign/schemes'
import { closeServer } from '../listen.ts'
import type { KeyService } from '../service.ts'
import { type AccessEntry, beginEntry } from './access-entry.ts'
import { createAnswer } from './answer.ts'
import { CutOffError } from './checked-stream.ts'
import { GATEWAY_DEFAULTS } from './defaults.ts'
import type { DeprecationConfig } from './deprecations.ts'
import { createUpstream, UpstreamError, type UpstreamOptions } from './forward.ts'
import { ALWAYS_DROPPED, forwardedHeaders, takesHeadersOff } from './headers.ts'
import { OverloadedError } from './held-bodies.ts'
import { createIdentityHeaders } from './identity.ts'
import { createGatewayMetrics, type GatewayMetrics } from './metrics.ts'
import type { GatewayProblem } from './problem.ts'
import { SpoolError } from './read-spooled.ts'
import { createRequestBodies, NO_BODY } from './request-body.ts'
import { createRouter, DEFAULT_ROUTE, type RouteConfig, type RouteVerifier } from './router.ts'
import { asksForWebSocket, responseToUpgrade } from './upgrade.ts'

export interface GatewayOptions {
  /** Where verified requests go: `http://127.0.0.1:8080`. */
  readonly upstream: string
  /** The public origin, which clients sign; see the verifier's `origin`. */
  readonly origin: string | readonly string[]
  readonly service: KeyService
  /** Default: one in memory, which is right for one process. */
  readonly replay?: ReplayGuard | undefined
  /**
   * Memory for calls that are remembered, in bytes, where `replay` is left out. Default, as for the limits below: its
   * member in {@link GATEWAY_DEFAULTS}.
   */
  readonly maxReplayBytes?: number | undefined
  /** Told when that memory gets 80 % full; again only once it was below 70 %. */
  readonly onReplayNearlyFull?: ((usage: NearlyFull) => void) | undefined
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
  /** Bodies larger than this are written to disk until they are verified and sent on. */
  readonly spoolBytes?: number | undefined
  /** Where; default: the system's folder for temporary files. */
  readonly spoolFolder?: string | undefined
  /** Of one request. */
  readonly maxBodyBytes?: number | undefined
  /**
   * Of all bodies in memory at once, for what came in of them. Where it does not suffice, the unfinished body that
   * began first is answered with 503.
   */
  readonly maxHeldBytes?: number | undefined
  readonly timeouts?: UpstreamOptions & {
    /** Until a request has come in. */
    readonly requestTimeoutMs?: number | undefined
  }
  /** Told of every request, for a log: nothing in it is secret. */
  readonly onFinished?: ((entry: AccessEntry) => void) | undefined
  readonly onError?: ((error: unknown) => void) | undefined
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
  /**
   * Takes no new connections, lets running requests and WebSockets end, and cuts what is left off after a while.
   *
   * @param timeoutMs default: that of {@link GATEWAY_DEFAULTS}
   */
  drain(timeoutMs?: number): Promise<void>
}

const DEFER_BODY = { deferBody: true } as const
const MAX_HEADER_BYTES = 16_384
const HEADERS_TIMEOUT_MS = 10_000

/**
 * A reverse proxy that lets verified requests through and no others: not a byte goes upstream before the signature
 * holds.
 */
export function createGateway(options: GatewayOptions): Gateway {
  const { service, origin, keepSignature = false, timeouts = {}, onFinished, onError } = options
  const maxBodyBytes = options.maxBodyBytes ?? GATEWAY_DEFAULTS.maxBodyBytes
  const { origin: upstreamOrigin, host: upstreamHost } = new URL(options.upstream)
  const upstream = createUpstream(upstreamOrigin, timeouts)
  const bodies = createRequestBodies({
    maxHeldBytes: options.maxHeldBytes ?? GATEWAY_DEFAULTS.maxHeldBytes,
    spoolBytes: options.spoolBytes ?? GATEWAY_DEFAULTS.spoolBytes,
    folder: options.spoolFolder,
  })
  // Takes no memory before its first claim.
  const inMemory = memoryReplayGuard({
    maxBytes: options.maxReplayBytes ?? GATEWAY_DEFAULTS.maxReplayBytes,
    onNearlyFull: options.onReplayNearlyFull,
  })
  const metrics = createGatewayMetrics({
    heldBytes: () => bodies.heldBytes,
    replayUsage: options.replay === undefined ? inMemory.usage : undefined,
  })
  const routeOf = createRouter({
    routes: options.routes ?? [DEFAULT_ROUTE],
    schemes: options.schemes ?? SCHEMES,
    origin,
    keys: service.source,
    replay: options.replay ?? inMemory,
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

  function report(error: unknown): void {
    try {
      onError?.(error)
    } catch {
      // There is nobody left to tell.
    }
  }

  function listener(request: IncomingMessage, response: ServerResponse, upgradeHead?: Buffer): void {
    handle(request, response, upgradeHead).catch((error: unknown) => {
      // Not even a problem could be answered.
      report(error)
      response.destroy()
    })
  }

  /** The request target as the upstream is sent it. */
  function targetFor(route: RouteVerifier, target: string, schemeName: string): string {
    return keepSignature ? target : route.stripTarget(target, schemeName)
  }

  /** The route of a request, upgrade or not; or why it has none. */
  function findRoute(request: IncomingMessage, path: string, isUpgrade: boolean): RouteVerifier | GatewayProblem {
    const { method = '', url = '', rawHeaders } = request
    if (isUpgrade && !asksForWebSocket(request)) return 'unsupported-upgrade'
    // A WebSocket would be cut off in a moment.
    if (isUpgrade && isDraining) return 'draining'
    if (takesHeadersOff(rawHeaders)) return 'connection-header'
    const route = routeOf(method, path)
    return typeof route !== 'string' && route.signsOverride(rawHeaders, url) ? 'signed-override' : route
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

  /** @param upgradeHead set for an upgrade: the bytes that came behind the request's head */
  async function handle(request: IncomingMessage, response: ServerResponse, upgradeHead?: Buffer): Promise<void> {
    const entry = beginEntry(request, { metrics, onFinished, onError: report })
    const answer = createAnswer(response, entry, () => isDraining || upgradeHead !== undefined)
    const { method = '', url = '' } = request
    const requestBody = upgradeHead === undefined ? bodies.of(request) : NO_BODY
    const incoming = { method, target: url, headers: request.rawHeaders, body: requestBody.reader, address: request.socket.remoteAddress }
    let scheme = ''
    try {
      if (response.destroyed) return answer.abandon()
      const route = findRoute(request, entry.path, upgradeHead !== undefined)
      if (typeof route === 'string') return answer.fail(route)
      const verified = await route.verify(incoming, requestBody.isLarge ? DEFER_BODY : undefined)
      requestBody.verified()
      const { result } = verified
      scheme = verified.scheme
      answer.announce(result.headers)
      if (!result.ok) return refuse(result)
      const { key, bodyDigest, confirm = confirmed } = result
      await endOfTurn()
      // A key is used once nothing can be wrong with the call any more.
      const use = async (): Promise<Failure | undefined> => {
        const failure = await confirm()
        if (failure === undefined) service.used(key)
        return failure
      }
      if (bodyDigest === undefined) service.used(key)
      const { body, length: bodyLength } =
        bodyDigest === undefined ? requestBody.outgoing() : requestBody.stream(bodyDigest, maxBodyBytes, use)
      entry.verified(key.id, scheme)
      // Without a body its absence is said, where one could be.
      const length = body === undefined && (method === 'POST' || method === 'PUT' || method === 'PATCH') ? 0 : bodyLength
      const headers = headersFor(request, route.dropped, identityHeaders(key), entry.requestId, length)
      const outgoing = { method, target: targetFor(route, url, scheme), headers, body, upgradeHead }
      answer.passed(await upstream.forward(outgoing, response, answer))
    } catch (thrown) {
      const error = withoutUpstream(thrown)
      if (error instanceof CutOffError) return refuse({ ok: false, failure: error.failure })
      const problem = error instanceof UpstreamError ? error.problem : error instanceof OverloadedError ? 'overloaded' : undefined
      // Node destroys a request once it was read, so that alone doesn't say that the client has left.
      const hasLeft = response.destroyed || request.socket.destroyed
      // A request that does not come whole is all that can be expected of a client that leaves.
      if (problem === undefined && !(hasLeft && !request.complete)) report(error)
      if (hasLeft) answer.abandon()
      else answer.fail(problem ?? 'internal')
    } finally {
      requestBody.release()?.catch(report)
    }

    /** Tells the owner of the key, and answers. */
    function refuse(refused: Refused): void {
      service.refusals.refused({ failure: refused.failure, request: incoming })
      answer.refuse(refused, scheme)
    }
  }

  const limits = {
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: timeouts.requestTimeoutMs ?? GATEWAY_DEFAULTS.requestTimeoutMs,
    keepAliveTimeout: 5_000,
    insecureHTTPParser: false,
  }
  const server: Server =
    options.tls === undefined ? createServer(limits) : createTlsServer({ ...limits, ...options.tls, minVersion: 'TLSv1.2' })
  server.on('request', (request, response) => listener(request, response))
  // An `Expect: 100-continue` is answered by Node before the request is handed over; the body is read before it is sent
  // on either way.
  const upgraded = new Set<Duplex>()
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    upgraded.add(socket)
    socket.once('close', () => upgraded.delete(socket))
    listener(request, responseToUpgrade(request), head)
  })
  return {
    server,
    metrics,
    setTls: files => (server as TlsServer).setSecureContext(files),
    get isDraining() {
      return isDraining
    },
    async drain(timeoutMs = GATEWAY_DEFAULTS.drainMs) {
      isDraining = true
      const closed = closeServer(server)
      const timer = setTimeout(() => {
        server.closeAllConnections()
        // Node knows no more of these.
        for (const socket of upgraded) socket.destroy()
      }, timeoutMs)
      await closed
      clearTimeout(timer)
      await upstream.close()
      await bodies.close()
    },
  }
}

/** A call whose body is there has nothing left to confirm. */
async function confirmed(): Promise<undefined> {}

/** What went wrong with the body that the upstream was sent, behind what the upstream's client made of it. */
function withoutUpstream(error: unknown): unknown {
  if (!(error instanceof UpstreamError)) return error
  return error.cause instanceof CutOffError || error.cause instanceof SpoolError ? error.cause : error
}
