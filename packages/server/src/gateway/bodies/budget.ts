/** A total that bodies share, in bytes that came in. */
export interface Budget {
  /** @param giveUp called when the share has to make room; its bytes are given back already */
  share(giveUp: () => void): Share
  readonly taken: number
}

/** The part of one body. */
interface Share {
  readonly bytes: number
  /** Whether there are so many bytes more, once others have given way. */
  take(more: number): boolean
  /** The body is there: it gives way to nobody from here on. */
  keep(): void
  /** Gives its bytes back. */
  release(): void
}

interface OpenShare extends Share {
  giveUp(): void
}

/**
 * Where the total doesn't suffice, the unfinished body that began first gives way: a client that trickles can't keep
 * the others out.
 */
export function createBudget(maxBytes: number): Budget {
  let taken = 0
  /** Oldest first. */
  const unfinished = new Set<OpenShare>()

  return {
    share(giveUp) {
      let bytes = 0
      const share = {
        get bytes() {
          return bytes
        },
        take(more: number): boolean {
          if (bytes === 0) unfinished.add(share)
          const giving: OpenShare[] = []
          let free = maxBytes - taken
          for (const other of unfinished) {
            if (free >= more || other === share) break
            free += other.bytes
            giving.push(other)
          }
          if (free < more) return false
          for (const other of giving) other.giveUp()
          bytes += more
          taken += more
          return true
        },
        keep: () => void unfinished.delete(share),
        release() {
          unfinished.delete(share)
          taken -= bytes
          bytes = 0
        },
        giveUp() {
          share.release()
          giveUp()
        },
      }
      return share
    },
    get taken() {
      return taken
    },
  }
}
