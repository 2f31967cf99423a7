import type { ClaimCounts } from './claim-counts.ts'

const NEARLY_FULL = 0.8
/** After a warning, the count has to fall below this part of what it was before there is another. */
const QUIET_UNTIL = 7 / 8

/** What is nearly full, and how full it is. */
export interface Fullness {
  /** `all`: the whole guard. `key`: what one key may have beside others, which is half of the guard. */
  readonly of: 'all' | 'key'
  /** How much of that is used, from 0 to 1. Above 1 only for a key that is alone. */
  readonly share: number
  /** The key whose share it is; of `all`, the key with the most calls. */
  readonly keyId: string | undefined
}

/** Finds what became nearly full, each once until its count fell. */
export interface FullnessWatch {
  /** What became nearly full with this key's call. */
  added(keyId: string): readonly Fullness[]
  /** After calls have ended. */
  dropped(): void
}

const NOTHING: readonly Fullness[] = []

/**
 * A key is judged by what it may have beside others even while it is alone: with the first call of another, it is
 * refused above that.
 */
export function createFullnessWatch(counts: ClaimCounts, maxClaims: number, mostOfKey: number): FullnessWatch {
  /** Counts below which there may be a warning again; 0 if there was none. */
  let quietBelow = 0
  // Three keys at most: each has a third of the guard, or it is dropped.
  const quietKeys = new Map<string, number>()
  return {
    added(keyId) {
      const { size } = counts
      const ofKey = counts.mostOf(keyId)
      const isKeyNew = ofKey >= mostOfKey * NEARLY_FULL && !quietKeys.has(keyId)
      const isNew = quietBelow === 0 && size >= maxClaims * NEARLY_FULL
      if (!isKeyNew && !isNew) return NOTHING
      const found: Fullness[] = []
      if (isKeyNew) {
        quietKeys.set(keyId, ofKey * QUIET_UNTIL)
        found.push({ of: 'key', share: ofKey / mostOfKey, keyId })
      }
      if (isNew) {
        quietBelow = size * QUIET_UNTIL
        found.push({ of: 'all', share: size / maxClaims, keyId: counts.busiestKeyId })
      }
      return found
    },
    dropped() {
      if (counts.size < quietBelow) quietBelow = 0
      for (const [keyId, below] of quietKeys) if (counts.mostOf(keyId) < below) quietKeys.delete(keyId)
    },
  }
}
