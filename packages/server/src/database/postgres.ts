import { type Driver, Kysely, PostgresDialect, type PostgresDialectConfig, sql } from 'kysely'
import pg from 'pg'
import { MAX_CONNECTIONS } from './connections.ts'
import type { Database } from './database.ts'
import { sayingWhich } from './saying-which.ts'
import { storeProblem } from './store-problem.ts'
import type { Tables } from './tables.ts'

const CHANNEL = 'countersign_keys'
export const CONNECT_TIMEOUT_MS = 2_000
/** A statement that takes longer is given up: the caller has long gone. */
const STATEMENT_TIMEOUT_MS = 10_000
/** A little more, where the server does not even say that it gave up: the connection is dead. */
const SILENCE_MS = 11_000
/** What calls wait for: a server that hangs is as good as none. */
const PROMPT_MS = 1_000
const KEEP_ALIVE = { keepAlive: true, keepAliveInitialDelayMillis: 10_000 }
/** Between two attempts to hear announcements again; twice as long after each, up to the longest. */
const FIRST_RECONNECT_MS = 100
const LONGEST_RECONNECT_MS = 1_000
/** What the driver says of it; it has no code. */
const TIMED_OUT = 'Query read timeout'
const INT8_OID = 20

/** Epoch milliseconds and counters, all below 2^53. */
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === INT8_OID && format !== 'binary' ? Number : pg.types.getTypeParser(oid, format as 'text')) as typeof pg.types.getTypeParser,
}

export function openPostgres(url: string): Database {
  const settings = { connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS, application_name: 'countersign', ...KEEP_ALIVE }
  const pool = openPool({ ...settings, max: MAX_CONNECTIONS, statement_timeout: STATEMENT_TIMEOUT_MS, query_timeout: SILENCE_MS })
  const promptPool = openPool({
    ...settings,
    max: MAX_CONNECTIONS,
    connectionTimeoutMillis: PROMPT_MS,
    statement_timeout: PROMPT_MS,
    query_timeout: PROMPT_MS,
  })
  const pools = [pool, promptPool]
  const db = onPool(pool, url)
  const prompt = onPool(promptPool, url)
  return {
    db,
    prompt,
    kind: 'postgres',
    announce: async transaction => void (await sql`select pg_notify(${CHANNEL}, '')`.execute(transaction)),
    listen: heard => listen(settings, heard),
    async now() {
      const { rows } = await sql<{ ms: number }>`select floor(extract(epoch from now()) * 1000)::bigint as ms`.execute(db)
      return rows[0]?.ms ?? Number.NaN
    },
    connectionUse: () => ({
      open: sumOf(pools, ({ totalCount }) => totalCount),
      busy: sumOf(pools, ({ totalCount, idleCount }) => totalCount - idleCount),
      // While there is room, a statement waits for a moment at most.
      waiting: sumOf(pools, ({ totalCount, waitingCount }) => (totalCount < MAX_CONNECTIONS ? 0 : waitingCount)),
    }),
    async close() {
      await Promise.all([db.destroy(), prompt.destroy()])
    },
  }
}

function sumOf(pools: readonly pg.Pool[], count: (pool: pg.Pool) => number): number {
  return pools.reduce((sum, pool) => sum + count(pool), 0)
}

class NamedDialect extends PostgresDialect {
  readonly #store: string

  constructor(config: PostgresDialectConfig, store: string) {
    super(config)
    this.#store = store
  }

  override createDriver(): Driver {
    return sayingWhich(super.createDriver(), error => storeProblem(error, 'postgres', this.#store))
  }
}

function openPool(settings: pg.PoolConfig): pg.Pool {
  const pool = new pg.Pool({ ...settings, types, Client: PromptClient })
  // A connection that breaks while it is idle, or between two statements of a transaction, is told of by the next
  // query; without a listener it would end the process.
  pool.on('error', () => undefined)
  pool.on('connect', client => void client.on('error', () => undefined))
  return pool
}

function onPool(pool: pg.Pool, store: string): Kysely<Tables> {
  return new Kysely<Tables>({ dialect: new NamedDialect({ pool }, store) })
}

/**
 * A connection that is given up when a statement is not answered in time: the next one would wait behind it, and a
 * connection that died silently says nothing ever again.
 */
class PromptClient extends pg.Client {
  override query(...given: readonly unknown[]): never {
    const answer: unknown = (super.query as (...all: readonly unknown[]) => unknown)(...given)
    if (answer instanceof Promise)
      answer.catch((error: unknown) => {
        if (!(error instanceof Error) || error.message !== TIMED_OUT) return
        this.end().catch(() => undefined)
        this.connection.stream.destroy()
      })
    return answer as never
  }
}

/** Holds a connection that hears announcements, and makes a new one when it is lost. */
function listen(settings: pg.ClientConfig, heard: () => void): { close(): Promise<void> } {
  let client: pg.Client | undefined
  let timer: NodeJS.Timeout | undefined
  let isClosed = false
  let waitMs = FIRST_RECONNECT_MS

  function connect(): void {
    const own = new pg.Client({ ...settings, query_timeout: CONNECT_TIMEOUT_MS })
    client = own
    const again = (): void => {
      if (client !== own || isClosed) return
      client = undefined
      own.end().catch(() => undefined)
      timer = setTimeout(connect, waitMs)
      timer.unref()
      waitMs = Math.min(waitMs * 2, LONGEST_RECONNECT_MS)
    }
    own.on('error', again)
    own.on('end', again)
    own.on('notification', heard)
    own
      .connect()
      .then(() => own.query(`listen ${CHANNEL}`))
      .then(() => {
        waitMs = FIRST_RECONNECT_MS
        heard()
      })
      .catch(again)
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
