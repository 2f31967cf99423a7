import type { IncomingRequest } from '../verify/verify.ts'
import type { IncomingHeaders } from '../wire/headers.ts'
import { readStream } from '../wire/stream.ts'
import { BodyEatenError } from './body-eaten.ts'
import { type Incoming, incomingOf, nodeHeaders } from './incoming.ts'
import { readBody } from './read-body.ts'

/** @param env what the platform gives with it: Node's own request, by the server of Hono */
export function readWebRequest(request: Request, headers?: IncomingHeaders, env?: unknown): IncomingRequest {
  const incoming = incomingOf(env)
  return {
    method: request.method,
    target: incoming?.originalUrl ?? incoming?.url ?? targetOf(request.url),
    headers: headers ?? (incoming === undefined ? withHost(request) : nodeHeaders(incoming)),
    body: bodyOf(request, incoming, maxBytes => readWebBody(request, maxBytes)),
    address: incoming?.socket?.remoteAddress,
  }
}

type ReadWhole = (maxBytes: number) => Promise<Uint8Array | undefined | 'too-large'>

/**
 * A reader of a body that Node's own request may say more of. The web-standard request of a GET has none, whatever was
 * sent, and what a parser in front of all this has read, in Express, say, is missing from it. A handler finds both in
 * Node's own.
 */
export function bodyOf({ method }: Request, incoming: Incoming | undefined, read: ReadWhole): ReadWhole {
  if ((method === 'GET' || method === 'HEAD') && isStream(incoming)) return maxBytes => readBody(incoming, maxBytes)
  if (incoming?.readableDidRead !== true) return read
  return async maxBytes => {
    const body = await read(maxBytes)
    if (body !== undefined && body.length > 0) return body
    throw new BodyEatenError('A parser has read the body before, so its bytes are gone: put the signature check in front of it.')
  }
}

/** Whether its body can be read from it: what a platform gives may have the head alone. */
function isStream(incoming: Incoming | undefined): incoming is Incoming & Parameters<typeof readBody>[0] {
  return incoming !== undefined && 'read' in incoming && typeof incoming.read === 'function'
}

/** Reads a body, and leaves it in the request. */
async function readWebBody(request: Request, maxBytes: number): Promise<Uint8Array | undefined | 'too-large'> {
  if (request.bodyUsed)
    throw new BodyEatenError('Something has read the body before, so its bytes are gone: put the signature check in front of it.')
  if (request.body === null) return undefined
  const { body } = request.clone()
  if (body === null) return undefined
  const read = await readStream(body, maxBytes)
  // Cancels the clone, which would keep the rest for nobody. Not waited for: that ends with the original.
  if (read === 'too-large') body.cancel().catch(() => {})
  return read
}

/** What stands behind the origin. */
function targetOf(url: string): string {
  const slash = url.indexOf('/', url.indexOf('://') + 3)
  const hash = url.indexOf('#')
  return slash < 0 ? '/' : url.slice(slash, hash < 0 ? undefined : hash)
}

function withHost(request: Request): IncomingHeaders {
  const pairs = [...request.headers]
  return request.headers.has('host') ? pairs : [...pairs, ['host', new URL(request.url).host]]
}
