import { chmodSync, closeSync, openSync } from 'node:fs'
import { CompiledQuery, type DatabaseConnection, type Driver, Kysely, SqliteAdapter, SqliteDialect, SqliteDriver } from 'kysely'
import Connection from 'libsql'
import { BUSY_TIMEOUT_MS } from './connections.ts'
import type { Database } from './database.ts'
import { sayingWhich } from './saying-which.ts'
import { storeProblem } from './store-problem.ts'
import type { Tables } from './tables.ts'

/**
 * A transaction takes the write lock when it begins: one that took it later would fail when another process had written
 * meanwhile.
 */
class ImmediateDriver extends SqliteDriver {
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'))
  }

  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    try {
      await super.rollbackTransaction(connection)
    } catch (error) {
      // After some errors, a full disk say, SQLite has rolled back by itself. What went wrong is the statement's error.
      if (!(error instanceof Error && error.message.includes('no transaction is active'))) throw error
    }
  }
}

/** SQLite undoes changes of tables with their transaction, so that a step that is broken off leaves nothing. */
class WholeStepsAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true
  }
}

class ImmediateDialect extends SqliteDialect {
  readonly #config: ConstructorParameters<typeof SqliteDialect>[0]
  readonly #file: string

  constructor(config: ConstructorParameters<typeof SqliteDialect>[0], file: string) {
    super(config)
    this.#config = config
    this.#file = file
  }

  override createDriver(): Driver {
    return sayingWhich(new ImmediateDriver(this.#config), error => storeProblem(error, 'sqlite', this.#file))
  }

  override createAdapter(): SqliteAdapter {
    return new WholeStepsAdapter()
  }
}

/** A file that only its owner can read. An acknowledged write is on disk, and several processes may work on it. */
export function openSqlite(file: string): Database {
  try {
    return open(file)
  } catch (error) {
    throw storeProblem(error, 'sqlite', file)
  }
}

function open(file: string): Database {
  if (file !== ':memory:') {
    closeSync(openSync(file, 'a', 0o600))
    chmodSync(file, 0o600)
  }
  const connection = new Connection(file)
  connection.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`)
  connection.pragma('journal_mode = WAL')
  connection.pragma('synchronous = FULL')
  connection.pragma('foreign_keys = ON')
  const db = new Kysely<Tables>({ dialect: new ImmediateDialect({ database: connection }, file) })
  return {
    db,
    prompt: db,
    kind: 'sqlite',
    announce: () => Promise.resolve(),
    listen: () => ({ close: () => Promise.resolve() }),
    close: () => db.destroy(),
  }
}
