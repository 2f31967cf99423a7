import type { IncomingMessage, ServerResponse } from 'node:http'
import type { IncomingRequest, Refused, Verification, Verified, Verifier, VerifyOptions } from '../verify/verify.ts'
import { type AdapterOptions, type CallOptions, callReaderOf, checkHandler, checkVerifier } from './adapter.ts'
import { checkCalls } from './connect.ts'
import { nodeRefusalAnswer, sendAnswer } from './node-answer.ts'
import { readNodeRequest, socketAddressOf } from './node-request.ts'
import { rememberCall } from './verified-calls.ts'

export type NodeOptions = AdapterOptions<IncomingMessage>
export type NodeCallOptions = CallOptions<IncomingMessage>

export { announcedLength } from './announced-length.ts'
export { type BodyProbeOptions, checkBodyKept } from './body-probe.ts'
export { dropRest } from './drop-rest.ts'
export { readBody } from './read-body.ts'
export { endOfTurn } from './turn.ts'
export { verifiedCall } from './verified-calls.ts'

export type SignedHandler = (request: IncomingMessage, response: ServerResponse, verified: Verified) => unknown

/**
 * A `node:http` listener that lets only verified calls through, and answers the others with problem details. What the
 * handler throws or rejects with is answered with 500, and told to `onError`.
 *
 * @example
 * ```ts
 * import { createServer } from 'node:http'
 * createServer(requireSignature(verifier, (request, response, { key, body }) => response.end(`hello ${key.id}`))).listen(8080)
 * ```
 */
export function requireSignature(
  verifier: Verifier,
  handler: SignedHandler,
  options: NodeOptions = {},
): (request: IncomingMessage, response: ServerResponse) => void {
  checkVerifier(verifier)
  checkHandler(handler)
  const check = checkCalls<IncomingMessage, undefined>(verifier, options, { read: readNodeRequest, go: handler })
  return (request, response) => check(request, response, undefined)
}

/**
 * The check as middleware of the connect kind, for whatever takes `(request, response, next)`: tRPC's standalone
 * server, API routes of Next.js without their body parser, a listener of one's own. The body is left for whoever reads
 * it next, and {@link verifiedCall} tells whose call it is. `next` is called for verified calls alone, never with an
 * error: those are answered with 500, and told to `onError`.
 *
 * @example
 * ```ts
 * const check = signed(verifier)
 * createServer((request, response) => check(request, response, () => handle(request, response))).listen(8080)
 * ```
 */
export function signed(
  verifier: Verifier,
  options: NodeOptions = {},
): (request: IncomingMessage, response: ServerResponse, next: () => unknown) => Promise<void> {
  return checkCalls<IncomingMessage, () => unknown>(verifier, options, {
    read: readNodeRequest,
    go(request, _response, verified, next) {
      rememberCall(request, verified)
      return next()
    },
  })
}

/**
 * Verifies a request whose body nobody has read yet. The body comes back with the result, and stays in the request for
 * whoever reads it later.
 */
export async function verifyNodeRequest(
  verifier: Verifier,
  request: IncomingMessage,
  options: NodeCallOptions & VerifyOptions = {},
): Promise<Verification> {
  return verifier.verify(readCall(request, options, ['permission', 'deferBody']), options)
}

/** The raw method, target, headers, body and address of a Node request. */
export function fromNodeRequest(request: IncomingMessage, options: NodeCallOptions = {}): IncomingRequest {
  return readCall(request, options, [])
}

function readCall(request: IncomingMessage, options: NodeCallOptions, more: readonly string[]): IncomingRequest {
  return callReaderOf(options, more, socketAddressOf)(request, readNodeRequest(request))
}

/** Answers a refusal, unless something else has answered by then. */
export function sendProblem(response: ServerResponse, refused: Refused, schemeName: string): void {
  sendAnswer(response, nodeRefusalAnswer(refused, schemeName, response.req))
}
