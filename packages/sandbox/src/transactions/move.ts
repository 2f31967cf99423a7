import { randomUUID } from 'node:crypto'
import type { Store } from '../store/database.ts'
import type { Step } from './lifecycle.ts'

/**
 * Takes a transaction from one state to the next and writes down that it did, if it is still in the first one.
 *
 * @returns whether it was
 */
export async function move(db: Store, id: string, from: string, step: Step, now: number, nextAt: number): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('web3_transaction')
    .set({ status: step.status, next_at: step.last ? null : nextAt })
    .where('id', '=', id)
    .where('status', '=', from)
    .executeTakeFirst()
  if (numUpdatedRows === 0n) return false
  await db
    .insertInto('web3_transaction_event')
    .values({ id: randomUUID(), transaction_id: id, status: step.status, message: step.message, at: now })
    .execute()
  return true
}
