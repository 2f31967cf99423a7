import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Failure } from '../contract/failure.ts'
import { tell } from '../contract/tell.ts'
import { throwUnjudged } from '../verify/unjudged.ts'
import type { Verification, Verifier, VerifyOptions } from '../verify/verify.ts'
import { ask } from './ask.ts'
import { answerProbe } from './body-probe.ts'
import { checkAdapterOptions } from './check-adapter-options.ts'
import { readBody } from './read-body.ts'
import { sendProblem } from './node.ts'
import { endOfTurn } from './turn.ts'
import { rememberCall } from './verified-calls.ts'

/** What the middleware needs of an Express request. */
export interface ExpressRequest extends IncomingMessage {
  /** The whole target, also in a router that is mounted somewhere. */
  readonly originalUrl: string
  readonly ip?: string | undefined
}

export { type BodyProbeOptions, checkBodyKept } from './body-probe.ts'
export { verifiedCall } from './verified-calls.ts'

export interface ExpressOptions extends VerifyOptions {
  /** The client's address. Default: `request.ip`, which follows the app's `trust proxy`. */
  readonly address?: ((request: ExpressRequest) => string | undefined) | undefined
  /**
   * Told of every refusal, with all there is to know: for logs and the key's owner, not for the caller.
   * What it throws or rejects with is dropped.
   */
  readonly onRefused?: ((failure: Failure, request: ExpressRequest) => void) | undefined
}

/**
 * Express middleware that lets only verified calls through; {@link verifiedCall} tells whose. It may stand before or
 * behind the body parsers: it leaves the body to those that come later, and takes `request.rawBody` from those that
 * came before.
 *
 * ```ts
 * app.use(express.json({ verify: (request, _response, rawBody) => void Object.assign(request, { rawBody }) }))
 * app.get('/balance', requireSignature(verifier, { permission: 'balance' }), (request, response) => {
 *   response.json({ hello: verifiedCall(request).key.id })
 * })
 * ```
 * @throws BodyEatenError (to the error handler) when a parser has read the body and kept nothing of it
 */
export function requireSignature(
  verifier: Verifier,
  options: ExpressOptions = {},
): (request: ExpressRequest, response: ServerResponse, next: (error?: unknown) => void) => void {
  checkAdapterOptions(options)
  return (request, response, next) => {
    if (answerProbe(request, response)) return
    const verify = async (): Promise<Verification> =>
      verifier.verify(
        {
          method: request.method ?? '',
          target: request.originalUrl,
          headers: request.rawHeaders,
          body: maxBytes => readBody(request, maxBytes),
          address: options.address === undefined ? request.ip : ask(options.address, request),
        },
        options,
      )
    const answer = async (result: Verification): Promise<void> => {
      throwUnjudged(result)
      if (result.ok) {
        await endOfTurn()
        rememberCall(request, result)
        for (const name in result.headers) response.setHeader(name, result.headers[name] ?? '')
        next()
        return
      }
      tell(options.onRefused, result.failure, request)
      sendProblem(response, result, verifier.scheme.name)
    }
    verify()
      .then(answer)
      // Express takes `next(undefined)` for "verified, go on".
      .catch((error: unknown) => next(error instanceof Error ? error : new Error('The signature was not checked.', { cause: error })))
  }
}
