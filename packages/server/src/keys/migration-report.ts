import type { Db } from '../database/database.ts'
import { momentOf } from './key-row.ts'
import type { Within } from './key-store.ts'

/** A key that still uses what is deprecated. */
export interface StillUsing {
  readonly keyId: string
  readonly name: string
  readonly organisationId: string
  readonly state: string
  /** The scheme or route by way of which it was used. */
  readonly via: string
  readonly count: number
  readonly firstUsedAt: string | null
  readonly lastUsedAt: string | null
  /** When a key of the same organisation last used one of the successors; null: none has begun to move. */
  readonly successorLastUsedAt: string | null
}

export interface MigrationReport {
  /** Who used it within the time asked for, the latest first. */
  readonly using: readonly StillUsing[]
  /** Keys that used it once, and not within that time. */
  readonly stopped: number
}

export interface MigrationQuery {
  /** Names of schemes, or of deprecated routes; empty: all, for who uses what. */
  readonly from: readonly string[]
  /** What is to be used instead; empty: any scheme that is not deprecated. */
  readonly to: readonly string[]
  /** Milliseconds since the epoch. */
  readonly sinceMs: number
}

/** Which keys still use what is on its way out, and whether their organisations have begun to move. */
export async function migrationReport(db: Db, within: Within, { from, to, sinceMs }: MigrationQuery): Promise<MigrationReport> {
  let uses = db
    .selectFrom('key_use')
    .innerJoin('api_key', 'api_key.id', 'key_use.key_id')
    .select(['api_key.id', 'api_key.name', 'api_key.organisation_id', 'api_key.state', 'via', 'count', 'first_at', 'last_at'])
    .orderBy('last_at', 'desc')
    .orderBy('api_key.id')
  let moved = db
    .selectFrom('key_use')
    .innerJoin('api_key', 'api_key.id', 'key_use.key_id')
    .select(({ fn }) => ['api_key.organisation_id', fn.max('last_at').as('at')])
    .groupBy('api_key.organisation_id')
  if (from.length > 0) {
    uses = uses.where('via', 'in', from)
    moved = to.length === 0 ? moved.where('via', 'not in', from) : moved.where('via', 'in', to)
  }
  if (within !== undefined) {
    uses = uses.where('api_key.organisation_id', '=', within)
    moved = moved.where('api_key.organisation_id', '=', within)
  }
  const rows = await uses.execute()
  const successors = new Map((await moved.execute()).map(({ organisation_id, at }) => [organisation_id, Number(at)]))
  const using = rows.filter(({ last_at }) => last_at >= sinceMs)
  return {
    using: using.map(({ id, name, organisation_id, state, via, count, first_at, last_at }) => ({
      keyId: id,
      name,
      organisationId: organisation_id,
      state,
      via,
      count,
      firstUsedAt: momentOf(first_at),
      lastUsedAt: momentOf(last_at),
      successorLastUsedAt: momentOf(successors.get(organisation_id) ?? 0),
    })),
    stopped: rows.length - using.length,
  }
}
