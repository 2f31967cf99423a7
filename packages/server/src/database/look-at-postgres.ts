import pg from 'pg'
import { ServerError } from '../errors.ts'
import { CONNECT_TIMEOUT_MS } from './postgres.ts'
import { isStoreBySteps, STEPS_TABLE } from './steps.ts'
import { storeProblem } from './store-problem.ts'

/**
 * Looks whether a database of PostgreSQL holds a key store, where it has to, and changes nothing.
 *
 * @throws ServerError `store-missing`, `store-newer`, `store-foreign`; what the driver throws
 */
export async function lookAtPostgres(url: string, mustExist: boolean): Promise<void> {
  let client: pg.Client | undefined
  try {
    client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS, application_name: 'countersign' })
    client.on('error', () => undefined)
    await client.connect()
    const where = `the database ${client.database ?? ''} on ${client.host}:${client.port}`
    const isThere = await isStoreBySteps(await stepsIn(client), `What is in ${where}`)
    if (!isThere && mustExist)
      throw new ServerError(
        'store-missing',
        500,
        `There is no key store in ${where}: check --store, or store in the settings; or make one with countersign keys create.`,
      )
  } catch (error) {
    throw storeProblem(error, 'postgres', url)
  } finally {
    await client?.end().catch(() => undefined)
  }
}

async function stepsIn(client: pg.Client): Promise<readonly string[]> {
  const found = await client.query<{ there: boolean }>('select to_regclass($1) is not null as there', [STEPS_TABLE])
  if (found.rows[0]?.there !== true) return []
  const { rows } = await client.query<{ name: string }>(`select name from ${STEPS_TABLE}`)
  return rows.map(({ name }) => name)
}
