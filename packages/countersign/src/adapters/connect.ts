import type { IncomingMessage, ServerResponse } from 'node:http'
import { asError } from '../contract/as-error.ts'
import type { IncomingRequest, Verified, Verifier } from '../verify/verify.ts'
import { type AdapterOptions, createAdapter, NOT_CHECKED } from './adapter.ts'
import { answerProbe } from './body-probe.ts'
import { isAnswered, nodeRefusalAnswer, sendAnswer, sendFailed, setHeaders } from './node-answer.ts'
import { socketAddressOf } from './node-request.ts'
import { keepReadable } from './read-body.ts'
import { endOfTurn } from './turn.ts'

/** What differs between the adapters whose calls are answered by a `ServerResponse`. */
export interface Steps<R, N> {
  read(request: R): IncomingRequest
  /** What comes after the check; what it throws or rejects with is answered with 500. */
  go(request: R, response: ServerResponse, verified: Verified, next: N): unknown
  /** Where there is an error handler, it is given what went wrong in the check. */
  readonly handOn?: ((error: Error, next: N) => unknown) | undefined
}

/** Makes a listener that never throws or rejects. */
export function checkCalls<R extends IncomingMessage, N>(
  verifier: Verifier,
  options: AdapterOptions<R>,
  { read, go, handOn }: Steps<R, N>,
): (request: R, response: ServerResponse, next: N) => Promise<void> {
  const adapter = createAdapter(options, socketAddressOf)

  /** `undefined` where the call is answered already. */
  async function judge(request: R, response: ServerResponse): Promise<Verified | undefined> {
    // Node's parser calls a listener at the end of the head. Where the request's end came with it, the stream has ended
    // once this turn is over, and then nothing has to be read.
    await undefined
    const call = adapter.incoming(request, read(request))
    const result = await verifier.verify(call, options)
    adapter.judged(result, request)
    if (!result.ok) {
      sendAnswer(response, nodeRefusalAnswer(result, verifier.scheme.name, request, call.target))
      return undefined
    }
    await endOfTurn()
    // Nothing is done for a caller who was told that it took too long.
    if (isAnswered(response)) return undefined
    keepReadable(request)
    setHeaders(response, result.headers)
    return result
  }

  async function handle(request: R, response: ServerResponse, next: N): Promise<void> {
    let verified: Verified | undefined
    try {
      verified = await judge(request, response)
    } catch (thrown) {
      const error = asError(thrown, NOT_CHECKED)
      adapter.report(error, request, handOn !== undefined)
      if (handOn === undefined) sendFailed(request, response)
      else await handOn(error, next)
      return
    }
    if (verified !== undefined) await go(request, response, verified, next)
  }

  // The promise is for h3: where middleware returns nothing, its version 1 goes on to the handler when a client leaves.
  return async (request, response, next) => {
    if (answerProbe(request, response)) return
    await handle(request, response, next).catch((error: unknown) => {
      adapter.report(error, request)
      try {
        sendFailed(request, response)
      } catch (second) {
        adapter.report(second, request)
      }
    })
  }
}
