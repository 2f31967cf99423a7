import { z } from 'zod'
import { endpoint } from '../api/endpoint.ts'
import { readLedger } from '../ledger.ts'
import { readWallet } from '../scope.ts'
import { integer, seconds, timestamp } from '../values.ts'

const entry = z
  .object({
    txID: z.string(),
    chainTxID: z.string(),
    walletID: z.string(),
    timestamp,
    asset: z.string(),
    amount: integer,
    fees: integer,
    netAmount: integer,
    status: z.string(),
  })
  .meta({ id: 'WalletEntry' })

export const walletHistory = endpoint({
  method: 'GET',
  path: '/wallet/{wallet_id}/history',
  summary: 'What came into a wallet and went out of it, the newest first',
  answer: z.object({ history: z.array(entry) }),
  async handle({ store, principal, params }) {
    const { id } = await readWallet(store, principal, params['wallet_id'] ?? '')
    const rows = await readLedger(store, [id])
    return {
      history: rows.map(row => ({
        txID: row.tx_id,
        chainTxID: row.chain_tx_id,
        walletID: row.wallet_id,
        timestamp: seconds(row.at),
        asset: row.asset,
        amount: BigInt(row.amount),
        fees: BigInt(row.fees),
        netAmount: BigInt(row.net_amount),
        status: row.status,
      })),
    }
  },
})
