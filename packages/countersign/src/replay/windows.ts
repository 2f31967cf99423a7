/** How long a guard keeps to a window after the last claim that had it: a day. */
export const WINDOW_HELD_MS = 86_400_000

/** What a claim says of the time in which its call is accepted, in milliseconds since the epoch. */
interface Lifetime {
  readonly expiresAtMs: number
  readonly issuedAtMs?: number | undefined
  readonly windowMs?: number | undefined
}

/** What is remembered for verifiers whose windows differ: each would accept a call until another time. */
export interface Windows {
  /**
   * A call is claimed.
   *
   * @param nowMs by the guard's time
   * @param wallMs by the system's clock
   */
  claimed(call: Lifetime, nowMs: number, wallMs: number): Remembered
}

interface Remembered {
  /** Until when it has to be remembered: none of those verifiers accepts it after that. */
  readonly endMs: number
  /** Whether it may have been claimed, and forgotten, before the windows changed. */
  readonly isInDoubt: boolean
}

/**
 * Every call is remembered for the longest window of those that claim. When that changes, calls that were claimed
 * before are remembered for a shorter one all the same, so for a while those are refused that were signed longer ago
 * than it: as though the window had not changed for them. See docs/decisions/0032.
 */
export function createWindows(): Windows {
  let longestMs = 0
  let heldUntilMs = 0
  /** Calls that were claimed until then may be remembered for no longer than `shorterMs`… */
  let changedAtMs = 0
  let shorterMs = 0
  /** …and were signed at most so long after it, by clocks that are ahead. */
  let aheadMs = 0
  /** The latest that the system's clock was: it may have been put back since. */
  let latestMs = 0

  /** What is over by the longest window need not be known any more. */
  function change(windowMs: number, nowMs: number): void {
    const isOver = nowMs > changedAtMs + aheadMs + Math.max(windowMs, longestMs)
    shorterMs = isOver ? longestMs : Math.min(shorterMs, longestMs)
    aheadMs = isOver ? longestMs : Math.max(aheadMs, longestMs)
    changedAtMs = latestMs
  }

  return {
    claimed({ expiresAtMs, issuedAtMs, windowMs }, nowMs, wallMs) {
      if (windowMs === undefined || issuedAtMs === undefined) return { endMs: expiresAtMs, isInDoubt: false }
      latestMs = Math.max(latestMs, wallMs)
      if (windowMs > longestMs || (windowMs < longestMs && nowMs > heldUntilMs)) {
        if (longestMs > 0) change(windowMs, nowMs)
        longestMs = windowMs
      }
      if (windowMs === longestMs) heldUntilMs = nowMs + WINDOW_HELD_MS
      return {
        // One that ends sooner than its window says when itself.
        endMs: expiresAtMs < issuedAtMs + windowMs ? expiresAtMs : expiresAtMs + longestMs - windowMs,
        isInDoubt: windowMs > shorterMs && issuedAtMs <= changedAtMs + aheadMs && issuedAtMs + shorterMs < nowMs,
      }
    },
  }
}
