import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Verifier } from '../verify/verify.ts'
import { type AdapterOptions, checkVerifier, createAdapter } from './adapter.ts'
import { answerProbe } from './body-probe.ts'
import { checkNodeCall } from './connect.ts'
import { isAnswered, nodeRefusalAnswer } from './node-answer.ts'
import { readNodeRequest, socketAddressOf } from './node-request.ts'
import type { ParsedBody } from './parsed-body.ts'
import { keepReadable } from './read-body.ts'
import { rememberCall } from './verified-calls.ts'

/** What the middleware needs of a Koa context. */
export interface KoaContext {
  readonly req: IncomingMessage & ParsedBody & { readonly originalUrl?: string | undefined }
  readonly res: ServerResponse
  /** Whether Koa answers. */
  respond?: boolean | undefined
  readonly originalUrl: string
  readonly ip: string
  readonly request: ParsedBody
  status: number
  body: unknown
  set(headers: { [name: string]: string }): void
}

export { type BodyProbeOptions, checkBodyKept } from './body-probe.ts'
export { verifiedCall } from './verified-calls.ts'

export type KoaOptions = AdapterOptions<KoaContext>

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
  checkVerifier(verifier)
  const adapter = createAdapter<KoaContext>(options, { socketAddressOf: ({ req }) => socketAddressOf(req), hasErrorHandler: true })
  return async (context, next) => {
    const { req, res, originalUrl, request, ip } = context
    const parsed = { rawBody: request.rawBody ?? req.rawBody, body: request.body }
    if (answerProbe(req, res, parsed)) {
      context.respond = false
      return undefined
    }
    const { result, target } = await checkNodeCall(adapter, verifier, context, () => ({
      ...readNodeRequest(req, parsed),
      target: req.originalUrl ?? originalUrl,
      address: ip,
    }))
    // Something else has answered, such as a timeout.
    if (isAnswered(res)) return undefined
    if (result.ok) {
      keepReadable(req)
      rememberCall(context, result)
      if (result.headers !== undefined) context.set({ ...result.headers })
      return next()
    }
    const { status, headers, body } = nodeRefusalAnswer(result, verifier.scheme.name, req, target)
    context.status = status
    context.set({ ...headers })
    context.body = body
    return undefined
  }
}
