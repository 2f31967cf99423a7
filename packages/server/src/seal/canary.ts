import type { Db } from '../database/database.ts'
import type { Sealer } from './sealer.ts'

export const CANARY = 'seal-canary'

/**
 * Refuses to work with a master key that does not belong to this store: a value that was sealed when the store was made
 * has to open.
 *
 * @throws ServerError `master-key-wrong`, `sealed-value-damaged`
 */
export async function checkMasterKey(db: Db, sealer: Sealer): Promise<void> {
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

/**
 * A sealer that seals by no master key that does not belong to this store: whenever another one is in use, such as after
 * a file was replaced by a wrong one, the value of the start has to open again first.
 */
export function boundTo(db: Db, sealer: Sealer): Sealer {
  let trusted: string | undefined
  return {
    ...sealer,
    async seal(plain, owner) {
      const id = await sealer.currentId()
      if (id !== trusted) await checkMasterKey(db, sealer)
      trusted = id
      return sealer.seal(plain, owner)
    },
  }
}
