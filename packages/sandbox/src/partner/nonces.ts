import { memoryReplayGuard, type ReplayGuard } from 'countersign'
import type { Store } from '../store/database.ts'

/**
 * Remembers calls with a timestamp for as long as that is good, and nonces for ever: on disk, so that none is taken a
 * second time after a restart.
 */
export function nonceGuard(store: Store, clock: () => number): ReplayGuard {
  const timed = memoryReplayGuard({ clock })
  return {
    async claim(claim) {
      if (Number.isFinite(claim.expiresAtMs)) return timed.claim(claim)
      const { numInsertedOrUpdatedRows } = await store
        .insertInto('used_nonce')
        .values({ id: claim.id, at: clock() })
        .onConflict(conflict => conflict.doNothing())
        .executeTakeFirst()
      return numInsertedOrUpdatedRows === 1n ? 'fresh' : 'seen'
    },
  }
}
