import { z } from 'zod'
import { endpoint } from '../api/endpoint.ts'
import { readTransaction } from '../transactions/read.ts'
import { count } from '../values.ts'

const approval = z
  .object({
    txID: z.string(),
    userID: z.string(),
    actionID: z.string(),
    external: z.boolean(),
    firstName: z.string(),
    lastName: z.string(),
    email: z.string(),
    username: z.string(),
    status: z.enum(['pending', 'approved', 'rejected']),
    accountCode: z.string(),
  })
  .meta({ id: 'Approval' })

export const transactionApprovals = endpoint({
  method: 'GET',
  path: '/transactions/{tx_id}/approvals',
  summary: 'What its approvers have said of a transaction',
  answer: z.object({ total: count, list: z.array(approval) }),
  async handle({ store, principal, params }) {
    // Whether the key may see it.
    const { txID } = await readTransaction(store, principal, params['tx_id'] ?? '')
    const rows = await store
      .selectFrom('approval')
      .innerJoin('member', 'member.id', 'approval.member_id')
      .select(['approval.id', 'approval.status', 'member.id as member_id', 'member.name', 'member.email', 'member.username'])
      .where('transaction_id', '=', txID)
      .orderBy('member.name')
      .execute()
    return {
      total: rows.length,
      list: rows.map(({ id, status, member_id, name, email, username }) => {
        const [firstName = '', ...rest] = name.split(' ')
        return {
          txID,
          userID: member_id,
          actionID: id,
          external: false,
          firstName,
          lastName: rest.join(' '),
          email,
          username,
          status,
          accountCode: principal.organisationId,
        }
      }),
    }
  },
})
