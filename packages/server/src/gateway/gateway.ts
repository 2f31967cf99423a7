import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { memoryReplayGuard, tell } from 'countersign'
import { CHECK_CONNECTIONS_MS, closeServer, HEADERS_TIMEOUT_MS } from '../http/listen.ts'
import { boundPipelining } from '../http/pipelining.ts'
import { RequestOrWebSocket, responseToUpgrade } from '../http/upgrade.ts'
import { addStoreMetrics } from '../metrics/store-metrics.ts'
import { createRequestBodies } from './bodies/request-body.ts'
import { GATEWAY_DEFAULTS } from './defaults.ts'
import { createGatewayMetrics, type GatewayMetrics } from './metrics.ts'
import type { GatewayOptions } from './options.ts'
import { memoryRates } from './rates/memory-rates.ts'
import { type Rules, rulesBy } from './rules.ts'
import { traceBySpans, tracePassedOn } from './tracing.ts'
import { createOpenTunnels } from './upgrades/open-tunnels.ts'

export interface Gateway {
  readonly server: Server
  /**
   * Takes new settings for the requests to come; those that run end by the old ones. What is remembered stays: calls,
   * rates, counts. Of what belongs to the server and its memory, certificate and time limits alone are taken.
   *
   * @param keepsTunnels whether WebSockets that the old settings let through stay open. Default: they are closed (1001)
   * @throws ServerError what a start throws, and the old settings stay
   */
  renew(options: GatewayOptions, keepsTunnels?: boolean): void
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

/** Of clients' connections, whatever Node's own default is. */
const TLS = { minVersion: 'TLSv1.2' } as const
/** How long an idle connection is kept once the gateway ends: the next answer on it says that it was the last. */
const LAST_REQUEST_MS = 1_000

/**
 * A reverse proxy that lets verified requests through and no others: not a byte goes upstream before the signature
 * holds.
 */
export function createGateway(options: GatewayOptions): Gateway {
  const { service, onFinished, onError } = options
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
    clock: options.clock,
    onNearlyFull: options.onReplayNearlyFull,
  })
  const metrics = createGatewayMetrics({
    heldBytes: () => bodies.heldBytes,
    spooledBytes: () => bodies.spooledBytes,
    replayUsage: options.replay === undefined ? inMemory.usage : undefined,
  })
  addStoreMetrics(metrics.registry, service)
  let isDraining = false
  let tunnels = createOpenTunnels({ keys: service.source, report })
  const lasting = {
    service,
    bodies,
    metrics,
    replay: options.replay ?? inMemory,
    rates: options.rates ?? memoryRates(),
    tracing: options.tracing === true ? traceBySpans() : tracePassedOn,
    isDraining: () => isDraining,
    onFinished,
    report,
  }
  let rules: Rules = rulesBy(options, { ...lasting, tunnels })

  function listener(request: IncomingMessage, response: ServerResponse, upgradeHead?: Buffer): void {
    rules.handle(request, response, upgradeHead).catch((error: unknown) => {
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
    ...timeLimits(options),
    insecureHTTPParser: false,
    handshakeTimeout: HEADERS_TIMEOUT_MS,
  }
  const server: Server = options.tls === undefined ? createServer(limits) : createTlsServer({ ...limits, ...options.tls, ...TLS })
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
    renew(renewed, keepsTunnels = false) {
      const old = { rules, tunnels }
      const after = keepsTunnels ? tunnels : createOpenTunnels({ keys: service.source, report })
      const next = rulesBy(renewed, { ...lasting, tunnels: after })
      try {
        if (renewed.tls !== undefined) (server as TlsServer).setSecureContext({ ...renewed.tls, ...TLS })
      } catch (error) {
        next.cut().catch(report)
        throw error
      }
      ;[rules, tunnels] = [next, after]
      Object.assign(server, timeLimits(renewed))
      if (!keepsTunnels) old.tunnels.endAll()
      old.rules.end().catch(report)
    },
    get isDraining() {
      return isDraining
    },
    async drain(timeoutMs = GATEWAY_DEFAULTS.drainMs, delayMs = 0) {
      isDraining = true
      if (delayMs > 0) await sleep(delayMs)
      tunnels.endAll()
      const closed = closeServer(server, Math.min(LAST_REQUEST_MS, timeoutMs))
      const timer = setTimeout(() => {
        for (const socket of connected) socket.destroy()
      }, timeoutMs)
      await closed
      clearTimeout(timer)
      await rules.cut()
      await bodies.close()
    },
  }
}

/** Of requests and connections, as Node's servers name them. */
function timeLimits({ timeouts = {} }: GatewayOptions) {
  return {
    requestTimeout: timeouts.requestTimeoutMs ?? GATEWAY_DEFAULTS.requestTimeoutMs,
    keepAliveTimeout: timeouts.keepAliveTimeoutMs ?? GATEWAY_DEFAULTS.keepAliveTimeoutMs,
  }
}
