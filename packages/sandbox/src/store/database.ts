import { Kysely, Migrator, SqliteDialect } from 'kysely'
import Database from 'libsql'
import { migrations } from './migrations.ts'
import type { Tables } from './schema.ts'

export type Store = Kysely<Tables>

/** How long a second process waits for the file's lock. */
const BUSY_TIMEOUT_MS = 5_000

/**
 * Opens the file, makes it when it is not there, and brings its tables up to date. An acknowledged write is on disk.
 */
export async function openStore(file: string): Promise<Store> {
  const database = new Database(file)
  database.pragma('journal_mode = WAL')
  database.pragma('synchronous = FULL')
  database.pragma('foreign_keys = ON')
  database.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`)
  const store = new Kysely<Tables>({ dialect: new SqliteDialect({ database }) })
  const { error } = await new Migrator({ db: store, provider: migrations }).migrateToLatest()
  if (error === undefined) return store
  await store.destroy()
  throw error
}
