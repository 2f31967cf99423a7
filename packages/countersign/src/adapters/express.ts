import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Verifier } from '../verify/verify.ts'
import type { AdapterOptions } from './adapter.ts'
import { checkCalls } from './connect.ts'
import { readNodeRequest } from './node-request.ts'
import { rememberCall } from './verified-calls.ts'

/** What the middleware needs of an Express request. */
export interface ExpressRequest extends IncomingMessage {
  /** The whole target, also in a router that is mounted somewhere. */
  readonly originalUrl: string
  readonly ip?: string | undefined
}

export { type BodyProbeOptions, checkBodyKept } from './body-probe.ts'
export { verifiedCall } from './verified-calls.ts'

export type ExpressOptions = AdapterOptions<ExpressRequest>

/**
 * Express middleware that lets only verified calls through; {@link verifiedCall} tells whose. It may stand before or
 * behind the body parsers: it leaves the body to those that come later, and takes `request.rawBody`, or what
 * `express.raw()` and `express.text()` made, from those that came before.
 *
 * ```ts
 * app.use(express.json({ verify: (request, _response, rawBody) => void Object.assign(request, { rawBody }) }))
 * app.get('/balance', requireSignature(verifier, { permission: 'balance' }), (request, response) => {
 *   response.json({ hello: verifiedCall(request).key.id })
 * })
 * ```
 * @throws BodyEatenError (to the error handler) when a parser has read the body and kept nothing of it
 */
export function requireSignature(
  verifier: Verifier,
  options: ExpressOptions = {},
): (request: ExpressRequest, response: ServerResponse, next: (error?: unknown) => void) => void {
  return checkCalls<ExpressRequest, (error?: unknown) => void>(verifier, options, {
    read: request => ({ ...readNodeRequest(request), address: request.ip }),
    go(request, _response, verified, next) {
      rememberCall(request, verified)
      next()
    },
    handOn: (error, next) => next(error),
  })
}
