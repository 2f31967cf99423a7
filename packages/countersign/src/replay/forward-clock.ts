import type { Clock } from '../wire/timestamp.ts'

/** How fast it follows a clock that was set forward: two milliseconds for each that passes. */
const MOST_SPEED = 2
/** A clock that has been ahead for so long (for half of it at least) is believed where that is asked for. */
const BELIEVED_AFTER_MS = 60_000
/** After so long it is believed unasked, so that little has to be kept after a sleep of weeks. */
const FOLLOWED_AFTER_MS = 86_400_000

/** A time that follows the system's clock and never goes back. */
export interface ForwardClock {
  /** The time, given what the system's clock says now; both in milliseconds since the epoch. */
  at(wallMs: number): number
  /** Goes forward at once, to where the system's clock has been for a while; called after `at`. */
  catchUp(): number
}

/**
 * A time that follows the system's clock and never goes back. When that clock is set forward, it follows at twice the
 * speed of a steady clock, so that a clock that is wrong for ten seconds moves it by twenty at most. A clock that stays
 * ahead was set right, or the machine slept: it is caught up with after a minute if the caller needs it, and after a
 * day in any case.
 *
 * @param steadyClock milliseconds of a clock that is never set
 */
export function createForwardClock(steadyClock: Clock): ForwardClock {
  let time: number | undefined
  let last = Number.NEGATIVE_INFINITY
  const believed = createLowestLead(BELIEVED_AFTER_MS)
  const followed = createLowestLead(FOLLOWED_AFTER_MS)

  return {
    at(wallMs) {
      const steadyMs = steadyClock()
      const passedMs = steadyMs > last ? steadyMs - last : 0
      if (passedMs > 0) last = steadyMs
      if (last > Number.NEGATIVE_INFINITY) {
        believed.see(wallMs - last, last)
        followed.see(wallMs - last, last)
      }
      time = time === undefined ? wallMs : Math.max(time, Math.min(wallMs, time + passedMs * MOST_SPEED), followed.lead + last)
      return time
    },
    catchUp() {
      time = Math.max(time ?? Number.NEGATIVE_INFINITY, believed.lead + last)
      return time
    },
  }
}

/**
 * The lowest lead of the system's clock over the steady one that was seen within a time, or a little longer ago if
 * nothing was seen. It is kept of two halves of that time.
 */
function createLowestLead(withinMs: number): { see(lead: number, steadyMs: number): void; readonly lead: number } {
  let earlier = Number.NEGATIVE_INFINITY
  let lowest = Number.POSITIVE_INFINITY
  let since = Number.NEGATIVE_INFINITY
  return {
    get lead() {
      return Math.min(earlier, lowest)
    },
    see(lead, steadyMs) {
      if (steadyMs - since >= withinMs / 2) {
        if (since !== Number.NEGATIVE_INFINITY) earlier = lowest
        lowest = lead
        since = steadyMs
      } else lowest = Math.min(lowest, lead)
    },
  }
}
