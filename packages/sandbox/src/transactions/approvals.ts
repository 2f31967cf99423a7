import { randomUUID } from 'node:crypto'
import type { Store } from '../store/database.ts'
import { type Step, stepTo } from './lifecycle.ts'

/** Asks every approver of the wallet's fund. */
export async function askApprovers(db: Store, transactionId: string, walletId: string, now: number): Promise<void> {
  const approvers = await db
    .selectFrom('approver')
    .innerJoin('wallet', 'wallet.fund_id', 'approver.fund_id')
    .select('approver.member_id')
    .where('wallet.id', '=', walletId)
    .execute()
  if (approvers.length === 0) return
  await db
    .insertInto('approval')
    .values(
      approvers.map(({ member_id }) => ({
        id: randomUUID(),
        transaction_id: transactionId,
        member_id,
        status: 'pending' as const,
        at: now,
      })),
    )
    .execute()
}

/** The first approver who has not said anything yet, in the order of their names. */
export async function nextApprover(db: Store, transactionId: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('approval')
    .innerJoin('member', 'member.id', 'approval.member_id')
    .select('approval.id')
    .where('transaction_id', '=', transactionId)
    .where('approval.status', '=', 'pending')
    .orderBy('member.name')
    .executeTakeFirst()
  return row?.id
}

export async function decide(db: Store, approvalId: string, status: 'approved' | 'rejected', now: number): Promise<void> {
  await db.updateTable('approval').set({ status, at: now }).where('id', '=', approvalId).execute()
}

/** What the approvers' word comes to: authorized, rejected, or nothing yet. */
export async function outcomeOf(db: Store, transactionId: string, walletId: string): Promise<Step | undefined> {
  const { threshold } = await db
    .selectFrom('fund')
    .innerJoin('wallet', 'wallet.fund_id', 'fund.id')
    .select('fund.threshold')
    .where('wallet.id', '=', walletId)
    .executeTakeFirstOrThrow()
  const said = await db.selectFrom('approval').select('status').where('transaction_id', '=', transactionId).execute()
  const count = (status: string): number => said.filter(approval => approval.status === status).length
  if (count('approved') >= threshold) return stepTo('authorized')
  return count('approved') + count('pending') < threshold ? stepTo('rejected') : undefined
}
