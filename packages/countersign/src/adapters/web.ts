import type { Failure } from '../contract/failure.ts'
import { tell } from '../contract/tell.ts'
import { throwUnjudged } from '../verify/unjudged.ts'
import type { AnswerHeaders, IncomingRequest, Refused, Verified, Verifier, VerifyOptions } from '../verify/verify.ts'
import type { IncomingHeaders } from '../wire/headers.ts'
import { readStream } from '../wire/stream.ts'
import { ask } from './ask.ts'
import { checkAdapterOptions } from './check-adapter-options.ts'
import { refusalAnswer } from './refusal.ts'

export interface WebOptions extends VerifyOptions {
  /**
   * The raw request target, where the server can tell it. Default: what stands behind the origin in `request.url`,
   * which the platform may have normalised (`/a/../b`); a client that signs such a URL is then refused.
   */
  readonly target?: ((request: Request) => string) | undefined
  /** The raw headers, where the server can tell them: a merged `Headers` hides that one came twice in equal form. */
  readonly headers?: ((request: Request) => IncomingHeaders) | undefined
  readonly address?: ((request: Request) => string | undefined) | undefined
  /**
   * Told of every refusal, with all there is to know: for logs and the key's owner, not for the caller.
   * What it throws or rejects with is dropped.
   */
  readonly onRefused?: ((failure: Failure, request: Request) => void) | undefined
}

export type SignedWebHandler = (request: Request, verified: Verified) => Response | Promise<Response>

/**
 * A web-standard handler that lets only verified calls through, and answers the others with problem details. The body
 * is read to be verified: take it from `verified.body`.
 *
 * @example
 * ```ts
 * export default { fetch: requireSignature(verifier, (request, { key, body }) => new Response(`hello ${key.id}`)) }
 * ```
 */
export function requireSignature(
  verifier: Verifier,
  handler: SignedWebHandler,
  options: WebOptions = {},
): (request: Request) => Promise<Response> {
  checkAdapterOptions(options, ['target', 'headers'])
  return async request => {
    const result = await verifier.verify(fromWebRequest(request, options), options)
    throwUnjudged(result)
    if (result.ok) return withHeaders(await handler(request, result), result.headers)
    tell(options.onRefused, result.failure, request)
    return problemResponse(result, verifier.scheme.name)
  }
}

/** The method, target, headers, body and address of a web-standard request. */
export function fromWebRequest(request: Request, options: WebOptions = {}): IncomingRequest {
  return {
    method: request.method,
    target: (options.target && ask(options.target, request)) ?? targetOf(request.url),
    headers: (options.headers && ask(options.headers, request)) ?? withHost(request),
    body: async maxBytes => (request.body === null ? undefined : readStream(request.body, maxBytes)),
    address: options.address && ask(options.address, request),
  }
}

export function problemResponse(refused: Refused, schemeName: string): Response {
  const { status, headers, body } = refusalAnswer(refused, schemeName)
  return new Response(body, { status, headers })
}

/** An answer with more headers; those of an answer from elsewhere can't be set, so it is copied. */
function withHeaders(response: Response, more: AnswerHeaders | undefined): Response {
  if (more === undefined) return response
  const headers = new Headers(response.headers)
  for (const name in more) headers.set(name, more[name] ?? '')
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers })
}

/** What stands behind the origin. */
export function targetOf(url: string): string {
  const slash = url.indexOf('/', url.indexOf('://') + 3)
  const hash = url.indexOf('#')
  return slash < 0 ? '/' : url.slice(slash, hash < 0 ? undefined : hash)
}

function withHost(request: Request): IncomingHeaders {
  const pairs = [...request.headers]
  return request.headers.has('host') ? pairs : [...pairs, ['host', new URL(request.url).host]]
}
