import type { IncomingMessage, ServerResponse } from 'node:http'
import type { BodyDigest, Failure, IncomingRequest, Refused } from 'countersign'
import { endOfTurn } from 'countersign/node'
import type { OverRate } from '../audit/refusals.ts'
import { requestsOf } from '../http/pipelining.ts'
import { hasUnreadCoding, isLastOfConnection } from '../http/upgrade.ts'
import { principalOf, secretIdOf } from '../keys/open-key.ts'
import type { KeyService } from '../service.ts'
import type { VerifiedInTurn } from '../verify-in-turn.ts'
import { beginEntry, type OpenEntry } from './access-entry.ts'
import { type Answer, createAnswer } from './answer.ts'
import { CutOffError } from './bodies/checked-stream.ts'
import { ClientGoneError } from './bodies/incoming-pieces.ts'
import { NO_BODY, type RequestBodies, type RequestBody } from './bodies/request-body.ts'
import type { Destination } from './destinations.ts'
import { detailOf, problemOf, withoutUpstream } from './error-problem.ts'
import type { ForwardedFrom } from './forwarded.ts'
import { takesHeadersOff } from './headers/connection-header.ts'
import { createIdentityHeaders, SIGNED_IDENTITY } from './headers/identity.ts'
import type { GatewayMetrics } from './metrics.ts'
import type { GatewayOptions } from './options.ts'
import type { GatewayProblem } from './problem.ts'
import type { RateLimiter } from './rates/rate.ts'
import { rateHeaders } from './rates/rate-headers.ts'
import type { Router, UnclearPath } from './router.ts'
import type { RouteConfig, RouteVerifier } from './routes.ts'
import { digestAsSigned, digestOf, type IdentitySigner, JWKS_PATH } from './signed-identity.ts'
import type { RequestTrace, Tracing } from './tracing.ts'
import type { OpenTunnels } from './upgrades/open-tunnels.ts'

export interface HandlerOptions {
  readonly service: KeyService
  readonly routeOf: Router
  readonly bodies: RequestBodies
  readonly destinationOf: (route: RouteConfig) => Destination
  readonly readForwarded: (request: IncomingMessage) => ForwardedFrom
  readonly rates: RateLimiter
  readonly identity: IdentitySigner | undefined
  readonly tunnels: OpenTunnels
  readonly tracing: Tracing
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

type VerifiedCall = Extract<VerifiedInTurn['result'], { ok: true }>

/** A request, and all that belongs to it until it is answered. */
interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly upgradeHead: Buffer | undefined
  readonly from: ForwardedFrom
  readonly trace: RequestTrace
  readonly entry: OpenEntry
  readonly answer: Answer
  readonly body: RequestBody
  readonly incoming: IncomingRequest
  /** Which scheme the call is by, once that is known. */
  scheme: string
}

/** A request's whole way through the gateway. */
export function createHandler(options: HandlerOptions): Handle {
  const { service, routeOf, bodies, destinationOf, tunnels, metrics, maxBodyBytes, keepSignature } = options
  const { readForwarded, rates, identity, tracing, isDraining, onFinished, report } = options
  const identityHeaders = createIdentityHeaders()

  return async function handle(request: IncomingMessage, response: ServerResponse, upgradeHead?: Buffer): Promise<void> {
    const from = readForwarded(request)
    const trace = tracing(request)
    const entry = beginEntry(request, from.address ?? request.socket.remoteAddress ?? '', { metrics, onFinished, report, trace })
    const answer = createAnswer(
      response,
      entry,
      () => (isDraining() && requestsOf(request.socket) <= 1) || upgradeHead !== undefined || isLastOfConnection(request),
    )
    const { method = '', url = '', rawHeaders } = request
    const body = upgradeHead === undefined ? bodies.of(request) : NO_BODY
    const incoming = { method, target: url, headers: rawHeaders, body: body.reader, address: from.address, host: from.host }
    const exchange: Exchange = { request, response, upgradeHead, from, trace, entry, answer, body, incoming, scheme: '' }
    try {
      if (response.destroyed) return answer.abandon()
      if (identity !== undefined && url === JWKS_PATH && (method === 'GET' || method === 'HEAD')) return answer.publish(identity.jwks)
      const route = findRoute(request, entry.path, upgradeHead !== undefined)
      if (typeof route === 'string') return answer.fail(route)
      if ('unclear' in route) return answer.fail('unclear-path', route.unclear)
      entry.routed(route.config.path)
      const { result, scheme } = await route.verify(incoming, body.isLarge ? DEFER_BODY : undefined)
      exchange.scheme = scheme
      body.verified()
      answer.announce(result.headers)
      if (!result.ok) refuse(exchange, result)
      else if (await isWithinRate(exchange, route, result)) await sendOn(exchange, route, result)
      else {
        note(exchange, { code: 'rate-limited', keyId: result.key.id }, principalOf(result.key).credentials[result.credential])
        answer.fail('rate-limited')
      }
    } catch (error) {
      fail(exchange, error)
    } finally {
      body.release()?.catch(report)
    }
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

  /** Whether the key may make one more call; the answer says so, whatever it will be. */
  async function isWithinRate(
    { answer, entry, scheme }: Exchange,
    route: RouteVerifier,
    { key, credential, headers }: VerifiedCall,
  ): Promise<boolean> {
    entry.verified(key.id, scheme, principalOf(key).credentials[credential])
    const { path, methods, rate } = route.config
    if (rate === undefined) return true
    const taken = await rates.take(JSON.stringify([path, methods, key.id]), rate)
    answer.announce({ ...headers, ...rateHeaders(rate, taken) })
    return taken.isAllowed
  }

  /** Sends a verified request upstream, and the answer to the client. */
  async function sendOn(
    exchange: Exchange,
    route: RouteVerifier,
    { key, credential, bodyDigest, confirm = confirmed }: VerifiedCall,
  ): Promise<void> {
    const { request, response, upgradeHead, from, trace, entry, answer, body: requestBody, incoming, scheme } = exchange
    const { method = '', url = '', rawHeaders } = request
    await endOfTurn()
    const { upstream, origin, basePath, headersOf, audience } = destinationOf(route.config)
    const target = basePath + (keepSignature ? url : route.stripTarget(url, scheme))
    // The token needs the body's digest: of a spooled body it is computed by reading it again, of a streamed one it is
    // the signed one. Do this before the body is piped: nothing listens for its end until then.
    const token =
      identity === undefined
        ? ''
        : await identity.sign({
            key,
            requestId: entry.requestId,
            method,
            target,
            audience,
            digest: await digestFor(requestBody, bodyDigest),
          })
    if (bodyDigest === undefined) service.used(key, { credential })
    // A key is used once nothing can be wrong with the call any more.
    const { body, length } =
      bodyDigest === undefined
        ? requestBody.outgoing()
        : requestBody.stream(bodyDigest, maxBodyBytes, async () => {
            const late = await confirm()
            if (late === undefined) service.used(key, { credential })
            return late
          })
    const caller = [...identityHeaders(key), SIGNED_IDENTITY, token]
    const bodyLength = body === undefined && announcesBody(method) ? 0 : length
    const headers = headersOf(rawHeaders, route.dropped, [...caller, ...trace.sent(origin)], entry.requestId, from, bodyLength)
    const { status, tunnel } = await upstream.forward({ method, target, headers, body, upgradeHead }, response, answer)
    trace.answered(status)
    answer.passed(status)
    if (tunnel === undefined) return
    tunnels.add(tunnel, { key, credential, address: incoming.address, permission: route.permissionOf(method, entry.path) })
  }

  /** Tells the owner of the key. */
  function note({ entry, trace, incoming, scheme }: Exchange, failure: Failure | OverRate, secretId: string | undefined): void {
    service.refusals.refused({ failure, request: incoming, requestId: entry.requestId, traceId: trace.traceId, scheme, secretId })
  }

  /** Tells the owner of the key, reports what failed on our side, and answers. */
  function refuse(exchange: Exchange, refused: Refused): void {
    if (refused.cause !== undefined) report(refused.cause)
    note(exchange, refused.failure, secretIdOf(refused))
    exchange.answer.refuse(refused, exchange.scheme)
  }

  /** Answers after something was thrown, and reports it unless it is the client's fault or an expected limit. */
  function fail(exchange: Exchange, thrown: unknown): void {
    const { request, response, trace, answer } = exchange
    trace.answered(undefined)
    const error = withoutUpstream(thrown)
    if (error instanceof CutOffError) {
      refuse(exchange, { ok: false, failure: error.failure, cause: error.cause })
      return
    }
    const problem = problemOf(error)
    // Node destroys a request once it was read, so that alone doesn't say that the client has left.
    const hasLeft = response.destroyed || request.socket.destroyed
    // An incomplete request is not our fault if its client has left.
    const isClientsFault = error instanceof ClientGoneError || (hasLeft && !request.complete)
    if ((problem === undefined || problem === 'spool-full') && !isClientsFault) report(error)
    if (hasLeft) answer.abandon()
    else answer.fail(problem ?? 'internal-error', detailOf(error))
  }
}

/** Whether a request of this method says how long its body is even where it has none, RFC 9110 §8.6. */
function announcesBody(method: string): boolean {
  return method === 'POST' || method === 'PUT' || method === 'PATCH'
}

async function digestFor(body: RequestBody, signed: BodyDigest | undefined): Promise<string> {
  return signed === undefined ? await digestOf(body.outgoing().body) : digestAsSigned(signed)
}

/** A call whose body is there has nothing left to confirm. */
async function confirmed(): Promise<undefined> {}
