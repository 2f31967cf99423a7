import type { Db } from '../database/database.ts'
import { ServerError } from '../errors.ts'
import type { Sealer } from './sealer.ts'

export const CANARY = 'seal-canary'

/**
 * Refuses to work with a master key that does not belong to this store: a value that was sealed when the store was made
 * has to open.
 *
 * @throws ServerError `master-key-wrong`, `sealed-value-damaged`
 */
async function checkMasterKey(db: Db, sealer: Sealer): Promise<void> {
  const find = db.selectFrom('setting').select('value').where('name', '=', CANARY)
  let row = await find.executeTakeFirst()
  if (row === undefined) {
    const value = await sealer.seal(Buffer.from(CANARY), CANARY)
    await db
      .insertInto('setting')
      .values({ name: CANARY, value })
      .onConflict(conflict => conflict.doNothing())
      .execute()
    // Another process may have been first, with another key.
    row = await find.executeTakeFirstOrThrow()
  }
  await sealer.open(row.value, CANARY)
}

/** A sealer that seals by no master key that does not belong to its store. */
export interface BoundSealer extends Sealer {
  /**
   * Before something is sealed, and outside of a transaction: where another master key is in use than before, such as
   * after its file was replaced, the value of the start has to open again.
   *
   * @throws ServerError `master-key-wrong`
   */
  prepare(): Promise<void>
}

export function boundTo(db: Db, sealer: Sealer): BoundSealer {
  let trusted: string | undefined
  return {
    currentId: sealer.currentId,
    open: sealer.open,
    async prepare() {
      const id = await sealer.currentId()
      if (id === trusted) return
      await checkMasterKey(db, sealer)
      trusted = id
    },
    async seal(plain, owner) {
      if ((await sealer.currentId()) !== trusted)
        throw new ServerError('master-key-changed', 503, 'The master key was changed just now, and nothing was done: do it again.')
      return sealer.seal(plain, owner)
    },
  }
}
