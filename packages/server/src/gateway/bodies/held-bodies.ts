import type { IncomingMessage } from 'node:http'
import { createBudget } from './budget.ts'
import { ClientGoneError } from './incoming-pieces.ts'

/** The gateway holds as many bodies as it may. */
export class OverloadedError extends Error {}

/** A body that is kept in memory. */
export interface HeldBody {
  /**
   * Rejects with {@link OverloadedError} where there is no memory for what came in, or with why it did not come whole.
   */
  readonly read: Promise<Uint8Array | undefined | 'too-large'>
  /** Gives its memory back. */
  release(): void
}

/** Keeps bodies in memory, within a budget of which only bytes that came in take a part. */
export interface HeldBodies {
  /** @param announced `undefined` where it comes in chunks */
  keep(request: IncomingMessage, maxBytes: number, announced: number | undefined): HeldBody
  readonly heldBytes: number
}

/** A body that comes in several pieces has at least this much memory, in bytes, unless it is shorter. */
const MIN_CAPACITY = 512

/** A body has at most twice the memory of what came in of it, however small the pieces are. */
export function createHeldBodies(maxHeldBytes: number): HeldBodies {
  const budget = createBudget(maxHeldBytes)

  function keep(request: IncomingMessage, maxBytes: number, announced: number | undefined): HeldBody {
    const most = announced ?? maxBytes
    let bytes: Buffer | undefined
    let length = 0
    let stop: () => void = () => undefined
    let fail: (error: Error) => void = () => undefined
    const share = budget.share(() => fail(new OverloadedError()))

    function release(): void {
      stop()
      share.release()
      bytes = undefined
    }

    /** Whether there was memory for the piece. */
    function add(piece: Buffer): boolean {
      const needed = length + piece.length
      if (bytes === undefined && needed === announced) {
        if (!share.take(needed)) return false
        bytes = piece
      } else {
        if (needed > (bytes?.length ?? 0)) {
          const capacity = Math.min(most, Math.max(2 * needed, MIN_CAPACITY))
          if (!share.take(capacity - share.bytes)) return false
          const grown = Buffer.allocUnsafeSlow(capacity)
          bytes?.copy(grown, 0, 0, length)
          bytes = grown
        }
        bytes?.set(piece, length)
      }
      length = needed
      return true
    }

    const read = new Promise<Uint8Array | undefined | 'too-large'>((resolve, reject) => {
      const onData = (piece: Buffer): void => {
        if (length + piece.length > most) {
          release()
          resolve('too-large')
        } else if (!add(piece)) fail(new OverloadedError())
        else if (length === announced) share.keep()
      }
      const onEnd = (): void => {
        stop()
        resolve(length === 0 ? undefined : bytes?.subarray(0, length))
      }
      const onError = (error: Error): void => fail(new ClientGoneError(error))
      const onClose = (): void => fail(new ClientGoneError())
      stop = () => {
        share.keep()
        request.off('data', onData).off('end', onEnd).off('error', onError).off('close', onClose)
        // Nothing more is asked for until it is answered.
        if (!request.complete) request.pause()
      }
      fail = error => {
        release()
        reject(error)
      }
      if (request.destroyed) onClose()
      else request.on('data', onData).on('end', onEnd).on('error', onError).on('close', onClose)
    })
    return { read, release }
  }

  return {
    keep,
    get heldBytes() {
      return budget.taken
    },
  }
}
