import { tell } from 'countersign'
import type { Database } from '../database/database.ts'

/** The changes of keys, as they are followed. */
export interface FollowedChanges {
  /** Whether the store could be read when that was tried last. */
  readonly isReached: boolean
  /** Since the store was read last, in milliseconds. */
  ageMs(): number
  close(): Promise<void>
}

export interface KeyChangesOptions {
  readonly database: Database
  /** How often to look where nothing is announced: SQLite, and PostgreSQL as a safety net. Default: 300 ms. */
  readonly pollMs?: number | undefined
  /** Hears the ids of changed keys, whichever process changed them. */
  readonly onChanged: (ids: readonly string[]) => void
  /** Hears that the store can't be read. */
  readonly onError?: ((error: unknown) => void) | undefined
}

const DEFAULT_POLL_MS = 300
const READ_AT_ONCE = 1_000

/**
 * Follows the changes of keys by all processes: the audit log has an entry for each, in an order without gaps, so
 * reading on from the last one misses none. It reads when a change is announced (`LISTEN`), and at intervals.
 */
export async function followKeyChanges(options: KeyChangesOptions): Promise<FollowedChanges> {
  const { database, pollMs = DEFAULT_POLL_MS, onChanged, onError } = options
  const { prompt: db } = database
  const head = await db.selectFrom('audit_head').select('sequence').where('id', '=', 1).executeTakeFirst()
  let last = head?.sequence ?? 0
  let reading: Promise<void> | undefined
  let isAsked = false
  let isClosed = false
  let isReached = true
  let readAt = performance.now()

  async function readOn(): Promise<void> {
    for (;;) {
      const rows = await db
        .selectFrom('audit')
        .select(['sequence', 'action', 'subject'])
        .where('sequence', '>', last)
        .orderBy('sequence')
        .limit(READ_AT_ONCE)
        .execute()
      const ids = rows.filter(({ action }) => action.startsWith('key.')).map(({ subject }) => subject)
      if (ids.length > 0) onChanged([...new Set(ids)])
      last = rows.at(-1)?.sequence ?? last
      isReached = true
      readAt = performance.now()
      if (rows.length < READ_AT_ONCE) return
    }
  }

  /** One reading at a time; what is announced during one is read after it. */
  function look(): void {
    isAsked = true
    if (reading !== undefined || isClosed) return
    isAsked = false
    reading = readOn()
      .catch((error: unknown) => {
        // Three times a second it would say the same.
        const isNew = isReached
        isReached = false
        if (!isClosed && isNew) tell(onError, error)
      })
      .finally(() => {
        reading = undefined
        if (isAsked && !isClosed) look()
      })
  }

  const timer = setInterval(look, pollMs)
  timer.unref()
  const listening = database.listen(look)
  return {
    get isReached() {
      return isReached
    },
    ageMs: () => performance.now() - readAt,
    async close() {
      isClosed = true
      clearInterval(timer)
      await listening.close()
      await reading
    },
  }
}
