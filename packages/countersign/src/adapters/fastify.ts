import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Verifier } from '../verify/verify.ts'
import { type AdapterOptions, checkVerifier, createAdapter } from './adapter.ts'
import { checkNodeCall } from './connect.ts'
import { isAnswered, nodeRefusalAnswer } from './node-answer.ts'
import { readNodeRequest, socketAddressOf } from './node-request.ts'
import { keepReadable } from './read-body.ts'
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
  readonly raw: ServerResponse
  readonly sent: boolean
  code(status: number): FastifyReplyLike
  headers(headers: { [name: string]: string }): FastifyReplyLike
  send(payload: string): unknown
}

export type FastifyOptions = AdapterOptions<FastifyRequestLike>

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
  checkVerifier(verifier)
  const adapter = createAdapter<FastifyRequestLike>(options, { socketAddressOf: ({ raw }) => socketAddressOf(raw), hasErrorHandler: true })
  return async (request, reply, payload) => {
    const { raw, originalUrl, ip } = request
    const { result, target } = await checkNodeCall(adapter, verifier, request, () => ({
      ...readNodeRequest(raw),
      target: originalUrl,
      address: ip,
    }))
    // Something else has answered, such as a timeout: Fastify goes no further when the reply is what a hook returns.
    if (reply.sent || isAnswered(reply.raw)) return reply
    if (result.ok) {
      keepReadable(raw)
      rememberCall(request, result)
      if (result.headers !== undefined) reply.headers({ ...result.headers })
      return payload
    }
    const { status, headers, body } = nodeRefusalAnswer(result, verifier.scheme.name, raw, target)
    return reply
      .code(status)
      .headers({ ...headers })
      .send(body)
  }
}
