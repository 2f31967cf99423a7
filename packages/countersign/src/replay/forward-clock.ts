import type { Clock } from '../wire/timestamp.ts'

/** How fast it catches up with a clock that was set forward: two milliseconds for each that passes. */
const MOST_SPEED = 2

/** It is never further behind than a day: a machine that slept for weeks was not set wrong. */
const MOST_BEHIND_MS = 86_400_000

/** A time that follows the system's clock and never goes back. */
export interface ForwardClock {
  /** The time, given what the system's clock says now; both in milliseconds since the epoch. */
  at(wallMs: number): number
  /** Goes forward to the system's clock at once. */
  catchUp(wallMs: number): number
}

/**
 * A time that follows the system's clock, never goes back, and goes forward at most twice as fast as a clock that
 * nobody sets. A clock that is set ten minutes forward by mistake and put back a minute later moves it by two minutes
 * at most, where it would have moved the system's clock by ten.
 *
 * @param steadyClock milliseconds of a clock that is never set
 */
export function createForwardClock(steadyClock: Clock): ForwardClock {
  let time: number | undefined
  let last = Number.NEGATIVE_INFINITY
  return {
    at(wallMs) {
      const steadyMs = steadyClock()
      const passedMs = steadyMs > last ? steadyMs - last : 0
      if (passedMs > 0) last = steadyMs
      time = time === undefined ? wallMs : Math.max(time, Math.min(wallMs, time + passedMs * MOST_SPEED), wallMs - MOST_BEHIND_MS)
      return time
    },
    catchUp(wallMs) {
      time = Math.max(time ?? wallMs, wallMs)
      return time
    },
  }
}
