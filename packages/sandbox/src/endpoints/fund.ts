import { z } from 'zod'
import { endpoint } from '../api/endpoint.ts'
import { readFund } from '../scope.ts'
import { count, integer } from '../values.ts'

const policy = z
  .object({ threshold: count, approvers: z.array(z.object({ userID: z.string(), name: z.string() })) })
  .meta({ id: 'Policy', description: 'How many of these approvers have to approve.' })
const walletOfFund = z
  .object({
    walletID: z.string(),
    name: z.string(),
    type: z.enum(['web3', 'standard']),
    asset: z.string(),
    address: z.string(),
    available: integer,
  })
  .meta({ id: 'Wallet' })

export const fund = endpoint({
  method: 'GET',
  path: '/funds/{fund_id}',
  summary: 'A fund with its members, its policies and its wallets',
  answer: z.object({
    fundInfo: z
      .object({
        fund_id: z.string(),
        name: z.string(),
        description: z.string(),
        custodygroup_withdraw: z.string(),
        custodygroup_tx: z.string(),
        members: z.array(z.object({ userID: z.string(), name: z.string(), email: z.string(), username: z.string() })),
        policyTx: policy,
        policyWithdrawl: policy,
        wallets: z.array(walletOfFund),
      })
      .meta({ id: 'FundInfo' }),
  }),
  async handle({ store, principal, params }) {
    const { fund: own, wallets } = await readFund(store, principal, params['fund_id'] ?? '')
    const approvers = await store
      .selectFrom('approver')
      .innerJoin('member', 'member.id', 'approver.member_id')
      .select(['member.id', 'member.name', 'member.email', 'member.username'])
      .where('approver.fund_id', '=', own.id)
      .orderBy('member.name')
      .execute()
    // One group of custodians decides on transactions and withdrawals alike.
    const rule = { threshold: own.threshold, approvers: approvers.map(({ id, name }) => ({ userID: id, name })) }
    return {
      fundInfo: {
        fund_id: own.id,
        name: own.name,
        description: own.description,
        custodygroup_withdraw: `${own.id}-withdraw`,
        custodygroup_tx: `${own.id}-tx`,
        members: approvers.map(({ id, name, email, username }) => ({ userID: id, name, email, username })),
        policyTx: rule,
        policyWithdrawl: rule,
        wallets: wallets.map(({ id, name, kind, asset, address, available }) => ({
          walletID: id,
          name,
          type: kind,
          asset,
          address,
          available: BigInt(available),
        })),
      },
    }
  },
})
