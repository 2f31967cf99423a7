import { tell } from 'countersign'
import { type Place, readHead } from '../audit/head.ts'
import type { Database } from '../database/database.ts'
import { ServerError } from '../errors.ts'

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
  /** Hears that any key may have changed: the log that was followed is not the store's any more. */
  readonly onLost: () => void
  /** Hears that the store, which could not be read, can be again. */
  readonly onReached?: (() => void) | undefined
  /** Hears that the store can't be read, and `store-went-back`. */
  readonly onError?: ((error: unknown) => void) | undefined
}

const DEFAULT_POLL_MS = 300
const READ_AT_ONCE = 1_000

/**
 * Follows the changes of keys by all processes: the audit log has an entry for each, in an order without gaps, so
 * reading on from the last one misses none. It reads when a change is announced (`LISTEN`), and at intervals.
 *
 * A store may fall back under its servers: a backup is put back, or a replica that lagged is promoted. Its log then
 * ends before the last entry that is known, or has another in its place. Any key may have changed then.
 */
export async function followKeyChanges(options: KeyChangesOptions): Promise<FollowedChanges> {
  const { database, pollMs = DEFAULT_POLL_MS, onChanged, onLost, onReached, onError } = options
  const { prompt: db } = database
  let last: Place = await readHead(db)
  let reading: Promise<void> | undefined
  let isAsked = false
  let isClosed = false
  let isReached = true
  let readAt = performance.now()

  async function readOn(): Promise<void> {
    for (;;) {
      const head = await readHead(db)
      if (head.sequence !== last.sequence || head.hash !== last.hash) await readTo(head)
      else {
        if (!isReached) tell(onReached)
        isReached = true
        readAt = performance.now()
        return
      }
    }
  }

  async function readTo(head: Place): Promise<void> {
    const rows = await db
      .selectFrom('audit')
      .select(['sequence', 'hash', 'previous_hash', 'action', 'subject'])
      .where('sequence', '>', last.sequence)
      .orderBy('sequence')
      .limit(READ_AT_ONCE)
      .execute()
    const [first] = rows
    const isOther = head.sequence <= last.sequence || (first?.sequence === last.sequence + 1 && first.previous_hash !== last.hash)
    // Where the next entry is missing, it was pruned before it was read here.
    if (isOther || first?.sequence !== last.sequence + 1) {
      if (isOther) tell(onError, fellBack(last))
      // It was read before the keys are forgotten: what comes after it is read on from there.
      last = head
      onLost()
      return
    }
    const ids = rows.filter(({ action }) => action.startsWith('key.')).map(({ subject }) => subject)
    if (ids.length > 0) onChanged([...new Set(ids)])
    last = rows.at(-1) ?? last
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

function fellBack({ sequence }: Place): ServerError {
  return new ServerError(
    'store-fell-back',
    500,
    `The key store’s audit log is not the one that was read up to entry ${sequence}: a backup was put back, or a replica that lacked the last changes was promoted. All keys are read again. Changes that are not in it, such as revocations, are gone: make them again.`,
  )
}
