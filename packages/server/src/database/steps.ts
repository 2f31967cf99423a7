import { ServerError } from '../errors.ts'
import { migrations } from './migrations.ts'

/** Where the steps that were taken are written down. */
export const STEPS_TABLE = 'kysely_migration'

/** Those of this project begin with four digits; another program may keep its own in a table of the same name. */
const STEP = /^\d{4}-[a-z-]+$/

/**
 * Whether the steps that were taken make a key store; without any, a first start was broken off.
 *
 * @param where of the store, for the message
 * @throws ServerError `store-newer`, `store-foreign`
 */
export async function isStoreBySteps(steps: readonly string[], where: string): Promise<boolean> {
  const known = Object.keys(await migrations.getMigrations())
  const unknown = steps.filter(name => !known.includes(name))
  if (unknown.length === 0) return steps.length > 0
  if (known.every(name => steps.includes(name)) && unknown.every(name => STEP.test(name)))
    throw new ServerError(
      'store-newer',
      500,
      `${where} was made or brought up to date by a newer version of Countersign (${unknown.join(', ')}). It was left as it is: use that version, or a backup from before.`,
    )
  throw foreign(where)
}

export function foreign(where: string): ServerError {
  return new ServerError('store-foreign', 500, `${where} is not a key store: another program made it. It was left as it is; check --store.`)
}
