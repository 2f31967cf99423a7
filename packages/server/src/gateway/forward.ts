import type { ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import { endOfTurn } from 'countersign/node'
import { type Dispatcher, errors, Pool } from 'undici'
import { answeredHeaders } from './headers.ts'
import type { GatewayProblem } from './problem.ts'

export interface UpstreamOptions {
  /** Default: 5 s. */
  readonly connectTimeoutMs?: number | undefined
  /** Until the answer's headers. Default: 60 s. */
  readonly headersTimeoutMs?: number | undefined
  /** Between two pieces of the answer. Default: 60 s. */
  readonly bodyTimeoutMs?: number | undefined
  /** Default: 256. */
  readonly connections?: number | undefined
}

export interface OutgoingRequest {
  readonly method: string
  readonly target: string
  readonly headers: string[]
  readonly body: Uint8Array | Readable | undefined
  /** What the answer gets beside the upstream's headers: names and values in turn. */
  readonly answerWith: readonly string[]
}

export interface Upstream {
  /** Sends a request and streams the answer. Resolves to the status when it is over; rejects with what the client is to be told. */
  forward(request: OutgoingRequest, response: ServerResponse): Promise<number>
  close(): Promise<void>
}

/** Why nothing came back. */
export class UpstreamError extends Error {
  readonly problem: GatewayProblem

  constructor(problem: GatewayProblem, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
    this.problem = problem
  }
}

/** Keeps connections to an upstream. */
export function createUpstream(origin: string, options: UpstreamOptions = {}): Upstream {
  const { connectTimeoutMs = 5_000, headersTimeoutMs = 60_000, bodyTimeoutMs = 60_000, connections = 256 } = options
  const pool = new Pool(origin, {
    connections,
    pipelining: 1,
    connect: { timeout: connectTimeoutMs },
    headersTimeout: headersTimeoutMs,
    bodyTimeout: bodyTimeoutMs,
    keepAliveTimeout: 4_000,
  })
  return {
    forward: ({ method, target, headers, body, answerWith }, response) =>
      new Promise((resolve, reject) => {
        const request: Dispatcher.DispatchOptions = {
          origin,
          path: target,
          method: method as Dispatcher.HttpMethod,
          headers,
          body: body ?? null,
        }
        pool.dispatch(request, streamTo(response, answerWith, resolve, reject))
      }),
    close: () => pool.destroy(),
  }
}

const WHOLE_BYTES = 16_384

/** Passes an answer on as fast as the client takes it. */
function streamTo(
  response: ServerResponse,
  answerWith: readonly string[],
  resolve: (status: number) => void,
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
      const raw = controller.rawHeaders
      const passed = Array.isArray(raw)
        ? answeredHeaders(raw as (string | Buffer)[])
        : Object.entries(headers).flatMap(([name, value]) => [name, String(value)])
      // As one list, and with nothing set before: so Node leaves headers that come twice (Set-Cookie) as they are.
      response.writeHead(statusCode, statusMessage, [...passed, ...answerWith])
    },
    onResponseData(controller, chunk) {
      // An answer that has come whole goes out together with its headers, in one write of one text, which is the fastest that Node does.
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
        resolve(status)
      })
    },
    onResponseError(_controller, error) {
      over()
      reject(new UpstreamError(problemOf(error), error))
    },
  }
}

function problemOf(error: unknown): GatewayProblem {
  if (
    error instanceof errors.ConnectTimeoutError ||
    error instanceof errors.HeadersTimeoutError ||
    error instanceof errors.BodyTimeoutError
  )
    return 'upstream-timeout'
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return /^(ECONNREFUSED|ENOTFOUND|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN)$/.test(code) ? 'upstream-unreachable' : 'upstream-failed'
}
