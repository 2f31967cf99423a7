import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Refused } from '../verify/verify.ts'
import { lingerAtEnd } from './linger.ts'
import { dropBody } from './read-body.ts'
import { FAILED, type RefusalAnswer, refusalAnswer } from './refusal.ts'

/**
 * {@link refusalAnswer} for a call of `node:http`, whose body may not have been read to its end. No other request can
 * follow on such a connection, so it is closed after the answer, and a stream of HTTP/2 ends; what still comes is read
 * and dropped, or the client would not see the answer.
 */
export function nodeRefusalAnswer(refused: Refused, schemeName: string, request: IncomingMessage, target?: string): RefusalAnswer {
  return dropRest(refusalAnswer(refused, schemeName, target), request)
}

/** Whether somebody else has answered by now, such as a timeout. */
export function isAnswered(response: ServerResponse): boolean {
  return response.headersSent || response.writableEnded
}

/** Sends an answer, unless somebody else did. */
export function sendAnswer(response: ServerResponse, { status, headers, body }: RefusalAnswer): void {
  if (isAnswered(response)) return
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) })
  // Not in one chain: wrappers put a `writeHead` of their own here that returns nothing.
  response.end(body)
}

/** Answers where the server failed: 500, or the end of an answer that was begun, which a client can see. */
export function sendFailed(request: IncomingMessage, response: ServerResponse): void {
  if (!isAnswered(response)) sendAnswer(response, dropRest(FAILED, request))
  else if (!response.writableEnded) response.destroy()
}

/** Headers of an answer that is another's to send. */
export function setHeaders(response: ServerResponse, headers: { readonly [name: string]: string } | undefined): void {
  for (const name in headers) response.setHeader(name, headers[name] ?? '')
}

function dropRest(answer: RefusalAnswer, request: IncomingMessage): RefusalAnswer {
  if (request.complete) return answer
  dropBody(request)
  const { stream, socket, httpVersionMajor } = request as Http2Request
  if (httpVersionMajor >= 2) {
    stream?.once?.('finish', () => stream.close?.(NO_ERROR))
    return answer
  }
  if (typeof socket?.destroySoon === 'function') lingerAtEnd(socket)
  return { ...answer, headers: { ...answer.headers, connection: 'close' } }
}

/** RFC 9113 §8.1: the answer is whole, and no more of the request is wanted. */
const NO_ERROR = 0

interface Http2Request {
  readonly httpVersionMajor: number
  readonly socket?: Socket | null | undefined
  readonly stream?: { once?(event: 'finish', listener: () => void): unknown; close?(code: number): void } | undefined
}
