import type { IncomingMessage } from 'node:http'
import type { IncomingHeaders } from '../wire/headers.ts'
import type { FrameworkRequest } from './adapter.ts'
import type { ParsedBody } from './parsed-body.ts'
import { readBody } from './read-body.ts'

/** What frameworks of the connect kind set where they are mounted under a path: the whole target. */
interface WithOriginalUrl {
  readonly originalUrl?: string | undefined
}

/** A request of `node:http`, `node:http2` or a program that makes one, such as `inject`. */
export function readNodeRequest(request: IncomingMessage & WithOriginalUrl, parsed?: ParsedBody): FrameworkRequest {
  const socketAddress = (request.socket as IncomingMessage['socket'] | undefined)?.remoteAddress
  return {
    method: request.method ?? '',
    target: request.originalUrl ?? request.url ?? '',
    headers: nodeHeaders(request),
    body: maxBytes => readBody(request, maxBytes, parsed),
    address: socketAddress,
    socketAddress,
  }
}

/**
 * The headers of a request as they came. One that a program made may have no raw ones. Over HTTP/2, `:authority` is the
 * `Host`, whatever stands in that (RFC 9113 §8.3.1).
 */
export function nodeHeaders(request: Pick<IncomingMessage, 'rawHeaders' | 'headers' | 'httpVersionMajor'>): IncomingHeaders {
  const { rawHeaders } = request
  if (rawHeaders === undefined || rawHeaders.length === 0) return request.headers
  if (request.httpVersionMajor < 2) return rawHeaders
  const authority = request.headers[':authority']
  const lines: string[] = typeof authority === 'string' ? ['host', authority] : []
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string
    if (!name.startsWith(':') && !(name === 'host' && typeof authority === 'string')) lines.push(name, rawHeaders[at + 1] as string)
  }
  return lines
}
