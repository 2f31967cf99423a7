import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { memoryReplayGuard, tell } from 'countersign'
import { SCHEMES } from 'countersign/schemes'
import { CHECK_CONNECTIONS_MS, closeServer, HEADERS_TIMEOUT_MS } from '../http/listen.ts'
import { boundPipelining } from '../http/pipelining.ts'
import { RequestOrWebSocket, responseToUpgrade } from '../http/upgrade.ts'
import { createRequestBodies } from './bodies/request-body.ts'
import { GATEWAY_DEFAULTS } from './defaults.ts'
import { createDestinations } from './destinations.ts'
import { createForwardedReader } from './forwarded.ts'
import { createHandler } from './handle.ts'
import { createGatewayMetrics, type GatewayMetrics } from './metrics.ts'
import type { GatewayOptions, TlsFiles } from './options.ts'
import { memoryRates } from './rates/memory-rates.ts'
import { createRouter } from './router.ts'
import { DEFAULT_ROUTE } from './routes.ts'
import { createIdentitySigner } from './signed-identity.ts'
import { createOpenTunnels } from './upgrades/open-tunnels.ts'

export interface Gateway {
  readonly server: Server
  /** Takes a new certificate for the connections to come. */
  setTls(files: TlsFiles): void
  readonly metrics: GatewayMetrics
  readonly isDraining: boolean
  /**
   * Takes no new connections, closes WebSockets (1001), lets running requests end, and cuts what is left off after a
   * while.
   *
   * @param timeoutMs default: that of {@link GATEWAY_DEFAULTS}
   * @param delayMs how long new connections are still taken, while `isDraining` says that it ends. Default: 0
   */
  drain(timeoutMs?: number, delayMs?: number): Promise<void>
}

/** Of one request's headers together, in bytes: what Node takes by itself. */
export const MAX_HEADER_BYTES = 16_384
/** How long a large body waits for its turn to be verified, once it is there, in milliseconds. */
export const TURN_MS = 60_000

/**
 * A reverse proxy that lets verified requests through and no others: not a byte goes upstream before the signature
 * holds.
 */
export function createGateway(options: GatewayOptions): Gateway {
  const { service, origin, keepSignature = false, timeouts = {}, onFinished, onError } = options
  const maxBodyBytes = options.maxBodyBytes ?? GATEWAY_DEFAULTS.maxBodyBytes
  const requestTimeoutMs = timeouts.requestTimeoutMs ?? GATEWAY_DEFAULTS.requestTimeoutMs
  const routes = options.routes ?? [DEFAULT_ROUTE]
  const destinations = createDestinations({
    routes,
    upstream: options.upstream,
    upstreamTls: options.upstreamTls,
    timeouts,
    audience: options.identity?.audience,
    keepHeaders: options.keepHeaders ?? [],
  })
  const report = (error: unknown): void => tell(onError, error)
  const bodies = createRequestBodies({
    maxHeldBytes: options.maxHeldBytes ?? GATEWAY_DEFAULTS.maxHeldBytes,
    spoolBytes: options.spoolBytes ?? GATEWAY_DEFAULTS.spoolBytes,
    maxSpoolBytes: options.maxSpoolBytes ?? GATEWAY_DEFAULTS.maxSpoolBytes,
    folder: options.spoolFolder,
    onError: report,
  })
  // Takes no memory before its first claim.
  const inMemory = memoryReplayGuard({
    maxBytes: options.maxReplayBytes ?? GATEWAY_DEFAULTS.maxReplayBytes,
    onNearlyFull: options.onReplayNearlyFull,
  })
  const metrics = createGatewayMetrics({
    heldBytes: () => bodies.heldBytes,
    spooledBytes: () => bodies.spooledBytes,
    replayUsage: options.replay === undefined ? inMemory.usage : undefined,
  })
  const routeOf = createRouter({
    routes,
    schemes: options.schemes ?? SCHEMES,
    origin,
    keys: service.source,
    replay: options.replay ?? inMemory,
    toleranceMs: options.toleranceMs,
    maxBodyBytes,
    bodyTimeoutMs: requestTimeoutMs + TURN_MS,
    allow: options.allow,
    keepHeaders: options.keepHeaders,
    keepSignature,
    permissions: service.permissions,
    deprecations: options.deprecations,
    onExplained: options.explainRefusals === true ? service.refusals.explained : undefined,
    onDeprecated({ keyId, what, via, isRefused }) {
      metrics.deprecated(via, isRefused)
      // A call by a scheme that is let through is counted with all others.
      if (isRefused || what === 'route') service.lastUsed.used(keyId, via)
    },
  })
  let isDraining = false

  const identity = options.identity === undefined ? undefined : createIdentitySigner(options.identity.keys)
  const tunnels = createOpenTunnels({ keys: service.source, report })
  const handle = createHandler({
    service,
    routeOf,
    bodies,
    destinationOf: destinations.of,
    rates: options.rates ?? memoryRates(),
    readForwarded: createForwardedReader({ origin, trustedProxies: options.trustedProxies }),
    identity,
    tunnels,
    metrics,
    maxBodyBytes,
    keepSignature,
    isDraining: () => isDraining,
    onFinished,
    report,
  })

  function listener(request: IncomingMessage, response: ServerResponse, upgradeHead?: Buffer): void {
    handle(request, response, upgradeHead).catch((error: unknown) => {
      // Not even a problem could be answered.
      report(error)
      response.destroy()
    })
  }

  const limits = {
    IncomingMessage: RequestOrWebSocket,
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: HEADERS_TIMEOUT_MS,
    connectionsCheckingInterval: CHECK_CONNECTIONS_MS,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: timeouts.keepAliveTimeoutMs ?? GATEWAY_DEFAULTS.keepAliveTimeoutMs,
    insecureHTTPParser: false,
    handshakeTimeout: HEADERS_TIMEOUT_MS,
  }
  const server: Server =
    options.tls === undefined ? createServer(limits) : createTlsServer({ ...limits, ...options.tls, minVersion: 'TLSv1.2' })
  // An `Expect: 100-continue` is answered by Node before the request is handed over; the body is read before it is sent
  // on either way.
  server.on(
    'request',
    boundPipelining((request, response) => listener(request, response), {
      maxPipelined: options.maxPipelined ?? GATEWAY_DEFAULTS.maxPipelined,
      onDropped(socket, isFirst) {
        metrics.dropped()
        if (isFirst) tell(options.onFlooded, socket.remoteAddress)
      },
    }),
  )
  server.on('upgrade', (request: IncomingMessage, _socket: Duplex, head: Buffer) => listener(request, responseToUpgrade(request), head))
  // Node's `closeAllConnections` knows neither sockets that were upgraded nor those in a TLS handshake.
  const connected = new Set<Socket>()
  server.on('connection', socket => {
    connected.add(socket)
    socket.once('close', () => connected.delete(socket))
  })
  return {
    server,
    metrics,
    setTls: files => (server as TlsServer).setSecureContext(files),
    get isDraining() {
      return isDraining
    },
    async drain(timeoutMs = GATEWAY_DEFAULTS.drainMs, delayMs = 0) {
      isDraining = true
      if (delayMs > 0) await sleep(delayMs)
      tunnels.endAll()
      const closed = closeServer(server)
      const timer = setTimeout(() => {
        for (const socket of connected) socket.destroy()
      }, timeoutMs)
      await closed
      clearTimeout(timer)
      await destinations.close()
      await bodies.close()
    },
  }
}
