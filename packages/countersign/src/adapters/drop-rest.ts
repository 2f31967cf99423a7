import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { LINGER_MS, lingerAtEnd } from './linger.ts'
import { dropBody } from './read-body.ts'

/** RFC 9113 §8.1: the answer is whole, and no more of the request is wanted. */
const NO_ERROR = 0

interface Http2Request {
  readonly httpVersionMajor: number
  readonly socket?: Socket | null | undefined
  readonly stream?: Http2Stream | undefined
}

interface Http2Stream {
  readonly writableFinished?: boolean
  once?(event: 'finish', listener: () => void): unknown
  close?(code: number): void
}

/**
 * Ends a call that is refused before its body was read to its end: what still comes is dropped, and a stream of HTTP/2
 * ends with its answer.
 *
 * @returns whether the connection has to be closed: no other request can follow on it
 */
export function dropRest(request: IncomingMessage): boolean {
  if (request.complete) return false
  dropBody(request)
  const { stream, socket, httpVersionMajor } = request as Http2Request
  if (httpVersionMajor >= 2) {
    if (stream !== undefined) closeOnceAnswered(stream)
    return false
  }
  if (typeof socket?.destroySoon === 'function') lingerAtEnd(socket)
  return true
}

function closeOnceAnswered(stream: Http2Stream): void {
  const close = (): void => stream.close?.(NO_ERROR)
  // A HEAD's stream has finished before it is answered, and nothing tells when it is.
  if (stream.writableFinished === true) setTimeout(close, LINGER_MS)
  else stream.once?.('finish', close)
}
