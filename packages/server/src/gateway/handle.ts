import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Refused } from 'countersign'
import { endOfTurn } from 'countersign/node'
import { hasUnreadCoding, isLastOfConnection } from '../http/upgrade.ts'
import type { KeyService } from '../service.ts'
import { beginEntry } from './access-entry.ts'
import { createAnswer } from './answer.ts'
import type { Called } from './forwarded.ts'
import { CutOffError } from './bodies/checked-stream.ts'
import { type Upstream, UpstreamError } from './forward.ts'
import { ALWAYS_DROPPED, forwardedHeaders, takesHeadersOff } from './headers/headers.ts'
import { OverloadedError } from './bodies/held-bodies.ts'
import { createIdentityHeaders, SIGNED_IDENTITY } from './headers/identity.ts'
import { ClientGoneError } from './bodies/incoming-pieces.ts'
import type { GatewayMetrics } from './metrics.ts'
import type { OpenTunnels } from './upgrades/open-tunnels.ts'
import type { GatewayOptions } from './options.ts'
import type { GatewayProblem } from './problem.ts'
import { SpoolError } from './bodies/read-spooled.ts'
import { NO_BODY, type RequestBodies } from './bodies/request-body.ts'
import type { Router, RouteVerifier, UnclearPath } from './router.ts'
import { digestAsSigned, digestOf, type IdentitySigner, JWKS_PATH } from './signed-identity.ts'
import { SpoolFullError } from './bodies/spool.ts'

export interface HandlerOptions {
  readonly service: KeyService
  readonly routeOf: Router
  readonly bodies: RequestBodies
  readonly upstream: Upstream
  /** What the upstream is told as `Host`. */
  readonly upstreamHost: string
  /** Goes before the target. */
  readonly basePath: string
  readonly calledBy: (request: IncomingMessage) => Called
  readonly identity: IdentitySigner | undefined
  readonly tunnels: OpenTunnels
  readonly metrics: GatewayMetrics
  readonly maxBodyBytes: number
  readonly keepSignature: boolean
  readonly keepHeaders: readonly string[]
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
  const { service, routeOf, bodies, upstream, upstreamHost, tunnels, metrics, maxBodyBytes, keepSignature } = options
  const { basePath, calledBy, identity, isDraining, onFinished, report } = options
  const identityHeaders = createIdentityHeaders()
  const kept = new Set(options.keepHeaders)

  /** The request target as the upstream is sent it. */
  function targetFor(route: RouteVerifier, target: string, schemeName: string): string {
    return basePath + (keepSignature ? target : route.stripTarget(target, schemeName))
  }

  /** The route of a request, upgrade or not; or why it has none. */
  function findRoute(request: IncomingMessage, path: string, isUpgrade: boolean): RouteVerifier | GatewayProblem | UnclearPath {
    const { method = '', url = '', rawHeaders } = request
    // A WebSocket would be cut off in a moment.
    if (isUpgrade && isDraining()) return 'draining'
    if (takesHeadersOff(rawHeaders)) return 'connection-header'
    if (hasUnreadCoding(request)) return 'transfer-encoding'
    const route = routeOf(method, path)
    return typeof route !== 'string' && 'verify' in route && route.signsOverride(rawHeaders, url) ? 'signed-override' : route
  }

  /** What an upstream is sent of a verified request. */
  function headersFor(
    request: IncomingMessage,
    dropped: ReadonlySet<string>,
    said: readonly string[],
    requestId: string,
    called: Called,
    length: number | undefined,
  ): string[] {
    const headers = forwardedHeaders(request.rawHeaders, keepSignature ? ALWAYS_DROPPED : dropped, kept)
    headers.push(...said, 'x-request-id', requestId, 'x-forwarded-for', called.address ?? '')
    headers.push('x-forwarded-host', called.forwardedHost, 'x-forwarded-proto', called.forwardedProto)
    headers.push('host', upstreamHost)
    if (length !== undefined) headers.push('content-length', String(length))
    return headers
  }

  return async function handle(request: IncomingMessage, response: ServerResponse, upgradeHead?: Buffer): Promise<void> {
    const called = calledBy(request)
    const entry = beginEntry(request, called.address ?? request.socket.remoteAddress ?? '', { metrics, onFinished, report })
    const answer = createAnswer(response, entry, () => isDraining() || upgradeHead !== undefined || isLastOfConnection(request))
    const { method = '', url = '' } = request
    const requestBody = upgradeHead === undefined ? bodies.of(request) : NO_BODY
    const incoming = {
      method,
      target: url,
      headers: request.rawHeaders,
      body: requestBody.reader,
      address: called.address,
      host: called.host,
    }
    let scheme = ''
    try {
      if (response.destroyed) return answer.abandon()
      if (identity !== undefined && url === JWKS_PATH && (method === 'GET' || method === 'HEAD')) return answer.publish(identity.jwks)
      const route = findRoute(request, entry.path, upgradeHead !== undefined)
      if (typeof route === 'string') return answer.fail(route)
      if ('unclear' in route) return answer.fail('unclear-path', route.unclear)
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
      const target = targetFor(route, url, scheme)
      // A spooled body is read once more, and one that still comes in has the digest that it is held against. All this
      // before the body is passed on: else nobody would hear of its end.
      const digest = async () => (bodyDigest === undefined ? await digestOf(requestBody.outgoing().body) : digestAsSigned(bodyDigest))
      const token =
        identity === undefined ? '' : await identity.sign({ key, requestId: entry.requestId, method, target, digest: await digest() })
      if (bodyDigest === undefined) service.used(key)
      const { body, length: bodyLength } =
        bodyDigest === undefined ? requestBody.outgoing() : requestBody.stream(bodyDigest, maxBodyBytes, use)
      entry.verified(key.id, scheme)
      // Without a body its absence is said, where one could be.
      const length = body === undefined && (method === 'POST' || method === 'PUT' || method === 'PATCH') ? 0 : bodyLength
      const said = [...identityHeaders(key), SIGNED_IDENTITY, token]
      const headers = headersFor(request, route.dropped, said, entry.requestId, called, length)
      const outgoing = { method, target, headers, body, upgradeHead }
      const { status, tunnel } = await upstream.forward(outgoing, response, answer)
      answer.passed(status)
      if (tunnel !== undefined) tunnels.add(tunnel, { key, address: incoming.address, permission: route.config.permission })
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
  if (error instanceof OverloadedError || isOverdue(error)) return 'overloaded'
  return error instanceof SpoolFullError ? 'spool-full' : undefined
}

/** Clients whose bodies are late are cut off before: this one was there, and has not got its turn to be verified. */
function isOverdue(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ETIMEDOUT'
}

/** Unwraps a body error from the upstream client's error. */
function withoutUpstream(error: unknown): unknown {
  if (!(error instanceof UpstreamError)) return error
  return error.cause instanceof CutOffError || error.cause instanceof SpoolError ? error.cause : error
}
