import { Migrator, sql } from 'kysely'
import type { Database } from './database.ts'
import { migrations } from './migrations.ts'
import { isStoreBySteps, STEPS_TABLE } from './steps.ts'
import { storeName } from './store-problem.ts'
import { isPostgres } from './store-url.ts'

/**
 * `postgres://…` is PostgreSQL; anything else is a file of SQLite, made when it is not there. Brings the tables up to
 * date.
 *
 * @throws ServerError `store-newer`, `store-foreign`; what the database throws
 */
export async function openDatabase(where: string): Promise<Database> {
  // Loaded here, so that neither's driver is there in vain.
  const database = isPostgres(where) ? (await import('./postgres.ts')).openPostgres(where) : (await import('./sqlite.ts')).openSqlite(where)
  const { error } = await new Migrator({ db: database.db, provider: migrations }).migrateToLatest()
  if (error === undefined) return database
  try {
    // Another process may have brought it further since it was looked at, or not yet have written that into the file.
    await isStoreBySteps(await stepsOf(database), `The key store ${storeName(where)}`)
  } finally {
    await database.close()
  }
  throw error
}

async function stepsOf({ db }: Database): Promise<readonly string[]> {
  const { rows } = await sql<{ name: string }>`select name from ${sql.table(STEPS_TABLE)}`.execute(db).catch(() => ({ rows: [] }))
  return rows.map(({ name }) => name)
}
