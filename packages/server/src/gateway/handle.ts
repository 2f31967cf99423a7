import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Refused } from 'countersign'
import { endOfTurn } from 'countersign/node'
import type { KeyService } from '../service.ts'
import { beginEntry } from './access-entry.ts'
import { createAnswer } from './answer.ts'
import { CutOffError } from './checked-stream.ts'
import { type Upstream, UpstreamError } from './forward.ts'
import { ALWAYS_DROPPED, forwardedHeaders, takesHeadersOff } from './headers.ts'
import { OverloadedError } from './held-bodies.ts'
import { createIdentityHeaders } from './identity.ts'
import { ClientGoneError } from './incoming-pieces.ts'
import type { GatewayMetrics } from './metrics.ts'
import type { GatewayOptions } from './options.ts'
import type { GatewayProblem } from './problem.ts'
import { SpoolError } from './read-spooled.ts'
import { NO_BODY, type RequestBodies } from './request-body.ts'
import type { Router, RouteVerifier } from './router.ts'
import { SpoolFullError } from './spool.ts'
import { asksForWebSocket } from './upgrade.ts'

export interface HandlerOptions {
  readonly service: KeyService
  readonly routeOf: Router
  readonly bodies: RequestBodies
  readonly upstream: Upstream
  /** What the upstream is told as `Host`. */
  readonly upstreamHost: string
  readonly metrics: GatewayMetrics
  readonly maxBodyBytes: number
  readonly keepSignature: boolean
  readonly isDraining: () => boolean
  readonly onFinished: GatewayOptions['onFinished']
  /** Told of what went wrong on our side; never throws. */
  readonly report: (error: unknown) => void
}

/**
 * Answers one request, an upgrade's or any other: finds its route, verifies it, and sends it on.
 *
 * @param upgradeHead set for an upgrade: the bytes that came behind the request's head
 */
export type Handle = (request: IncomingMessage, response: ServerResponse, upgradeHead?: Buffer) => Promise<void>

const DEFER_BODY = { deferBody: true } as const

/** A request's whole way through the gateway. */
export function createHandler(options: HandlerOptions): Handle {
  const { service, routeOf, bodies, upstream, upstreamHost, metrics, maxBodyBytes, keepSignature, isDraining, onFinished, report } = options
  const identityHeaders = createIdentityHeaders()

  /** The request target as the upstream is sent it. */
  function targetFor(route: RouteVerifier, target: string, schemeName: string): string {
    return keepSignature ? target : route.stripTarget(target, schemeName)
  }

  /** The route of a request, upgrade or not; or why it has none. */
  function findRoute(request: IncomingMessage, path: string, isUpgrade: boolean): RouteVerifier | GatewayProblem {
    const { method = '', url = '', rawHeaders } = request
    if (isUpgrade && !asksForWebSocket(request)) return 'unsupported-upgrade'
    // A WebSocket would be cut off in a moment.
    if (isUpgrade && isDraining()) return 'draining'
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

  return async function handle(request: IncomingMessage, response: ServerResponse, upgradeHead?: Buffer): Promise<void> {
    const entry = beginEntry(request, { metrics, onFinished })
    const answer = createAnswer(response, entry, () => isDraining() || upgradeHead !== undefined)
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
      const use = async (): Promise<Refused | undefined> => {
        const late = await confirm()
        if (late === undefined) service.used(key)
        return late
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
      if (error instanceof CutOffError) return refuse({ ok: false, failure: error.failure, cause: error.cause })
      const problem = problemOf(error)
      // Node destroys a request once it was read, so that alone doesn't say that the client has left.
      const hasLeft = response.destroyed || request.socket.destroyed
      // A request that does not come whole is all that can be expected of a client that leaves.
      const isClients = error instanceof ClientGoneError || (hasLeft && !request.complete)
      if ((problem === undefined || problem === 'spool-full') && !isClients) report(error)
      if (hasLeft) answer.abandon()
      else answer.fail(problem ?? 'internal')
    } finally {
      requestBody.release()?.catch(report)
    }

    /** Tells the owner of the key, reports what failed on our side, and answers. */
    function refuse(refused: Refused): void {
      if (refused.cause !== undefined) report(refused.cause)
      service.refusals.refused({ failure: refused.failure, request: incoming })
      answer.refuse(refused, scheme)
    }
  }
}

/** A call whose body is there has nothing left to confirm. */
async function confirmed(): Promise<undefined> {}

/** What the client is told of an error; `undefined` where it is our own fault. */
function problemOf(error: unknown): GatewayProblem | undefined {
  if (error instanceof UpstreamError) return error.problem
  if (error instanceof OverloadedError) return 'overloaded'
  return error instanceof SpoolFullError ? 'spool-full' : undefined
}

/** Unwraps a body error from the upstream client's error. */
function withoutUpstream(error: unknown): unknown {
  if (!(error instanceof UpstreamError)) return error
  return error.cause instanceof CutOffError || error.cause instanceof SpoolError ? error.cause : error
}
