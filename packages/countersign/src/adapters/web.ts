import type { IncomingRequest, Verified, Verifier } from '../verify/verify.ts'
import type { IncomingHeaders } from '../wire/headers.ts'
import { type AdapterOptions, type CallOptions, type Checked, callReaderOf, checkHandler, checkVerifier, createAdapter } from './adapter.ts'
import { ask } from './ask.ts'
import { FAILED } from './refusal.ts'
import { problemResponse, toResponse, withHeaders } from './web-answer.ts'
import { dropWebRest, readWebRequest } from './web-request.ts'

/**
 * The default of `target` is the path and query of `request.url`, which platforms may have normalised (`/a/../b`) or
 * written anew. A client that signs such a URL is then refused.
 */
export interface WebCallOptions extends CallOptions<Request> {
  /** The raw headers, where the server can tell them: a merged `Headers` hides that one came twice in equal form. */
  readonly headers?: ((request: Request) => IncomingHeaders) | undefined
}

export interface WebOptions extends AdapterOptions<Request>, WebCallOptions {}

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
  if (typeof verifier !== 'function') checkVerifier(verifier)
  checkHandler(handler)
  const adapter = createAdapter<Request>(options, { hasErrorHandler: false, names: ['headers'] })
  return async (request, ...more) => {
    let checked: Checked
    try {
      const own = typeof verifier === 'function' ? () => verifier(request, ...more) : verifier
      checked = await adapter.check(own, request, () => readWebRequest(request, options.headers && ask(options.headers, request), more[0]))
    } catch {
      dropWebRest(more[0])
      return toResponse(FAILED)
    }
    const { result, target } = checked
    if (!result.ok) {
      dropWebRest(more[0])
      return problemResponse(result, checked.verifier.scheme.name, target)
    }
    try {
      return withHeaders(await handler(request, result, ...more), result.headers)
    } catch (error) {
      if (isControlFlow(error)) throw error
      adapter.report(error, request)
      return toResponse(FAILED)
    }
  }
}

/** The method, target, headers, body and address of a web-standard request. */
export function fromWebRequest(request: Request, options: WebCallOptions = {}): IncomingRequest {
  const own = readWebRequest(request, options.headers && ask(options.headers, request))
  return callReaderOf(options, ['headers'])(request, own)
}

/** Whether a framework threw it to redirect or to answer: no `Error` but with a status, or with a `NEXT_` digest. */
function isControlFlow(thrown: unknown): boolean {
  if (typeof thrown !== 'object' || thrown === null) return false
  try {
    const { digest, status } = thrown as { readonly digest?: unknown; readonly status?: unknown }
    if (thrown instanceof Error) return typeof digest === 'string' && digest.startsWith('NEXT_')
    return typeof status === 'number'
  } catch {
    // Its properties can't be read: no framework threw it.
    return false
  }
}
