import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import type { Database } from './database.ts'
import type { Tables } from './tables.ts'

const CHANNEL = 'countersign_keys'
const MAX_CONNECTIONS = 10
export const CONNECT_TIMEOUT_MS = 2_000
/** A statement that takes longer is given up: the caller has long gone. */
const STATEMENT_TIMEOUT_MS = 10_000
const RECONNECT_MS = 250
const INT8_OID = 20

/** Epoch milliseconds and counters, all below 2^53. */
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === INT8_OID && format !== 'binary' ? Number : pg.types.getTypeParser(oid, format as 'text')) as typeof pg.types.getTypeParser,
}

export function openPostgres(url: string): Database {
  const settings = { connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS, application_name: 'countersign' }
  const pool = new pg.Pool({ ...settings, types, max: MAX_CONNECTIONS, statement_timeout: STATEMENT_TIMEOUT_MS })
  // A connection that breaks while it is idle, or between two statements of a transaction, is told of by the next
  // query; without a listener it would end the process.
  pool.on('error', () => undefined)
  pool.on('connect', client => void client.on('error', () => undefined))
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
  return {
    db,
    kind: 'postgres',
    announce: async transaction => void (await sql`select pg_notify(${CHANNEL}, '')`.execute(transaction)),
    listen: heard => listen(settings, heard),
    close: () => db.destroy(),
  }
}

/** Holds a connection that hears announcements, and makes a new one when it is lost. */
function listen(settings: pg.ClientConfig, heard: () => void): { close(): Promise<void> } {
  let client: pg.Client | undefined
  let timer: NodeJS.Timeout | undefined
  let isClosed = false

  function connect(): void {
    const own = new pg.Client({ ...settings, keepAlive: true })
    client = own
    const again = (): void => {
      if (client !== own || isClosed) return
      client = undefined
      own.end().catch(() => undefined)
      timer = setTimeout(connect, RECONNECT_MS)
      timer.unref()
    }
    own.on('error', again)
    own.on('end', again)
    own.on('notification', heard)
    own
      .connect()
      .then(() => own.query(`listen ${CHANNEL}`))
      .then(heard, again)
  }
  connect()
  return {
    async close() {
      isClosed = true
      clearTimeout(timer)
      await client?.end().catch(() => undefined)
    },
  }
}
