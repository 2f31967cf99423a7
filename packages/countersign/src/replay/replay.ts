import { checkNumbers } from '../contract/check-numbers.ts'
import type { MaybePromise } from '../crypto/provider.ts'
import { type Clock, systemClock } from '../wire/timestamp.ts'
import { createReplayTable, NEVER, type ReplayTable } from './replay-table.ts'

/**
 * `full` and `ended` refuse the request: what a guard does not remember, because it can't or because it is over, must
 * not pass.
 */
export type ReplayAnswer = 'fresh' | 'seen' | 'full' | 'ended'

/** Says whether a call was seen before, and remembers it. */
export interface ReplayGuard {
  /**
   * @param id of the call: made from its nonce, or else from what was signed; never from the signature as it was
   * presented
   * @param expiresAtMs the last moment at which the call is accepted, in milliseconds since the epoch; a claim after it
   * is `ended`
   * @param issuedAtMs since when it could have been accepted, for guards that may lose their memory; left out where
   * nothing is known of that
   */
  claim(id: string, expiresAtMs: number, issuedAtMs?: number): MaybePromise<ReplayAnswer>
}

export interface MemoryReplayGuardOptions {
  /** Calls remembered at once; 17 to 35 bytes each. Default: 1,000,000. When it is full, calls are refused. */
  readonly maxEntries?: number | undefined
  readonly clock?: Clock | undefined
}

export interface MemoryReplayGuard extends ReplayGuard {
  claim(id: string, expiresAtMs: number): ReplayAnswer
  readonly size: number
}

/** Calls whose end falls within the same slice are forgotten together. */
const REPLAY_SLICE_MS = 1_000

/** Default of `maxEntries`. */
const DEFAULT_REPLAY_ENTRIES = 1_000_000

/**
 * A guard in memory, for one process. It keeps eight bytes of each id, hashed under a key of its own, and the second
 * that it ends in: no sweep over what is still good, no timer, nothing for the garbage collector. Two ids fall together
 * once in 2⁶⁴; the second is refused then. See docs/decisions/0014.
 */
export function memoryReplayGuard(options: MemoryReplayGuardOptions = {}): MemoryReplayGuard {
  const { maxEntries = DEFAULT_REPLAY_ENTRIES, clock = systemClock } = options
  checkNumbers({ maxEntries })
  // Made at the first claim: where verifiers are made at a module's start, some platforms (Cloudflare's) give no random
  // numbers yet.
  let table: ReplayTable | undefined
  /** How many end in which slice, of those that have not ended. */
  const ending = new Map<number, number>()
  let size = 0
  /** The latest that was seen. */
  let slice = 0

  function dropEnded(): void {
    for (const [end, count] of ending) {
      if (end >= slice) continue
      ending.delete(end)
      size -= count
    }
  }

  return {
    get size() {
      return size
    },
    claim(id, expiresAtMs) {
      const nowMs = clock()
      if (!(expiresAtMs >= nowMs)) return 'ended'
      const now = sliceOf(nowMs)
      if (now > slice) {
        slice = now
        dropEnded()
      }
      const end = sliceOf(expiresAtMs)
      // A clock that is put back does not bring back what was forgotten by it.
      if (end < slice) return 'ended'
      table ??= createReplayTable()
      const claim = table.claim(id, end, slice, size < maxEntries)
      if (claim === 'fresh') {
        ending.set(end, (ending.get(end) ?? 0) + 1)
        size++
      }
      return claim
    },
  }
}

function sliceOf(ms: number): number {
  return Math.min(Math.max(Math.floor(ms / REPLAY_SLICE_MS), 1), NEVER)
}
