import { z } from 'zod'
import { endpoint } from '../api/endpoint.ts'
import { MAX_ENTRIES, readLedger } from '../ledger.ts'
import { readFund } from '../scope.ts'
import { count, integer, seconds, timestamp } from '../values.ts'

const page = z.object({
  limit: z.coerce.number().int().min(1).max(MAX_ENTRIES).default(MAX_ENTRIES),
  offset: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0),
})

const entry = z
  .object({
    txID: z.string(),
    chainTxID: z.string(),
    fundID: z.string(),
    walletID: z.string(),
    timestamp,
    type: z.number().min(1).max(8).meta({
      type: 'integer',
      description: '1 deposit, 2 withdrawal, 3 transfer in, 4 transfer out, 5 swap in, 6 swap out, 7 Web3 in, 8 Web3 out',
    }),
    asset: z.string(),
    amount: integer,
    fees: integer,
    netAmount: integer,
    counterparty: z.string(),
    address: z.string(),
    reference: z.string(),
  })
  .meta({ id: 'LedgerEntry' })

export const fundLedger = endpoint({
  method: 'GET',
  path: '/funds/{fund_id}/ledger',
  summary: 'What came into a fund and went out of it, the newest first',
  query: page,
  answer: z.object({
    total: count,
    list: z.array(entry),
    wallets: z.array(z.object({ walletID: z.string(), name: z.string(), asset: z.string() })),
  }),
  async handle({ store, principal, params, query: { limit, offset } }) {
    const { wallets } = await readFund(store, principal, params['fund_id'] ?? '')
    const ids = wallets.map(({ id }) => id)
    const { total } =
      ids.length === 0
        ? { total: 0 }
        : await store
            .selectFrom('ledger_entry')
            .select(({ fn }) => fn.countAll<number>().as('total'))
            .where('wallet_id', 'in', ids)
            .executeTakeFirstOrThrow()
    const rows = await readLedger(store, ids, { limit, offset })
    return {
      total,
      list: rows.map(row => ({
        txID: row.tx_id,
        chainTxID: row.chain_tx_id,
        fundID: row.fund_id,
        walletID: row.wallet_id,
        timestamp: seconds(row.at),
        type: row.type,
        asset: row.asset,
        amount: BigInt(row.amount),
        fees: BigInt(row.fees),
        netAmount: BigInt(row.net_amount),
        counterparty: row.counterparty,
        address: row.address,
        reference: row.reference,
      })),
      wallets: wallets.map(({ id, name, asset }) => ({ walletID: id, name, asset })),
    }
  },
})
