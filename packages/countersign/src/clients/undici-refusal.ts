import { asError } from '../contract/as-error.ts'
import type { Signer } from '../sign/sign.ts'
import { asResponse, type Clocks } from './clocks.ts'
import { headersOf } from './outgoing.ts'
import { detached, handOn, type UndiciControllerLike, type UndiciHandlerLike, type UndiciHeaders } from './undici-types.ts'

/** The most that is held of a refusal; problem details are shorter. */
const MAX_REFUSAL_BYTES = 65_536

interface HeldRefusal {
  readonly status: number
  readonly headers: UndiciHeaders
  readonly message: string | undefined
  readonly chunks: Uint8Array[]
  length: number
}

/**
 * A handler that holds back a refusal until it is known whether it was for the clock: then the call is sent once more,
 * and else the refusal is handed on.
 *
 * @param again sends the call once more, with what comes of it told to the handler
 */
export function holdRefusal(
  handler: UndiciHandlerLike,
  clocks: Clocks,
  url: string,
  again: (by: Signer, handler: UndiciHandlerLike) => Promise<void>,
): UndiciHandlerLike {
  const plain = handOn(handler)
  let held: HeldRefusal | undefined

  function release(controller: UndiciControllerLike): void {
    if (held === undefined) return
    const { status, headers, message, chunks } = held
    held = undefined
    plain.onResponseStart(controller, status, headers, message)
    for (const chunk of chunks) plain.onResponseData(controller, chunk)
  }

  async function decide(
    { status, headers, chunks }: HeldRefusal,
    controller: UndiciControllerLike,
    trailers: UndiciHeaders,
  ): Promise<void> {
    const told = (): Response => asResponse(status, headersOf(Object.entries(headers)), new Blob(chunks.map(chunk => chunk.slice())))
    const other = await clocks.correct(url, status, told)
    if (other !== undefined)
      return again(
        other,
        keeping(plain, status => clocks.keep(url, status, other)),
      )
    release(controller)
    plain.onResponseEnd(controller, trailers)
  }

  return {
    ...plain,
    onResponseStart(controller, status, headers, message) {
      if (clocks.mayCorrect(status)) held = { status, headers, message, chunks: [], length: 0 }
      else plain.onResponseStart(controller, status, headers, message)
    },
    onResponseData(controller, chunk) {
      if (held === undefined) return plain.onResponseData(controller, chunk)
      held.chunks.push(chunk)
      held.length += chunk.length
      if (held.length > MAX_REFUSAL_BYTES) release(controller)
    },
    onResponseEnd(controller, trailers) {
      if (held === undefined) return plain.onResponseEnd(controller, trailers)
      // The connection goes on with other calls.
      const ended = detached(controller)
      decide(held, ended, trailers).catch((error: unknown) => plain.onResponseError(ended, asError(error, 'The clock was not corrected.')))
    },
    onResponseError(controller, error) {
      release(controller)
      plain.onResponseError(controller, error)
    },
  }
}

/** Tells the status of the answer, and hands on everything. */
function keeping(plain: Required<UndiciHandlerLike>, tell: (status: number) => void): UndiciHandlerLike {
  return {
    ...plain,
    onResponseStart(controller, status, headers, message) {
      tell(status)
      plain.onResponseStart(controller, status, headers, message)
    },
  }
}
