import pg from 'pg'
import { ServerError } from '../errors.ts'
import { migrations } from './migrations.ts'
import { CONNECT_TIMEOUT_MS } from './postgres.ts'

/**
 * Looks whether a database of PostgreSQL holds a key store, and changes nothing.
 *
 * @throws ServerError `store-missing`, `store-foreign`; what the driver throws
 */
export async function lookAtPostgres(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS, application_name: 'countersign' })
  client.on('error', () => undefined)
  try {
    await client.connect()
    const where = `the database ${client.database ?? ''} on ${client.host}:${client.port}`
    const steps = await stepsIn(client)
    if (steps.length === 0)
      throw new ServerError(
        'store-missing',
        500,
        `There is no key store in ${where}: check --store, or make one with countersign keys create or countersign init.`,
      )
    const known = await migrations.getMigrations()
    if (!steps.every(name => Object.hasOwn(known, name)))
      throw new ServerError(
        'store-foreign',
        500,
        `What is in ${where} is not a key store of this version: another program, or a newer version, made it. It was left as it is; check --store.`,
      )
  } finally {
    await client.end().catch(() => undefined)
  }
}

async function stepsIn(client: pg.Client): Promise<readonly string[]> {
  const found = await client.query<{ there: boolean }>("select to_regclass('kysely_migration') is not null as there")
  if (found.rows[0]?.there !== true) return []
  const { rows } = await client.query<{ name: string }>('select name from kysely_migration')
  return rows.map(({ name }) => name)
}
