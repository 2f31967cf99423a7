import type { IncomingMessage } from 'node:http'

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

/**
 * A body has at most twice the memory of what came in of it, however small the pieces are. Where the budget doesn't
 * suffice, the unfinished body that began first gives way: a client that trickles can't keep the others out.
 */
export function createHeldBodies(maxHeldBytes: number): HeldBodies {
  let held = 0
  /** Those of which a part came in, the one that began first first. */
  const unfinished = new Set<{ readonly reserved: number; giveUp(): void }>()

  function keep(request: IncomingMessage, maxBytes: number, announced: number | undefined): HeldBody {
    const most = announced ?? maxBytes
    let bytes: Buffer | undefined
    let length = 0
    let reserved = 0
    let stop: () => void = () => undefined
    let fail: (error: Error) => void = () => undefined
    const own = {
      get reserved() {
        return reserved
      },
      giveUp() {
        release()
        fail(new OverloadedError())
      },
    }

    function release(): void {
      stop()
      held -= reserved
      reserved = 0
      bytes = undefined
    }

    /** Whether there is memory for so many bytes more, once others have given way. */
    function reserve(more: number): boolean {
      const giving: { giveUp(): void }[] = []
      let free = maxHeldBytes - held
      for (const other of unfinished) {
        if (free >= more || other === own) break
        free += other.reserved
        giving.push(other)
      }
      if (free < more) return false
      for (const other of giving) other.giveUp()
      reserved += more
      held += more
      return true
    }

    /** Whether there was memory for the piece. */
    function add(piece: Buffer): boolean {
      const needed = length + piece.length
      if (bytes === undefined && needed === announced) {
        if (!reserve(needed)) return false
        bytes = piece
      } else {
        if (needed > (bytes?.length ?? 0)) {
          const capacity = Math.min(most, Math.max(2 * needed, MIN_CAPACITY))
          if (!reserve(capacity - reserved)) return false
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
        unfinished.add(own)
        if (length + piece.length > most) {
          release()
          resolve('too-large')
        } else if (!add(piece)) own.giveUp()
        else if (length === announced) unfinished.delete(own)
      }
      const onEnd = (): void => {
        stop()
        resolve(length === 0 ? undefined : bytes?.subarray(0, length))
      }
      const onClose = (): void => fail(new Error('The client went away before its body was read.'))
      stop = () => {
        unfinished.delete(own)
        request.off('data', onData).off('end', onEnd).off('error', fail).off('close', onClose)
        // Nothing more is asked for until it is answered.
        if (!request.complete) request.pause()
      }
      fail = error => {
        release()
        reject(error)
      }
      if (request.destroyed) onClose()
      else request.on('data', onData).on('end', onEnd).on('error', fail).on('close', onClose)
    })
    return { read, release }
  }

  return {
    keep,
    get heldBytes() {
      return held
    },
  }
}
