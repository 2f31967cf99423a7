/** A total that bodies share, in bytes that came in. */
export interface Budget {
  /** @param giveUp called when the share has to make room; its bytes are given back already */
  share(giveUp: () => void): Share
  /** Whether a share that has nothing yet could take so many bytes. */
  hasRoom(bytes: number): boolean
  readonly taken: number
}

/** The part of one body. */
interface Share {
  readonly bytes: number
  /** Whether there are so many bytes more, once others have given way. */
  take(more: number): boolean
  /** The body is there: it gives way to nobody from here on. */
  settle(): void
  /** Gives its bytes back. */
  release(): void
}

/**
 * Where the total doesn't suffice, the unfinished body that began first gives way: a client that trickles can't keep
 * the others out.
 */
export function createBudget(maxBytes: number): Budget {
  let taken = 0
  /** The one that began first first. */
  const unfinished = new Set<Share & { giveUp(): void }>()
  return {
    share(giveUp) {
      let bytes = 0
      const own = {
        get bytes() {
          return bytes
        },
        take(more: number): boolean {
          if (bytes === 0) unfinished.add(own)
          const giving: { giveUp(): void }[] = []
          let free = maxBytes - taken
          for (const other of unfinished) {
            if (free >= more || other === own) break
            free += other.bytes
            giving.push(other)
          }
          if (free < more) return false
          for (const other of giving) other.giveUp()
          bytes += more
          taken += more
          return true
        },
        settle: () => void unfinished.delete(own),
        release() {
          unfinished.delete(own)
          taken -= bytes
          bytes = 0
        },
        giveUp() {
          own.release()
          giveUp()
        },
      }
      return own
    },
    hasRoom(bytes) {
      let free = maxBytes - taken
      for (const other of unfinished) {
        if (free >= bytes) break
        free += other.bytes
      }
      return free >= bytes
    },
    get taken() {
      return taken
    },
  }
}
