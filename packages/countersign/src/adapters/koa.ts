import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Failure } from '../contract/failure.ts'
import { tell } from '../contract/tell.ts'
import { throwUnjudged } from '../verify/unjudged.ts'
import type { Verifier, VerifyOptions } from '../verify/verify.ts'
import { ask } from './ask.ts'
import { answerProbe } from './body-probe.ts'
import { checkAdapterOptions } from './check-adapter-options.ts'
import { readBody } from './read-body.ts'
import { nodeRefusalAnswer } from './node-refusal.ts'
import { endOfTurn } from './turn.ts'
import { rememberCall } from './verified-calls.ts'

/** What the middleware needs of a Koa context. */
export interface KoaContext {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  /** Whether Koa answers. */
  respond?: boolean | undefined
  readonly originalUrl: string
  readonly ip: string
  readonly request: { readonly rawBody?: string | Uint8Array | undefined }
  status: number
  body: unknown
  set(headers: { [name: string]: string }): void
}

export { type BodyProbeOptions, checkBodyKept } from './body-probe.ts'
export { verifiedCall } from './verified-calls.ts'

export interface KoaOptions extends VerifyOptions {
  /** The client's address. Default: `context.ip`, which follows the app's `proxy`. */
  readonly address?: ((context: KoaContext) => string | undefined) | undefined
  /**
   * Told of every refusal, with all there is to know: for logs and the key's owner, not for the caller.
   * What it throws or rejects with is dropped.
   */
  readonly onRefused?: ((failure: Failure, context: KoaContext) => void) | undefined
}

/**
 * Koa middleware that lets only verified calls through; {@link verifiedCall} tells whose. It may stand before the body
 * parser, to which it leaves the body, or behind koa-bodyparser, which keeps the raw text.
 *
 * ```ts
 * app.use(requireSignature(verifier)).use(context => {
 *   context.body = { hello: verifiedCall(context).key.id }
 * })
 * ```
 * @throws BodyEatenError when a parser has read the body and kept nothing of it
 */
export function requireSignature(
  verifier: Verifier,
  options: KoaOptions = {},
): (context: KoaContext, next: () => Promise<unknown>) => Promise<unknown> {
  checkAdapterOptions(options)
  return async (context, next) => {
    const { req, originalUrl, request } = context
    const kept = request.rawBody === undefined ? req : Object.assign(req, { rawBody: request.rawBody })
    if (answerProbe(kept, context.res)) {
      context.respond = false
      return undefined
    }
    const result = await verifier.verify(
      {
        method: req.method ?? '',
        target: originalUrl,
        headers: req.rawHeaders,
        body: maxBytes => readBody(kept, maxBytes),
        address: options.address === undefined ? context.ip : ask(options.address, context),
      },
      options,
    )
    throwUnjudged(result)
    if (result.ok) {
      await endOfTurn()
      rememberCall(context, result)
      if (result.headers !== undefined) context.set({ ...result.headers })
      return next()
    }
    tell(options.onRefused, result.failure, context)
    const { status, headers, body } = nodeRefusalAnswer(result, verifier.scheme.name, req)
    context.status = status
    context.set({ ...headers })
    context.body = body
    return undefined
  }
}
