import type { IncomingMessage, ServerResponse } from 'node:http'
import { concatBytes } from '../encoding.ts'
import { FAILURES, type Failure, problemHeaders, toProblem } from '../failure.ts'
import { throwUnjudged } from '../verify/unjudged.ts'
import type { IncomingRequest, Refused, Verification, Verified, Verifier, VerifyOptions } from '../verify.ts'
import { announcedLength } from './announced-length.ts'
import { answerProbe } from './body-probe.ts'
import { checkAdapterOptions } from './check-adapter-options.ts'
import { endOfTurn } from './turn.ts'

export interface NodeOptions extends VerifyOptions {
  /** The client's address. Default: the socket's; behind a proxy that you trust, read it from what that proxy sets. */
  readonly address?: ((request: IncomingMessage) => string | undefined) | undefined
  /** Told of every refusal, with all there is to know: for logs and the key's owner, not for the caller. */
  readonly onRefused?: ((failure: Failure, request: IncomingMessage) => void) | undefined
}

export { announcedLength } from './announced-length.ts'
export { type BodyProbeOptions, checkBodyKept } from './body-probe.ts'
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
export function verifyNodeRequest(verifier: Verifier, request: IncomingMessage, options: NodeOptions = {}): Promise<Verification> {
  return verifier.verify(fromNodeRequest(request, options), options)
}

/** The raw method, target, headers, body and address of a Node request. */
export function fromNodeRequest(request: IncomingMessage, options: NodeOptions = {}): IncomingRequest {
  return {
    method: request.method ?? '',
    target: request.url ?? '',
    headers: request.rawHeaders,
    body: maxBytes => readBody(request, maxBytes),
    address: options.address === undefined ? request.socket.remoteAddress : options.address(request),
  }
}

/** The error for a body whose client left before it was whole. */
export function clientGone(): Error {
  return Object.assign(new Error('The client went away before its body was read.'), { code: 'ECONNABORTED' })
}

/** Reads a body, and stops at the limit. */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Uint8Array | undefined | 'too-large'> {
  const announced = announcedLength(request)
  if (announced === 0) return Promise.resolve(undefined)
  if (announced !== undefined && announced > maxBytes) return Promise.resolve('too-large')
  if (request.readableEnded) {
    return Promise.reject(
      new TypeError('The body was read before it could be verified: put requireSignature in front of every body parser.'),
    )
  }
  if (request.destroyed && !request.complete) return Promise.reject(clientGone())
  return new Promise((resolve, reject) => {
    const pieces: Uint8Array[] = []
    let length = 0
    request.on('data', (piece: Uint8Array) => {
      length += piece.length
      if (length > maxBytes) {
        request.pause()
        resolve('too-large')
      } else pieces.push(piece)
    })
    request.once('end', () => resolve(pieces.length === 1 ? pieces[0] : concatBytes(pieces)))
    request.once('error', reject)
    request.once('close', () => reject(clientGone()))
  })
}

/** Answers a refusal. */
export function sendProblem(response: ServerResponse, { failure, headers }: Refused, schemeName: string): void {
  const text = JSON.stringify(toProblem(failure))
  response.writeHead(FAILURES[failure.code].status, {
    ...problemHeaders(failure, schemeName),
    ...headers,
    'content-length': Buffer.byteLength(text),
  })
  response.end(text)
}

function refuse(verifier: Verifier, refused: Refused, request: IncomingMessage, response: ServerResponse, options: NodeOptions): void {
  options.onRefused?.(refused.failure, request)
  // A body that was not read to its end can't be followed by another request on the same connection.
  if (!request.complete) response.setHeader('connection', 'close')
  sendProblem(response, refused, verifier.scheme.name)
  if (!request.complete) request.resume()
}
