import type { Failure } from '../contract/failure.ts'
import { tell } from '../contract/tell.ts'
import { throwUnjudged } from '../verify/unjudged.ts'
import type { Verifier, VerifyOptions } from '../verify/verify.ts'
import { readStream } from '../wire/stream.ts'
import { ask } from './ask.ts'
import { BodyEatenError } from './body-eaten.ts'
import { checkAdapterOptions } from './check-adapter-options.ts'
import { rememberCall } from './verified-calls.ts'
import { fromWebRequest, problemResponse, targetOf } from './web.ts'

/** What the middleware needs of a Hono context. */
export interface HonoContext {
  readonly req: {
    readonly raw: Request
    readonly bodyCache: { arrayBuffer?: unknown; text?: unknown; blob?: unknown }
  }
  /** The answer, once there is one. */
  readonly res: Response
}

export { verifiedCall } from './verified-calls.ts'

export interface HonoOptions extends VerifyOptions {
  /** The raw request target and headers, where the server can tell them: see `countersign/web`. */
  readonly target?: ((context: HonoContext) => string) | undefined
  readonly headers?: ((context: HonoContext) => readonly (readonly [string, string])[]) | undefined
  /** The client's address, as the runtime tells it (`getConnInfo`). */
  readonly address?: ((context: HonoContext) => string | undefined) | undefined
  /**
   * Told of every refusal, with all there is to know: for logs and the key's owner, not for the caller.
   * What it throws or rejects with is dropped.
   */
  readonly onRefused?: ((failure: Failure, context: HonoContext) => void) | undefined
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
  checkAdapterOptions(options, ['target', 'headers'])
  return async (context, next) => {
    const { raw } = context.req
    const result = await verifier.verify(
      {
        ...fromWebRequest(raw, {
          target: () => (options.target && ask(options.target, context)) ?? targetOf(raw.url),
          headers: options.headers && (() => (options.headers && ask(options.headers, context)) ?? []),
        }),
        body: maxBytes => keepHonoBody(context, maxBytes),
        address: options.address && ask(options.address, context),
      },
      options,
    )
    throwUnjudged(result)
    if (!result.ok) {
      tell(options.onRefused, result.failure, context)
      return problemResponse(result, verifier.scheme.name)
    }
    rememberCall(context, result)
    await next()
    for (const name in result.headers) context.res.headers.set(name, result.headers[name] ?? '')
    return undefined
  }
}

/** Reads the body once, and puts it where Hono looks before it reads. */
async function keepHonoBody({ req }: HonoContext, maxBytes: number): Promise<Uint8Array | undefined | 'too-large'> {
  const { raw, bodyCache } = req
  if (!raw.bodyUsed) {
    if (raw.body === null) return undefined
    const read = await readStream(raw.body, maxBytes)
    if (read !== 'too-large') bodyCache.arrayBuffer = Promise.resolve(read.slice().buffer)
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
