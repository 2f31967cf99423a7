/**
 * Counts the work of an explanation in hashed bytes (other work is converted to them), and says when a pause is due.
 */
export interface Meter {
  readonly spentBytes: number
  /** Adds this much work and returns true, or counts nothing and returns false if that would exceed the limit. */
  spend(bytes: number): boolean
  /** Lifts the limit, for the little work that is left. */
  lift(): void
  /** A promise to await if a pause is due, else undefined. */
  rest(): Promise<void> | undefined
}

export interface MeterOptions {
  readonly maxBytes?: number | undefined
  readonly pause?: (() => Promise<void>) | undefined
  /** Milliseconds of any steady clock. */
  readonly now?: (() => number) | undefined
}

/** A pause is due after this much work, in milliseconds. */
export const WORK_BEFORE_PAUSE_MS = 3

export function createMeter({ maxBytes = Number.POSITIVE_INFINITY, pause, now = () => performance.now() }: MeterOptions): Meter {
  let most = maxBytes
  let spentBytes = 0
  let since = now()
  return {
    get spentBytes() {
      return spentBytes
    },
    spend(bytes) {
      if (spentBytes + bytes > most) return false
      spentBytes += bytes
      return true
    },
    lift() {
      most = Number.POSITIVE_INFINITY
    },
    rest() {
      if (pause === undefined || now() - since < WORK_BEFORE_PAUSE_MS) return undefined
      return pause().then(() => {
        since = now()
      })
    },
  }
}

/** Thrown where work would be more than the meter allows; not an error, which would note the stack each time. */
export const OVER_BUDGET: unique symbol = Symbol('over budget')
