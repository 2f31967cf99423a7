import { type Failure, tell } from 'countersign'
import { sql } from 'kysely'
import type { OverRate } from '../audit/refusals.ts'
import type { Database, Db } from '../database/database.ts'
import { createFlusher, type Flusher } from '../flusher.ts'
import type { KeyDay } from './schemas.ts'

/** How many days are kept, today among them. */
export const KEPT_DAYS = 90
/** More of them with something on them are not kept. Those over `KEPT_DAYS` are for days that clocks made up. */
const MOST_DAYS = KEPT_DAYS + 10

/** Calls and refusals by key, day and secret. */
export interface KeyDays extends Flusher {
  /**
   * Costs two entries of maps; the store hears of it later.
   *
   * @param credential the id of the secret or public key, where it is known
   */
  used(keyId: string, credential?: string): void
  /** A refusal is counted for the key it names, if that key exists. */
  refused(failure: Failure | OverRate, credential?: string): void
}

const DAY_MS = 86_400_000
const DEFAULT_FLUSH_MS = 10_000
const MAX_PENDING = 100_000
/**
 * Refusals that wait to be written. Strangers can name keys too, so their room is their own: they can't push out the
 * calls.
 */
const MAX_PENDING_REFUSALS = 10_000
const AT_ONCE = 200

interface Count {
  readonly keyId: string
  readonly day: number
  readonly credential: string
  count: number
}

/** What waits to be written: at most so many counts. */
function createPending(most: number) {
  let days = new Map<number, Map<string, Count[]>>()
  let size = 0

  function add(keyId: string, day: number, credential: string, count: number): void {
    let keys = days.get(day)
    if (keys === undefined) {
      keys = new Map()
      days.set(day, keys)
    }
    const own = keys.get(keyId)
    // A key uses two or three secrets in a day: a list that short is searched faster than a map.
    const known = own?.find(one => one.credential === credential)
    if (known !== undefined) {
      known.count += count
      return
    }
    if (size >= most) return
    size++
    const made = { keyId, day, credential, count }
    if (own === undefined) keys.set(keyId, [made])
    else own.push(made)
  }

  function take(): readonly Count[] {
    const all = [...days.values()].flatMap(keys => [...keys.values()].flat())
    days = new Map()
    size = 0
    return all
  }

  return { add, take }
}

/** Counts calls and refusals in memory, and adds them to the store, many at once and not while a request waits. */
export function recordKeyDays(
  database: Database,
  now: () => number,
  flushMs = DEFAULT_FLUSH_MS,
  onError?: (error: unknown) => void,
): KeyDays {
  const { db } = database
  const calls = createPending(MAX_PENDING)
  const refusals = createPending(MAX_PENDING_REFUSALS)
  let prunedOn = 0

  async function write(): Promise<void> {
    const counts = rowsOf(calls.take(), refusals.take())
    try {
      while (counts.length > 0) {
        const some = counts.slice(-AT_ONCE)
        await db.transaction().execute(transaction => add(transaction, some))
        counts.length -= some.length
      }
      const today = dayOf(now())
      if (prunedOn === today) return
      await removeOld(database, now())
      prunedOn = today
    } catch (error) {
      // The next round tries again.
      for (const row of counts) {
        if (row.calls > 0) calls.add(row.key_id, row.day, row.credential, row.calls)
        if (row.refusals > 0) refusals.add(row.key_id, row.day, row.credential, row.refusals)
      }
      tell(onError, error)
    }
  }

  return {
    used: (keyId, credential = '') => calls.add(keyId, dayOf(now()), credential, 1),
    refused(failure, credential = '') {
      if ('keyId' in failure && failure.code !== 'unknown-key') refusals.add(failure.keyId, dayOf(now()), credential, 1)
    },
    ...createFlusher(write, flushMs),
  }
}

interface Row {
  readonly key_id: string
  readonly day: number
  readonly credential: string
  calls: number
  refusals: number
}

/** In one order everywhere: processes that write the same rows don't wait for each other in a circle. */
function rowsOf(calls: readonly Count[], refusals: readonly Count[]): Row[] {
  const rows = new Map<string, Row>()
  const rowOf = ({ keyId, day, credential }: Count): Row => {
    const name = JSON.stringify([keyId, day, credential])
    const row = rows.get(name) ?? { key_id: keyId, day, credential, calls: 0, refusals: 0 }
    rows.set(name, row)
    return row
  }
  for (const one of calls) rowOf(one).calls += one.count
  for (const one of refusals) rowOf(one).refusals += one.count
  return [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row)
}

async function add(transaction: Db, rows: readonly Row[]): Promise<void> {
  const ids = [...new Set(rows.map(({ key_id }) => key_id))]
  const known = new Set((await transaction.selectFrom('api_key').select('id').where('id', 'in', ids).execute()).map(({ id }) => id))
  // The others are keys of another store.
  const own = rows.filter(({ key_id }) => known.has(key_id))
  if (own.length === 0) return
  await transaction
    .insertInto('key_day')
    .values(own)
    .onConflict(conflict =>
      conflict.columns(['key_id', 'day', 'credential']).doUpdateSet({
        calls: sql<number>`key_day.calls + excluded.calls`,
        refusals: sql<number>`key_day.refusals + excluded.refusals`,
      }),
    )
    .execute()
}

/**
 * Removes days that are too old. No clock says so alone, because one that is ahead would have everything removed: the
 * database's has to agree, where it has one, and that many newer days have something on them, so that one made-up day
 * counts as one day.
 */
async function removeOld({ db, now: storeNow }: Database, now: number): Promise<void> {
  const today = dayOf(storeNow === undefined ? now : Math.min(now, await storeNow()))
  const newest = db.selectFrom('key_day').select('day').distinct().orderBy('day', 'desc')
  const oldestKept = await newest
    .offset(MOST_DAYS - 1)
    .limit(1)
    .executeTakeFirst()
  if (oldestKept === undefined) return
  await db
    .deleteFrom('key_day')
    .where('day', '<=', today - KEPT_DAYS)
    .where('day', '<', oldestKept.day)
    .execute()
}

/**
 * The last days of a key on which something happened, the oldest first.
 *
 * @param days how many, today among them
 */
export async function readKeyDays(db: Db, keyId: string, days: number, now: number): Promise<readonly KeyDay[]> {
  const today = dayOf(now)
  const rows = await db
    .selectFrom('key_day')
    .selectAll()
    .where('key_id', '=', keyId)
    .where('day', '>', today - Math.min(days, KEPT_DAYS))
    // A clock that is ahead has written of days that are yet to come.
    .where('day', '<=', today)
    .orderBy('day')
    .orderBy('credential')
    .execute()
  const byDay = new Map<number, Row[]>()
  for (const row of rows) byDay.set(row.day, [...(byDay.get(row.day) ?? []), row])
  return [...byDay].map(([day, own]) => ({
    day: new Date(day * DAY_MS).toISOString().slice(0, 10),
    calls: own.reduce((sum, { calls }) => sum + calls, 0),
    refusals: own.reduce((sum, { refusals }) => sum + refusals, 0),
    secrets: own
      .filter(({ credential }) => credential !== '')
      .map(({ credential, calls, refusals }) => ({ id: credential, calls, refusals })),
  }))
}

function dayOf(ms: number): number {
  return Math.floor(ms / DAY_MS)
}
