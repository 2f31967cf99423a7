import { Migrator } from 'kysely'
import { ServerError } from '../errors.ts'
import type { Database } from './database.ts'
import { migrations } from './migrations.ts'

/**
 * `postgres://…` is PostgreSQL; anything else is a file of SQLite, made when it is not there. Brings the tables up to
 * date.
 */
export async function openDatabase(where: string): Promise<Database> {
  // Loaded here, so that neither's driver is there in vain.
  const database = isPostgres(where) ? (await import('./postgres.ts')).openPostgres(where) : (await import('./sqlite.ts')).openSqlite(where)
  const { error } = await new Migrator({ db: database.db, provider: migrations }).migrateToLatest()
  if (error === undefined) return database
  await database.close()
  throw error
}

export function isPostgres(where: string): boolean {
  return /^postgres(ql)?:\/\//i.test(where)
}

/** Before a folder of that name is made. @throws ServerError `store-unknown` */
export function refuseOtherKinds(where: string): void {
  const [, kind] = /^([a-z][a-z0-9+.-]*):\/\//i.exec(where) ?? []
  if (kind === undefined || isPostgres(where)) return
  throw new ServerError('store-unknown', 500, `${kind}://… is no key store: give the path of an SQLite file, or postgres://….`)
}
