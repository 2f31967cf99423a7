import { tell } from 'countersign'
import { sql } from 'kysely'
import type { Db } from '../database/database.ts'
import { createFlusher, type Flusher } from '../flusher.ts'

export interface LastUsed extends Flusher {
  /**
   * Costs a map's entry; the store hears of it later.
   *
   * @param via the scheme, or the deprecated route, by way of which it was used
   * @param credential the id of the secret or public key that it was used with, where that is known
   */
  used(keyId: string, via: string, credential?: string): void
}

const DEFAULT_FLUSH_MS = 10_000
const MAX_PENDING = 100_000
const AT_ONCE = 200
/** A last use that is further ahead than this was written by a clock that is wrong, and gives way to any other. */
const AHEAD_MS = 86_400_000

interface Use {
  readonly keyId: string
  readonly via: string
  count: number
  readonly firstAt: number
  lastAt: number
}

/** Writes down when, how often and by which scheme keys were used, many at once and not while a request waits. */
export function recordLastUsed(db: Db, now: () => number, flushMs = DEFAULT_FLUSH_MS, onError?: (error: unknown) => void): LastUsed {
  /** By key, then by way: looked up on every request, so no text is put together for it. */
  let pending = new Map<string, Map<string, Use>>()
  let size = 0
  /** When secrets and public keys were used, by their ids; they are only looked at to see which one is in use. */
  let credentials = new Map<string, number>()

  async function write(): Promise<void> {
    // In one order everywhere: processes that write the same rows do not wait for each other in a circle.
    const batch = [...pending.values()].flatMap(uses => [...uses.values()]).sort((a, b) => (a.keyId < b.keyId ? -1 : 1))
    pending = new Map()
    size = 0
    const usedCredentials = [...credentials].sort(([a], [b]) => (a < b ? -1 : 1))
    credentials = new Map()
    const latest = now() + AHEAD_MS
    try {
      while (batch.length > 0) {
        const some = batch.slice(-AT_ONCE)
        await db.transaction().execute(async transaction => {
          for (const use of some) await writeUse(transaction, use, latest)
        })
        batch.length -= some.length
      }
      while (usedCredentials.length > 0) {
        const some = usedCredentials.slice(-AT_ONCE)
        await db.transaction().execute(async transaction => {
          for (const [id, at] of some) await writeCredential(transaction, id, at, latest)
        })
        usedCredentials.length -= some.length
      }
    } catch (error) {
      // The next round tries again.
      for (const use of batch) add(use)
      for (const [id, at] of usedCredentials) noteCredential(id, at)
      tell(onError, error)
    }
  }

  function add({ keyId, via, count, firstAt, lastAt }: Use): void {
    let uses = pending.get(keyId)
    const use = uses?.get(via)
    if (use !== undefined) {
      use.count += count
      if (lastAt > use.lastAt) use.lastAt = lastAt
      return
    }
    if (size >= MAX_PENDING) return
    if (uses === undefined) {
      uses = new Map()
      pending.set(keyId, uses)
    }
    uses.set(via, { keyId, via, count, firstAt, lastAt })
    size++
  }

  function noteCredential(id: string, at: number): void {
    if (credentials.size < MAX_PENDING || credentials.has(id)) credentials.set(id, Math.max(at, credentials.get(id) ?? 0))
  }

  const flusher = createFlusher(write, flushMs)
  return {
    used(keyId, via, credential) {
      const use = pending.get(keyId)?.get(via)
      const at = now()
      if (use === undefined) add({ keyId, via, count: 1, firstAt: at, lastAt: at })
      else {
        use.count++
        use.lastAt = at
      }
      if (credential !== undefined) noteCredential(credential, at)
    },
    ...flusher,
  }
}

/** @param latest what is written there and comes after this is wrong */
async function writeUse(db: Db, { keyId, via, count, firstAt, lastAt }: Use, latest: number): Promise<void> {
  const { numUpdatedRows } = await db
    .updateTable('api_key')
    .set({ last_used_at: sql<number>`case when last_used_at < ${lastAt} or last_used_at > ${latest} then ${lastAt} else last_used_at end` })
    .where('id', '=', keyId)
    .executeTakeFirst()
  // A key of another store.
  if (numUpdatedRows === 0n) return
  await db
    .insertInto('key_use')
    .values({ key_id: keyId, via, count, first_at: firstAt, last_at: lastAt })
    .onConflict(conflict =>
      conflict.columns(['key_id', 'via']).doUpdateSet({
        count: sql<number>`key_use.count + excluded.count`,
        last_at: sql<number>`case when key_use.last_at < excluded.last_at or key_use.last_at > ${latest} then excluded.last_at else key_use.last_at end`,
      }),
    )
    .execute()
}

/** An id is of a secret or of a public key; of neither where it was replaced meanwhile. */
async function writeCredential(db: Db, id: string, at: number, latest: number): Promise<void> {
  for (const table of ['key_secret', 'key_public'] as const)
    await db
      .updateTable(table)
      .set({ last_used_at: at })
      .where('id', '=', id)
      .where(({ eb }) => eb('last_used_at', '<', at).or('last_used_at', '>', latest))
      .execute()
}
