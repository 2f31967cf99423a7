import type { AnswerHeaders, IncomingRequest, Refused, Verified, Verifier } from '../verify/verify.ts'
import type { IncomingHeaders } from '../wire/headers.ts'
import { readStream } from '../wire/stream.ts'
import { type AdapterOptions, createAdapter } from './adapter.ts'
import { ask } from './ask.ts'
import { BodyEatenError } from './body-eaten.ts'
import { type Incoming, incomingOf, nodeHeaders } from './incoming.ts'
import { readBody } from './read-body.ts'
import { FAILED, type RefusalAnswer, refusalAnswer } from './refusal.ts'

/**
 * The option `target` has a default here that platforms may have normalised (`/a/../b`) or written anew: what stands
 * behind the origin in `request.url`. A client that signs such a URL is then refused.
 */
export interface WebOptions extends AdapterOptions<Request> {
  /** The raw headers, where the server can tell them: a merged `Headers` hides that one came twice in equal form. */
  readonly headers?: ((request: Request) => IncomingHeaders) | undefined
}

/** @param more what the platform hands on: `env` and `ctx` of Workers, `{ params }` of Next.js, `info` of Deno */
export type SignedWebHandler<R extends Request = Request, A extends readonly unknown[] = readonly unknown[]> = (
  request: R,
  verified: Verified,
  ...more: A
) => Response | Promise<Response>

/** Makes the verifier of a call, where its secrets come with the call. */
export type VerifierOf<R extends Request = Request, A extends readonly unknown[] = readonly unknown[]> = (
  request: R,
  ...more: A
) => Verifier | Promise<Verifier>

/**
 * A web-standard handler that lets only verified calls through, and answers the others with problem details. The bytes
 * that were verified are `verified.body`; the request can be read as well. What the platform gives besides the request
 * comes behind `verified`.
 *
 * Where secrets are in a platform's `env`, give a function instead of a verifier. It should make one verifier for each
 * `env`, and keep it: a verifier's own replay guard knows only the calls that it has seen.
 *
 * What the handler throws is answered with 500, and told to `onError`; but what frameworks throw to redirect or to
 * answer (Next.js, SvelteKit, a `Response`) is handed on.
 *
 * @example
 * ```ts
 * export default { fetch: requireSignature(verifier, (request, { key, body }) => new Response(`hello ${key.id}`)) }
 * ```
 */
export function requireSignature<R extends Request, A extends readonly unknown[]>(
  verifier: Verifier | VerifierOf<R, A>,
  handler: SignedWebHandler<R, A>,
  options: WebOptions = {},
): (request: R, ...more: A) => Promise<Response> {
  const adapter = createAdapter<Request>(options, undefined, ['headers'])
  return async (request, ...more) => {
    try {
      const own = typeof verifier === 'function' ? await verifier(request, ...more) : verifier
      const call = adapter.incoming(request, readWebRequest(request, options.headers && ask(options.headers, request), more[0]))
      const result = await own.verify(call, options)
      adapter.judged(result, request)
      if (result.ok) return withHeaders(await handler(request, result, ...more), result.headers)
      return problemResponse(result, own.scheme.name, call.target)
    } catch (error) {
      if (isControlFlow(error)) throw error
      adapter.report(error, request)
      return toResponse(FAILED)
    }
  }
}

/** The method, target, headers, body and address of a web-standard request. */
export function fromWebRequest(request: Request, options: WebOptions = {}): IncomingRequest {
  const own = readWebRequest(request, options.headers && ask(options.headers, request))
  return createAdapter<Request>(options, undefined, ['headers']).incoming(request, own)
}

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
  // This half alone, which would keep the rest for nobody; it ends only with the other half.
  if (read === 'too-large') body.cancel().catch(() => {})
  return read
}

export function problemResponse(refused: Refused, schemeName: string, target?: string): Response {
  return toResponse(refusalAnswer(refused, schemeName, target))
}

function toResponse({ status, headers, body }: RefusalAnswer): Response {
  return new Response(body, { status, headers })
}

/** What frameworks throw for a redirect or an answer: no errors, or errors that are marked (`NEXT_REDIRECT`). */
function isControlFlow(thrown: unknown): boolean {
  if (typeof thrown !== 'object' || thrown === null) return false
  try {
    const { digest, status } = thrown as { readonly digest?: unknown; readonly status?: unknown }
    if (thrown instanceof Error) return typeof digest === 'string' && digest.startsWith('NEXT_')
    return typeof status === 'number'
  } catch {
    // What can't even be looked at is no answer.
    return false
  }
}

/** An answer with more headers; those of an answer from elsewhere can't be set, so it is copied. */
export function withHeaders(response: Response, more: AnswerHeaders | undefined): Response {
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
