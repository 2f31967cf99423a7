import type { Verifier } from '../verify/verify.ts'
import type { IncomingHeaders } from '../wire/headers.ts'
import { readStream } from '../wire/stream.ts'
import { type AdapterOptions, checkVerifier, createAdapter } from './adapter.ts'
import { ask } from './ask.ts'
import { BodyEatenError } from './body-eaten.ts'
import { incomingOf } from './incoming.ts'
import { rememberCall } from './verified-calls.ts'
import { problemResponse, withHeaders } from './web-answer.ts'
import { bodyOf, dropWebRest, readWebRequest } from './web-request.ts'

/** What the middleware needs of a Hono context. */
export interface HonoContext {
  readonly req: {
    raw: Request
    readonly bodyCache: { arrayBuffer?: unknown; text?: unknown; blob?: unknown }
  }
  readonly env?: unknown
  /** The answer, once there is one. */
  res: Response
}

export { verifiedCall } from './verified-calls.ts'

/**
 * With `@hono/node-server`, target, headers and address are those of Node's own request. Elsewhere, the target is the
 * path and query of the request's URL. `mount` takes its own path off that: give the verifier an origin with that base
 * path there, or the option `target`.
 */
export interface HonoOptions extends AdapterOptions<HonoContext> {
  /** The raw headers, where the server can tell them: see `countersign/web`. */
  readonly headers?: ((context: HonoContext) => IncomingHeaders) | undefined
}

/**
 * Hono middleware that lets only verified calls through; {@link verifiedCall} tells whose. The body is there for the
 * handler, as bytes, text or JSON.
 *
 * ```ts
 * app.use('/orders/*', requireSignature(verifier))
 * app.post('/orders', context => context.json({ hello: verifiedCall(context).key.id }))
 * ```
 * @throws BodyEatenError when something has read the body as JSON or a form before
 */
export function requireSignature(
  verifier: Verifier,
  options: HonoOptions = {},
): (context: HonoContext, next: () => Promise<void>) => Promise<Response | undefined> {
  checkVerifier(verifier)
  const adapter = createAdapter<HonoContext>(options, { hasErrorHandler: true, names: ['headers'] })
  return async (context, next) => {
    const { result, target } = await adapter.check(verifier, context, () => {
      const own = readWebRequest(context.req.raw, options.headers && ask(options.headers, context), context.env)
      return { ...own, body: bodyOf(context.req.raw, incomingOf(context.env), maxBytes => keepHonoBody(context, maxBytes)) }
    })
    if (!result.ok) {
      dropWebRest(context.env)
      return problemResponse(result, verifier.scheme.name, target)
    }
    rememberCall(context, result)
    await next()
    if (result.headers !== undefined) context.res = withHeaders(context.res, result.headers)
    return undefined
  }
}

/** Reads the body once, and puts it where Hono looks before it reads. */
async function keepHonoBody({ req }: HonoContext, maxBytes: number): Promise<Uint8Array | undefined | 'too-large'> {
  const { raw, bodyCache } = req
  if (!raw.bodyUsed) {
    if (raw.body === null) return undefined
    const read = await readStream(raw.body, maxBytes)
    if (read !== 'too-large') {
      bodyCache.arrayBuffer = Promise.resolve(read.slice().buffer)
      // For whoever goes by the request itself: `mount`, `proxy`. Made of its parts: some servers' is no real Request.
      const { url, method, headers, signal } = raw
      req.raw = new Request(url, { method, headers, signal, body: read.slice() })
    }
    return read
  }
  const kept = bodyCache.arrayBuffer ?? bodyCache.text ?? bodyCache.blob
  if (kept === undefined)
    throw new BodyEatenError(
      'Something has read the body as JSON or a form before, so its bytes are gone: put the signature check in front of it.',
    )
  const bytes = new Uint8Array(await new Response((await kept) as ConstructorParameters<typeof Response>[0]).arrayBuffer())
  return bytes.length > maxBytes ? 'too-large' : bytes
}
