import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { tell } from 'countersign'
import type { GatewayMetrics } from './metrics.ts'

/** A line of the access log. */
export interface AccessEntry {
  readonly requestId: string
  /** The trace that it is of, where there is one (W3C Trace Context). */
  readonly traceId?: string | undefined
  readonly method: string
  /** Without the query, which may hold a signature. */
  readonly path: string
  /** The client's address, or the proxy's if it names no client. */
  readonly address: string
  /** The one that the client was sent; 101 for a WebSocket, 499 where the client left before it was sent any. */
  readonly status: number
  readonly outcome: 'passed' | 'refused' | 'failed'
  /** Why it was refused or failed. */
  readonly code: string | undefined
  /**
   * More about that: what was wrong with the call; for `unclear-path`, how the path may be read, and the route that
   * would be; what the upstream's connection failed with.
   */
  readonly detail?: string | undefined
  /** Whose call it is, by a signature that holds. */
  readonly keyId: string | undefined
  /** With which of the key's secrets or public keys it holds, by the id that the key store has for it. */
  readonly secretId?: string | undefined
  /** The id that a call names whose signature does not hold: anybody may name any. */
  readonly claimedKeyId?: string | undefined
  readonly scheme: string | undefined
  /** The path of the route that it is by. */
  readonly route: string | undefined
  readonly ms: number
}

/** An entry whose request is still running. */
export interface OpenEntry {
  readonly requestId: string
  readonly path: string
  /** Its route is found. */
  routed(route: string): void
  /** @param secretId of the secret or public key that its signature holds with */
  verified(keyId: string, scheme: string, secretId: string | undefined): void
  /** The call names a key, and nothing shows that it is the key's. */
  claimed(keyId: string, scheme: string): void
  finish(outcome: AccessEntry['outcome'], status: number, code?: string, detail?: string): void
}

/** The trace of a request, as far as its entry goes. */
export interface EntryTrace {
  /** For the log: 32 hexadecimal digits. */
  readonly traceId: string | undefined
  /** The request is over. */
  finished(entry: AccessEntry): void
}

export interface AccessLog {
  readonly metrics: GatewayMetrics
  readonly onFinished?: ((entry: AccessEntry) => void) | undefined
  readonly report: (error: unknown) => void
  readonly trace: EntryTrace
}

/** The longest id of a client's that is taken, in characters; another one is replaced. */
export const MAX_REQUEST_ID = 100
const REQUEST_ID = new RegExp(`^[A-Za-z0-9._-]{1,${MAX_REQUEST_ID}}$`)
/** In characters; longer paths and details are cut in the log. */
export const MAX_LOGGED_PATH = 500

/** @param address the client's; once the connection is closed, Node knows it no more */
export function beginEntry(request: IncomingMessage, address: string, { metrics, onFinished, report, trace }: AccessLog): OpenEntry {
  const started = performance.now()
  const given = request.headers['x-request-id']
  const requestId = typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID()
  const { method = '', url = '' } = request
  const path = url.split('?', 1)[0] ?? ''
  // A target that is a whole URL may have a password in it.
  const loggedPath = path.replace(/^(\w+:\/\/)[^/]*@/, '$1')
  // A log that fails must not change what is answered, and is heard of.
  const finished = async (told: AccessEntry): Promise<void> => {
    try {
      await onFinished?.(told)
    } catch (error) {
      report(error)
    }
  }
  let keyId: string | undefined
  let secretId: string | undefined
  let claimedKeyId: string | undefined
  let scheme: string | undefined
  let route: string | undefined
  return {
    requestId,
    path,
    routed(by) {
      route = by
    },
    verified(key, by, secret) {
      keyId = key
      secretId = secret
      scheme = by
    },
    claimed(key, by) {
      claimedKeyId = key.slice(0, MAX_LOGGED_PATH)
      scheme = by
    },
    finish(outcome, status, code, detail) {
      const ms = performance.now() - started
      metrics.finished(outcome, code ?? String(status), route ?? '', scheme ?? '', ms / 1000)
      const told: AccessEntry = {
        requestId,
        ...(trace.traceId === undefined ? {} : { traceId: trace.traceId }),
        method,
        path: loggedPath.slice(0, MAX_LOGGED_PATH),
        address,
        status,
        outcome,
        code,
        ...(detail === undefined ? {} : { detail: detail.slice(0, MAX_LOGGED_PATH) }),
        keyId,
        ...(secretId === undefined ? {} : { secretId }),
        ...(claimedKeyId === undefined ? {} : { claimedKeyId }),
        scheme,
        route,
        ms,
      }
      tell(finished, told)
      tell(trace.finished, told)
    },
  }
}
