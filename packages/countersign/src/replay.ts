import type { MaybePromise } from './crypto/provider.ts'
import { type Clock, systemClock } from './timestamp.ts'

/** `full` refuses the request: a guard that can not remember must not let it pass. */
export type Claim = 'fresh' | 'seen' | 'full'

/** Says whether a call was seen before, and remembers it. */
export interface ReplayGuard {
  /**
   * @param id what makes the call unique: its signature, or key id and nonce
   * @param expiresAtMs milliseconds since the epoch from which the call is refused for its age anyway
   */
  claim(id: string, expiresAtMs: number): MaybePromise<Claim>
}

export interface MemoryReplayGuardOptions {
  /** Calls remembered at once; about 130 bytes each. Default: 1,000,000. When it is full, calls are refused. */
  readonly maxEntries?: number | undefined
  readonly clock?: Clock | undefined
}

export interface MemoryReplayGuard extends ReplayGuard {
  claim(id: string, expiresAtMs: number): Claim
  readonly size: number
}

/** Calls whose end falls within the same slice are forgotten together. */
export const REPLAY_SLICE_MS = 1_000

/** Default of `maxEntries`. */
export const DEFAULT_REPLAY_ENTRIES = 1_000_000

/**
 * A guard in memory, for one process. Ids are kept in slices of time by when they end, and a slice is forgotten once it is
 * over: no sweep over what is still good, no timer.
 */
export function memoryReplayGuard(options: MemoryReplayGuardOptions = {}): MemoryReplayGuard {
  const { maxEntries = DEFAULT_REPLAY_ENTRIES, clock = systemClock } = options
  const seen = new Set<string>()
  const slices = new Map<number, string[]>()
  let nextDrop = 0

  function dropEnded(now: number): void {
    for (const [slice, ids] of slices) {
      if ((slice + 1) * REPLAY_SLICE_MS > now) continue
      slices.delete(slice)
      for (const id of ids) seen.delete(id)
    }
    nextDrop = (Math.floor(now / REPLAY_SLICE_MS) + 1) * REPLAY_SLICE_MS
  }

  return {
    get size() {
      return seen.size
    },
    claim(id, expiresAtMs) {
      const now = clock()
      if (now >= nextDrop || now < nextDrop - REPLAY_SLICE_MS) dropEnded(now)
      if (seen.has(id)) return 'seen'
      if (seen.size >= maxEntries) return 'full'
      const slice = Math.floor(expiresAtMs / REPLAY_SLICE_MS)
      const ids = slices.get(slice)
      if (ids === undefined) slices.set(slice, [id])
      else ids.push(id)
      seen.add(id)
      return 'fresh'
    },
  }
}
