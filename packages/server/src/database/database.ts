import { type Kysely, Migrator } from 'kysely'
import { migrations } from './migrations.ts'
import { openPostgres } from './postgres.ts'
import { openSqlite } from './sqlite.ts'
import type { Tables } from './tables.ts'

export type Db = Kysely<Tables>

/** One of the two back ends, opened. What differs between them is here; everything else is one SQL. */
export interface Database {
  readonly db: Db
  readonly kind: 'sqlite' | 'postgres'
  /**
   * Makes other processes look at once for what has changed; part of the transaction. Where there is no such signal,
   * they poll.
   */
  announce(transaction: Db): Promise<void>
  /** Calls back on the announcements of all processes, and after every lost connection. */
  listen(heard: () => void): { close(): Promise<void> }
  close(): Promise<void>
}

/**
 * `postgres://…` is PostgreSQL; anything else is a file of SQLite, made when it is not there. Brings the tables up to
 * date.
 */
export async function openDatabase(where: string): Promise<Database> {
  const database = isPostgres(where) ? openPostgres(where) : openSqlite(where)
  const { error } = await new Migrator({ db: database.db, provider: migrations }).migrateToLatest()
  if (error === undefined) return database
  await database.close()
  throw error
}

export function isPostgres(where: string): boolean {
  return /^postgres(ql)?:\/\//.test(where)
}
