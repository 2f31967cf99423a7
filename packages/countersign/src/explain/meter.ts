/**
 * What an explanation costs, in bytes that are hashed; other work counts as so many of them. And when it lets other
 * work have a turn.
 */
export interface Meter {
  readonly spentBytes: number
  /** Counts work of so many bytes, and says whether it may be done; if not, nothing is counted. */
  spend(bytes: number): boolean
  /** From now on everything may be done: what is left is little. */
  lift(): void
  /** To be waited for, where the last pause is long enough ago. */
  rest(): Promise<void> | undefined
}

export interface MeterOptions {
  readonly maxBytes?: number | undefined
  readonly pause?: (() => Promise<void>) | undefined
  /** Milliseconds of any steady clock. */
  readonly now?: (() => number) | undefined
}

/** After so much work there is a pause, in milliseconds. */
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
