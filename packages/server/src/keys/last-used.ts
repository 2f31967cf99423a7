import type { Db } from '../database/database.ts'
import { createFlusher, type Flusher } from '../flusher.ts'

export interface LastUsed extends Flusher {
  /** Costs a map's entry; the store hears of it later. */
  used(keyId: string): void
}

export const DEFAULT_FLUSH_MS = 10_000
const MAX_PENDING = 100_000
const AT_ONCE = 200

/** Writes down when keys were last used, many at once and not while a request waits. */
export function recordLastUsed(db: Db, now: () => number, flushMs = DEFAULT_FLUSH_MS, onError?: (error: unknown) => void): LastUsed {
  let pending = new Map<string, number>()

  async function write(): Promise<void> {
    const batch = [...pending]
    pending = new Map()
    try {
      while (batch.length > 0) {
        const some = batch.slice(-AT_ONCE)
        await db.transaction().execute(async transaction => {
          for (const [id, at] of some)
            await transaction.updateTable('api_key').set({ last_used_at: at }).where('id', '=', id).where('last_used_at', '<', at).execute()
        })
        batch.length -= some.length
      }
    } catch (error) {
      // The next round tries again, unless the key was used meanwhile.
      for (const [id, at] of batch) if (!pending.has(id) && pending.size < MAX_PENDING) pending.set(id, at)
      onError?.(error)
    }
  }

  const flusher = createFlusher(write, flushMs)
  return {
    used(keyId) {
      if (pending.size < MAX_PENDING || pending.has(keyId)) pending.set(keyId, now())
    },
    ...flusher,
  }
}
