import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { tell } from 'countersign'
import type { GatewayMetrics } from './metrics.ts'

/** A line of the access log. */
export interface AccessEntry {
  readonly requestId: string
  readonly method: string
  /** Without the query, which may hold a signature. */
  readonly path: string
  readonly address: string
  /** The one that the client was sent; 101 for a WebSocket, 499 where the client left before it was sent any. */
  readonly status: number
  readonly outcome: 'passed' | 'refused' | 'failed'
  /** Why it was refused or failed. */
  readonly code: string | undefined
  readonly keyId: string | undefined
  readonly scheme: string | undefined
  readonly ms: number
}

/** An entry whose request is still running. */
export interface OpenEntry {
  readonly requestId: string
  readonly path: string
  verified(keyId: string, scheme: string): void
  finish(outcome: AccessEntry['outcome'], status: number, code?: string): void
}

export interface AccessLog {
  readonly metrics: GatewayMetrics
  readonly onFinished?: ((entry: AccessEntry) => void) | undefined
}

const REQUEST_ID = /^[A-Za-z0-9._-]{1,100}$/
const MAX_LOGGED_PATH = 500

export function beginEntry(request: IncomingMessage, { metrics, onFinished }: AccessLog): OpenEntry {
  const started = performance.now()
  const given = request.headers['x-request-id']
  const requestId = typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID()
  const { method = '', url = '' } = request
  // Once the connection is closed, Node knows it no more.
  const address = request.socket.remoteAddress ?? ''
  const path = url.split('?', 1)[0] ?? ''
  let keyId: string | undefined
  let scheme: string | undefined
  return {
    requestId,
    path,
    verified(key, by) {
      keyId = key
      scheme = by
    },
    finish(outcome, status, code) {
      const ms = performance.now() - started
      metrics.finished(outcome, code ?? String(status), ms / 1000)
      tell(onFinished, { requestId, method, path: path.slice(0, MAX_LOGGED_PATH), address, status, outcome, code, keyId, scheme, ms })
    },
  }
}
