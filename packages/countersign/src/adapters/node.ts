import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Failure } from '../contract/failure.ts'
import { tell } from '../contract/tell.ts'
import { throwUnjudged } from '../verify/unjudged.ts'
import type { IncomingRequest, Refused, Verification, Verified, Verifier, VerifyOptions } from '../verify/verify.ts'
import { ask } from './ask.ts'
import { answerProbe } from './body-probe.ts'
import { checkAdapterOptions } from './check-adapter-options.ts'
import { nodeRefusalAnswer } from './node-refusal.ts'
import { readBody } from './read-body.ts'
import { endOfTurn } from './turn.ts'

export interface NodeOptions extends VerifyOptions {
  /** The client's address. Default: the socket's; behind a proxy that you trust, read it from what that proxy sets. */
  readonly address?: ((request: IncomingMessage) => string | undefined) | undefined
  /**
   * Told of every refusal, with all there is to know: for logs and the key's owner, not for the caller.
   * What it throws or rejects with is dropped.
   */
  readonly onRefused?: ((failure: Failure, request: IncomingMessage) => void) | undefined
}

export { announcedLength } from './announced-length.ts'
export { type BodyProbeOptions, checkBodyKept } from './body-probe.ts'
export { readBody } from './read-body.ts'
export { endOfTurn } from './turn.ts'

export type SignedHandler = (request: IncomingMessage, response: ServerResponse, verified: Verified) => unknown

/**
 * A `node:http` listener that lets only verified calls through, and answers the others with problem details.
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
  checkAdapterOptions(options)
  return (request, response) => {
    if (answerProbe(request, response)) return
    verifyNodeRequest(verifier, request, options)
      .then(async result => {
        throwUnjudged(result)
        if (!result.ok) return refuse(verifier, result, request, response, options)
        await endOfTurn()
        for (const name in result.headers) response.setHeader(name, result.headers[name] ?? '')
        return handler(request, response, result)
      })
      .catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined))
  }
}

/** Verifies a request whose body nobody has read yet. The body comes back with the result. */
export async function verifyNodeRequest(verifier: Verifier, request: IncomingMessage, options: NodeOptions = {}): Promise<Verification> {
  return verifier.verify(fromNodeRequest(request, options), options)
}

/** The raw method, target, headers, body and address of a Node request. */
export function fromNodeRequest(request: IncomingMessage, options: NodeOptions = {}): IncomingRequest {
  return {
    method: request.method ?? '',
    target: request.url ?? '',
    headers: request.rawHeaders,
    body: maxBytes => readBody(request, maxBytes),
    address: options.address === undefined ? request.socket.remoteAddress : ask(options.address, request),
  }
}

/** Answers a refusal. */
export function sendProblem(response: ServerResponse, refused: Refused, schemeName: string): void {
  const { status, headers, body } = nodeRefusalAnswer(refused, schemeName, response.req)
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body)
}

function refuse(verifier: Verifier, refused: Refused, request: IncomingMessage, response: ServerResponse, options: NodeOptions): void {
  tell(options.onRefused, refused.failure, request)
  sendProblem(response, refused, verifier.scheme.name)
}
