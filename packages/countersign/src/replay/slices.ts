import { NEVER } from './replay-table.ts'

/** Calls whose end falls within the same slice are forgotten together; those that end late, in larger ones. */
export const REPLAY_SLICE_MS = 1_000

/** A call is remembered longer than it has to be by at most one part in this many of the time to its end… */
const LONGER_BY_ONE_IN = 64
/** …and, while the system's clock is ahead of the guard's, by at most one in this many of what that clock leaves. */
const LONGER_BY_ONE_IN_WHILE_BEHIND = 4

/** The slice of time that a moment falls into. */
export function sliceOf(ms: number): number {
  return Math.min(Math.max(Math.floor(ms / REPLAY_SLICE_MS), 1), NEVER)
}

/**
 * Rounds an end up, so that there are few slices to count, however late calls end. All three are slices.
 *
 * @param now by the guard's time
 * @param wall by the system's clock
 */
export function coarsely(end: number, now: number, wall: number): number {
  const most = Math.min((end - now) / LONGER_BY_ONE_IN, (end - wall) / LONGER_BY_ONE_IN_WHILE_BEHIND)
  const step = 2 ** Math.max(0, Math.floor(Math.log2(most)))
  return Math.min(Math.ceil(end / step) * step, NEVER)
}
