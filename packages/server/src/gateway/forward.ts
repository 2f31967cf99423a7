import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import { endOfTurn } from 'countersign/node'
import { type Dispatcher, errors, Pool } from 'undici'
import { errorCodeOf } from '../errors.ts'
import type { Answer } from './answer.ts'
import { GATEWAY_DEFAULTS } from './defaults.ts'
import type { GatewayProblem } from './problem.ts'
import { type Tunnel, tunnel } from './upgrades/tunnel.ts'

/** In PEM. */
export interface UpstreamTls {
  /** The authority that signed the upstream's certificate. Default: those that Node trusts. */
  readonly ca?: string | Buffer | undefined
  /** The certificate that the gateway shows the upstream (mTLS), so that it can refuse everybody else. */
  readonly cert?: string | Buffer | undefined
  readonly key?: string | Buffer | undefined
}

/** Times are in milliseconds. Default of each: its member in {@link GATEWAY_DEFAULTS}. */
export interface UpstreamOptions {
  /** Until the upstream takes the connection. */
  readonly connectTimeoutMs?: number | undefined
  /** Until the answer's headers, a WebSocket's as well. */
  readonly headersTimeoutMs?: number | undefined
  /** Between two pieces of the answer. */
  readonly bodyTimeoutMs?: number | undefined
  /** How long nothing may pass through a WebSocket once one side has closed. */
  readonly halfClosedTimeoutMs?: number | undefined
  readonly tls?: UpstreamTls | undefined
  /** The most connections to the upstream at once; WebSockets are not counted. */
  readonly connections?: number | undefined
}

interface OutgoingRequest {
  readonly method: string
  readonly target: string
  readonly headers: string[]
  readonly body: Uint8Array | Readable | undefined
  /** Set for a WebSocket: the bytes that came behind the request's head. */
  readonly upgradeHead: Buffer | undefined
}

export interface Upstream {
  /**
   * Sends a request and streams the answer. Resolves when it is over, or has become a WebSocket.
   *
   * @throws UpstreamError with the problem that the client is told, and why; also where the body that is sent fails
   */
  forward(request: OutgoingRequest, response: ServerResponse, answer: Answer): Promise<Forwarded>
  close(): Promise<void>
}

interface Forwarded {
  readonly status: number
  /** Set for a WebSocket. */
  readonly tunnel?: Tunnel | undefined
}

/** Why nothing came back. */
export class UpstreamError extends Error {
  readonly problem: GatewayProblem

  constructor(problem: GatewayProblem, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
    this.problem = problem
  }
}

/**
 * How long a connection to the upstream may be idle, in milliseconds. It has to be below the upstream's own time (5 s
 * in Node): else a request may be sent just when the upstream closes. The upstream's own `Keep-Alive` goes before.
 */
export const IDLE_UPSTREAM_MS = 4_000

/** Keeps connections to an upstream, as many as there are requests at once, up to a limit. */
export function createUpstream(origin: string, options: UpstreamOptions = {}): Upstream {
  const { connectTimeoutMs = GATEWAY_DEFAULTS.connectTimeoutMs, headersTimeoutMs = GATEWAY_DEFAULTS.headersTimeoutMs } = options
  const { bodyTimeoutMs = GATEWAY_DEFAULTS.bodyTimeoutMs, connections = GATEWAY_DEFAULTS.connections } = options
  const { halfClosedTimeoutMs = GATEWAY_DEFAULTS.halfClosedTimeoutMs } = options
  const pool = new Pool(origin, {
    connections,
    pipelining: 1,
    connect: { timeout: connectTimeoutMs, ...withoutUndefined(options.tls ?? {}) },
    headersTimeout: headersTimeoutMs,
    bodyTimeout: bodyTimeoutMs,
    keepAliveTimeout: IDLE_UPSTREAM_MS,
  })
  return {
    forward: ({ method, target, headers, body, upgradeHead }, response, answer) =>
      new Promise((resolve, reject) => {
        const request: Dispatcher.DispatchOptions = {
          origin,
          path: target,
          method: method as Dispatcher.HttpMethod,
          headers,
          body: body ?? null,
          ...(upgradeHead === undefined ? {} : { upgrade: 'websocket' }),
        }
        pool.dispatch(request, streamTo(response, answer, upgradeHead, halfClosedTimeoutMs, resolve, reject))
      }),
    close: () => pool.destroy(),
  }
}

function withoutUndefined({ ca, cert, key }: UpstreamTls) {
  return { ...(ca === undefined ? {} : { ca }), ...(cert === undefined ? {} : { cert }), ...(key === undefined ? {} : { key }) }
}

/** An answer of at most so many bytes that comes in one piece goes out in one write, with its headers. */
const WHOLE_BYTES = 16_384

/** Passes an answer on as fast as the client takes it. */
function streamTo(
  response: ServerResponse,
  answer: Answer,
  upgradeHead: Buffer | undefined,
  halfClosedTimeoutMs: number,
  resolve: (forwarded: Forwarded) => void,
  reject: (error: unknown) => void,
): Dispatcher.DispatchHandler {
  let status = 0
  /** What is still to come, where the upstream said so. */
  let left: number | undefined
  let whole: string | undefined
  let onClose: (() => void) | undefined
  const over = (): void => {
    if (onClose !== undefined) response.off('close', onClose)
  }
  return {
    onRequestStart(controller) {
      onClose = () => {
        if (!response.writableFinished) controller.abort(new Error('The client went away.'))
      }
      response.on('close', onClose)
      if (response.destroyed) onClose()
    },
    onResponseStart(controller, statusCode, headers, statusMessage) {
      // 1xx are for this connection only.
      if (statusCode < 200) return
      status = statusCode
      const length = headers['content-length']
      left = typeof length === 'string' ? Number(length) : undefined
      answer.begin(statusCode, statusMessage, rawHeadersOf(controller, headers))
    },
    onRequestUpgrade(controller, statusCode, headers, socket) {
      over()
      if (upgradeHead === undefined || response.destroyed || String(headers['upgrade']).toLowerCase() !== 'websocket') {
        socket.destroy()
        reject(new UpstreamError('upstream-failed', new Error('The upstream upgrades to something else.')))
        return
      }
      answer.begin(statusCode, undefined, rawHeadersOf(controller, headers))
      resolve({ status: statusCode, tunnel: tunnel(response, upgradeHead, socket, halfClosedTimeoutMs) })
    },
    onResponseData(controller, chunk) {
      // An answer that has come whole goes out together with its headers, in one write of one text, which is the
      // fastest that Node does.
      if (chunk.length === left && chunk.length <= WHOLE_BYTES) {
        whole = chunk.toString('latin1')
        return
      }
      left = undefined
      if (response.write(chunk)) return
      controller.pause()
      response.once('drain', () => controller.resume())
    },
    onResponseEnd() {
      over()
      // As with the requests: all answers that came in together go out together.
      void endOfTurn().then(() => {
        response.end(whole ?? '', 'latin1')
        resolve({ status })
      })
    },
    onResponseError(_controller, error) {
      over()
      reject(new UpstreamError(problemOf(error), error))
    },
  }
}

function rawHeadersOf({ rawHeaders }: Dispatcher.DispatchController, headers: IncomingHttpHeaders): readonly (string | Buffer)[] {
  if (Array.isArray(rawHeaders)) return rawHeaders as (string | Buffer)[]
  return Object.entries(headers).flatMap(([name, value]) => [name, String(value)])
}

/** Before anything was sent: no connection, or a certificate or handshake that is none. */
const NOT_CONNECTED =
  /^(?:ECONNREFUSED|ENOTFOUND|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN|EPROTO|ERR_TLS_CERT_\w+|ERR_SSL_WRONG_VERSION_NUMBER|(?:CERT|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO)_\w+)$/

function problemOf(error: unknown): GatewayProblem {
  if (
    error instanceof errors.ConnectTimeoutError ||
    error instanceof errors.HeadersTimeoutError ||
    error instanceof errors.BodyTimeoutError
  )
    return 'upstream-timeout'
  return NOT_CONNECTED.test(errorCodeOf(error) ?? '') ? 'upstream-unreachable' : 'upstream-failed'
}
