import type { MaybePromise } from './crypto/provider.ts'
import { type Clock, systemClock } from './timestamp.ts'

/** `full` refuses the request: a guard that can not remember must not let it pass. */
export type Claim = 'fresh' | 'seen' | 'full'

/** Says whether a call was seen before, and remembers it. */
export interface ReplayGuard {
  /**
   * @param id what makes the call unique: its signature, or key id and nonce
   * @param expiresAtMs milliseconds since the epoch from which the call is refused for its age anyway; the same `id`
   * always comes with the same value
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
export const REPLAY_SLICE_MS = 5_000

/** Default of `maxEntries`. */
export const DEFAULT_REPLAY_ENTRIES = 1_000_000

/**
 * A guard in memory, for one process. A call's end is part of what it signs, so it is looked up in one slice only, and
 * whole slices are dropped when their time has come: constant time, no sweep, no timer.
 */
export function memoryReplayGuard(options: MemoryReplayGuardOptions = {}): MemoryReplayGuard {
  const { maxEntries = DEFAULT_REPLAY_ENTRIES, clock = systemClock } = options
  const slices = new Map<number, Set<string>>()
  let size = 0
  let nextDrop = 0

  function dropEnded(now: number): void {
    for (const [slice, ids] of slices) {
      if ((slice + 1) * REPLAY_SLICE_MS > now) continue
      slices.delete(slice)
      size -= ids.size
    }
    nextDrop = (Math.floor(now / REPLAY_SLICE_MS) + 1) * REPLAY_SLICE_MS
  }

  return {
    get size() {
      return size
    },
    claim(id, expiresAtMs) {
      const now = clock()
      if (now >= nextDrop || now < nextDrop - REPLAY_SLICE_MS) dropEnded(now)
      const slice = Math.floor(expiresAtMs / REPLAY_SLICE_MS)
      let ids = slices.get(slice)
      if (ids?.has(id)) return 'seen'
      if (size >= maxEntries) return 'full'
      if (ids === undefined) {
        ids = new Set()
        slices.set(slice, ids)
      }
      ids.add(id)
      size++
      return 'fresh'
    },
  }
}
