import type { IncomingMessage } from 'node:http'
import type { IncomingRequest } from '../verify/verify.ts'
import { nodeHeaders } from './incoming.ts'
import type { ParsedBody } from './parsed-body.ts'
import { isWithoutBody, readBody } from './read-body.ts'

/** What frameworks of the connect kind set where they are mounted under a path: the whole target. */
interface WithOriginalUrl {
  readonly originalUrl?: string | undefined
}

/** A request of `node:http`, `node:http2` or a program that makes one, such as `inject`. */
export function readNodeRequest(request: IncomingMessage & WithOriginalUrl, parsed?: ParsedBody): IncomingRequest {
  return {
    method: request.method ?? '',
    target: request.originalUrl ?? request.url ?? '',
    headers: nodeHeaders(request),
    body: isWithoutBody(request, parsed) ? undefined : maxBytes => readBody(request, maxBytes, parsed),
    address: socketAddressOf(request),
  }
}

export function socketAddressOf({ socket }: { readonly socket?: IncomingMessage['socket'] | null | undefined }): string | undefined {
  return socket?.remoteAddress
}
