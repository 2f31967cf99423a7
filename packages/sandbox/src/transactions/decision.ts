import { ApiError, notFound } from '../errors.ts'
import type { Store } from '../store/database.ts'
import { decide } from './approvals.ts'
import { isCancellable, stepTo } from './lifecycle.ts'
import { move } from './move.ts'

type Decision = 'approve' | 'reject' | 'cancel'

export interface DecisionByHand {
  readonly transactionId: string
  /** The approver who decides; not for cancelling. */
  readonly username: string | undefined
  readonly decision: Decision
  readonly now: number
  /** Undefined: of any account. */
  readonly organisationId: string | undefined
}

/** What an approver's app does: approve or reject a transaction that waits, or cancel one that is not signed yet. */
export function decideByHand(store: Store, { transactionId, username, decision, now, organisationId }: DecisionByHand): Promise<void> {
  return store.transaction().execute(async db => {
    let query = db.selectFrom('web3_transaction').select(['id', 'status']).where('id', '=', transactionId)
    if (organisationId !== undefined) query = query.where('organisation_id', '=', organisationId)
    const transaction = await query.executeTakeFirst()
    if (transaction === undefined) throw notFound('transaction', transactionId)
    const { id, status } = transaction
    if (decision === 'cancel') {
      if (!isCancellable(status))
        throw new ApiError(409, 'too-late', 'Too late', `The transaction is ${status} and can't be cancelled any more.`)
      await move(db, id, status, stepTo('cancelled'), now, now)
      return
    }
    if (status !== 'pending')
      throw new ApiError(409, 'not-pending', 'Not pending', `The transaction is ${status}; approvers are heard while it is pending.`)
    const approval = await db
      .selectFrom('approval')
      .innerJoin('member', 'member.id', 'approval.member_id')
      .select(['approval.id', 'approval.status'])
      .where('transaction_id', '=', id)
      .where('member.username', '=', username ?? '')
      .executeTakeFirst()
    if (approval === undefined)
      throw new ApiError(404, 'not-found', 'Not found', 'There is no such approver of this transaction: give approver, a username.')
    if (approval.status !== 'pending')
      throw new ApiError(409, 'already-decided', 'Already decided', `This approver has ${approval.status} the transaction before.`)
    await decide(db, approval.id, decision === 'approve' ? 'approved' : 'rejected', now)
    // The engine sees at its next turn what this comes to.
    await db.updateTable('web3_transaction').set({ next_at: now }).where('id', '=', id).execute()
  })
}
