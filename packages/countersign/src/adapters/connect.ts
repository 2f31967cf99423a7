import type { IncomingMessage, ServerResponse } from 'node:http'
import type { IncomingRequest, Verified, Verifier } from '../verify/verify.ts'
import { type Adapter, type AdapterOptions, type Checked, checkVerifier, createAdapter } from './adapter.ts'
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
  checkVerifier(verifier)
  const adapter = createAdapter(options, { socketAddressOf, hasErrorHandler: handOn !== undefined })

  async function handle(request: R, response: ServerResponse, next: N): Promise<void> {
    let checked: Checked
    try {
      checked = await checkNodeCall(adapter, verifier, request, () => read(request))
    } catch (error) {
      if (handOn === undefined) sendFailed(request, response)
      else await handOn(error as Error, next)
      return
    }
    const { result, target } = checked
    // Nothing is done for a caller who was told that it took too long.
    if (isAnswered(response)) return
    if (result.ok) {
      keepReadable(request)
      setHeaders(response, result.headers)
      await go(request, response, result, next)
    } else sendAnswer(response, nodeRefusalAnswer(result, verifier.scheme.name, request, target))
  }

  // Returns a promise because of h3 1: where middleware returns nothing, it calls the handler when the client leaves.
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

/**
 * {@link Adapter.check} for a call of Node's server: a verified one goes on at the end of the turn.
 *
 * @throws Error as {@link Adapter.check} does
 */
export async function checkNodeCall<R>(adapter: Adapter<R>, verifier: Verifier, request: R, read: () => IncomingRequest): Promise<Checked> {
  // Node's parser calls a listener at the end of the head. Where the request's end came with it, the stream has ended
  // once this turn is over, and then nothing has to be read.
  await undefined
  const checked = await adapter.check(verifier, request, read)
  if (checked.result.ok) await endOfTurn()
  return checked
}
