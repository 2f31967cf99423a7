import type { IncomingHeaders } from '../wire/headers.ts'

/** What is needed of Node's request, where a web-standard one was made of it. No types of Node: runtimes differ. */
export interface Incoming {
  readonly url: string
  readonly originalUrl?: string | undefined
  readonly rawHeaders: string[]
  readonly headers: { readonly [name: string]: string | string[] | undefined }
  readonly httpVersionMajor: number
  /** Whether anything of its body was read. */
  readonly readableDidRead?: boolean | undefined
  readonly socket?: { readonly remoteAddress?: string | undefined } | null | undefined
}

/**
 * Node's own request, which `@hono/node-server` gives as `env.incoming`: its target and headers are those that were
 * sent, also in an app that is mounted under a path.
 */
export function incomingOf(env: unknown): Incoming | undefined {
  if (typeof env !== 'object' || env === null || !('incoming' in env)) return undefined
  const { incoming } = env as { readonly incoming?: Partial<Incoming> | null }
  return typeof incoming?.url === 'string' && Array.isArray(incoming.rawHeaders) ? (incoming as Incoming) : undefined
}

/**
 * The headers of a request as they came. One that a program made may have no raw ones. Over HTTP/2, `:authority` is the
 * `Host`; another one beside it is a second line (RFC 9113 §8.3.1), so that no handler goes by a host that was not
 * called.
 */
export function nodeHeaders(request: Pick<Incoming, 'rawHeaders' | 'headers' | 'httpVersionMajor'>): IncomingHeaders {
  const { rawHeaders } = request
  if (rawHeaders === undefined || rawHeaders.length === 0) return request.headers
  if (request.httpVersionMajor < 2) return rawHeaders
  const authority = request.headers[':authority']
  const lines: string[] = typeof authority === 'string' ? ['host', authority] : []
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string
    const value = rawHeaders[at + 1] as string
    if (!name.startsWith(':') && !(name === 'host' && value === authority)) lines.push(name, value)
  }
  return lines
}
