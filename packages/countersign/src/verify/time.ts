import type { Failure } from '../contract/failure.ts'
import type { ClaimFields, CompleteClaim, Moment, TimelyClaim } from '../scheme/plan.ts'

/**
 * Holds a call against the clock; nothing else makes a {@link TimelyClaim}. A call is good from `tolerance` before to
 * `tolerance` after it was signed, and never after it has expired. Where only the end is said, that may lie no further
 * ahead than the tolerance.
 */
export function judgeTime(claim: CompleteClaim, nowMs: number, toleranceMs: number): TimelyClaim | Failure {
  const late = claim.moment === undefined ? undefined : findSkew(claim.moment, nowMs, toleranceMs)
  if (late !== undefined) return late
  const fields: ClaimFields & { readonly moment: Moment | undefined } = claim
  return fields as TimelyClaim
}

/** What is wrong with a moment at this time; `undefined` when nothing is. */
export function findSkew(moment: Moment, nowMs: number, toleranceMs: number): Failure | undefined {
  const { issuedMs, newestMs = issuedMs, expiresMs, statedExpiresMs } = moment
  const refuse = (skewMs: number): Failure => ({ code: 'timestamp-out-of-window', skewMs, serverTimeMs: nowMs })
  // Turned round, so that a clock that is not a number refuses as well.
  if (newestMs !== undefined && !(newestMs - nowMs <= toleranceMs)) return refuse(newestMs - nowMs)
  if (issuedMs === undefined && expiresMs !== undefined && !(expiresMs - nowMs <= toleranceMs)) return refuse(expiresMs - nowMs)
  if (!(nowMs <= lastMomentMs(moment, toleranceMs))) {
    const endMs = expiresMs ?? Number.POSITIVE_INFINITY
    return refuse((nowMs >= endMs ? endMs : (issuedMs ?? nowMs)) - nowMs)
  }
  return statedExpiresMs !== undefined && !(nowMs < statedExpiresMs) ? refuse(statedExpiresMs - nowMs) : undefined
}

/**
 * The last moment at which a call with this moment is accepted, so a replay has to be remembered up to then. Only what
 * is signed counts: a stated end could be changed. In milliseconds since the epoch; without a moment it is never.
 */
export function lastMomentMs(moment: Moment | undefined, toleranceMs: number): number {
  const { issuedMs = Number.POSITIVE_INFINITY, expiresMs = Number.POSITIVE_INFINITY, isLongLived } = moment ?? {}
  return Math.min(isLongLived ? Number.POSITIVE_INFINITY : issuedMs + toleranceMs, expiresMs - 1)
}

/** Whether a call with this moment is refused from now on, however what is not signed is changed. */
export function isOver(moment: Moment | undefined, nowMs: number, toleranceMs: number): boolean {
  return nowMs > lastMomentMs(moment, toleranceMs)
}

/** The first moment at which a call with this moment is accepted, in milliseconds since the epoch. */
export function firstMomentMs(moment: Moment | undefined, toleranceMs: number): number {
  const { issuedMs, newestMs = issuedMs, expiresMs } = moment ?? {}
  return (newestMs ?? expiresMs ?? Number.NEGATIVE_INFINITY) - toleranceMs
}
