import type { IncomingMessage } from 'node:http'
import type { Failure } from '../contract/failure.ts'
import { tell } from '../contract/tell.ts'
import { throwUnjudged } from '../verify/unjudged.ts'
import type { Verification, Verifier, VerifyOptions } from '../verify/verify.ts'
import { ask } from './ask.ts'
import { checkAdapterOptions } from './check-adapter-options.ts'
import { readBody } from './read-body.ts'
import { nodeRefusalAnswer } from './node-refusal.ts'
import { endOfTurn } from './turn.ts'
import { rememberCall } from './verified-calls.ts'

export { verifiedCall } from './verified-calls.ts'

/** What the hook needs of a Fastify request. */
export interface FastifyRequestLike {
  readonly raw: IncomingMessage
  readonly originalUrl: string
  readonly ip: string
}

/** What the hook needs of a Fastify reply. */
export interface FastifyReplyLike {
  code(status: number): FastifyReplyLike
  headers(headers: { [name: string]: string }): FastifyReplyLike
  send(payload: string): unknown
}

export interface FastifyOptions extends VerifyOptions {
  /** The client's address. Default: `request.ip`, which follows `trustProxy`. */
  readonly address?: ((request: FastifyRequestLike) => string | undefined) | undefined
  /**
   * Told of every refusal, with all there is to know: for logs and the key's owner, not for the caller.
   * What it throws or rejects with is dropped.
   */
  readonly onRefused?: ((failure: Failure, request: FastifyRequestLike) => void) | undefined
}

/**
 * A Fastify hook that lets only verified calls through; {@link verifiedCall} tells whose. It comes before the body is
 * parsed, whatever the order in which things were registered, and hands the bytes on to the parser.
 *
 * ```ts
 * const preParsing = requireSignature(verifier, { permission: 'balance' })
 * fastify.get('/balance', { preParsing }, async request => ({ hello: verifiedCall(request).key.id }))
 * fastify.addHook('preParsing', requireSignature(verifier)) // for all routes
 * ```
 */
export function requireSignature(
  verifier: Verifier,
  options: FastifyOptions = {},
): (request: FastifyRequestLike, reply: FastifyReplyLike, payload: unknown) => Promise<unknown> {
  checkAdapterOptions(options)
  return async (request, reply, payload) => {
    const { raw } = request
    const result: Verification = await verifier.verify(
      {
        method: raw.method ?? '',
        target: request.originalUrl,
        headers: raw.rawHeaders,
        body: maxBytes => readBody(raw, maxBytes),
        address: options.address === undefined ? request.ip : ask(options.address, request),
      },
      options,
    )
    throwUnjudged(result)
    if (result.ok) {
      await endOfTurn()
      rememberCall(request, result)
      if (result.headers !== undefined) reply.headers({ ...result.headers })
      return payload
    }
    tell(options.onRefused, result.failure, request)
    const { status, headers, body } = nodeRefusalAnswer(result, verifier.scheme.name, raw)
    return reply
      .code(status)
      .headers({ ...headers })
      .send(body)
  }
}
