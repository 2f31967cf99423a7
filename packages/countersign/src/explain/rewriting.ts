import type { Hypothesis } from './hypothesis.ts'
import type { Meter } from './meter.ts'

/** Which bodies are written anew. */
export interface Rewriting {
  readonly meter: Meter
  /** Larger ones are not: that can't be interrupted. */
  readonly maxBytes: number
}

/** What a byte costs that is copied, written anew, or read as JSON, in bytes that are hashed. */
export const COPY_COST = 2
export const TEXT_COST = 8
export const JSON_COST = 60

/** Bodies that are only copied may be larger by this factor. */
export const COPIED_FOR_REWRITTEN = 32

/** Changes nothing where that would cost too much. */
export function metered(hypothesis: Hypothesis, cost: number, { meter, maxBytes }: Rewriting): Hypothesis {
  return {
    ...hypothesis,
    apply(assumptions) {
      const size = assumptions.body?.length ?? 0
      return size <= maxBytes && meter.spend(size * cost) ? hypothesis.apply(assumptions) : undefined
    },
  }
}
