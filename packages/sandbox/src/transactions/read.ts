import type { Principal } from '@countersign/server'
import { z } from 'zod'
import { notFound } from '../errors.ts'
import { inScope } from '../scope.ts'
import type { Store } from '../store/database.ts'
import { seconds, timestamp } from '../values.ts'
import { STATUSES, type Status } from './lifecycle.ts'
import type { TransactionRequest } from './request.ts'

export const status = z.enum(STATUSES)

export const transactionAnswer = z
  .object({
    txID: z.string(),
    txHash: z.string().meta({ description: 'Empty until it is signed.' }),
    status,
    timestamps: z.partialRecord(status, timestamp).meta({ description: 'When it came to each state.' }),
    events: z.array(z.object({ id: z.string(), timestamp, status, message: z.string() })),
    from: z.string(),
    to: z.string(),
    value: z.string(),
    gasLimit: z.string(),
    gasPrice: z.string(),
    maxFeePerGas: z.string().optional(),
    maxPriorityFeePerGas: z.string().optional(),
    data: z.string(),
    note: z.string(),
    rawTX: z.string(),
    signedTx: z.string(),
    nonce: z.number().meta({ type: 'integer' }),
    chainID: z.string(),
    network: z.string(),
    createdBy: z.string().meta({ description: 'The id of the key that it was submitted with.' }),
    accountID: z.string(),
  })
  .meta({ id: 'Transaction' })
export type TransactionAnswer = z.infer<typeof transactionAnswer>

/** A transaction as the API shows it. */
export async function readTransaction(store: Store, principal: Principal, id: string): Promise<TransactionAnswer> {
  const row = await store
    .selectFrom('web3_transaction')
    .innerJoin('wallet', 'wallet.id', 'web3_transaction.wallet_id')
    .innerJoin('asset', 'asset.name', 'wallet.asset')
    .innerJoin('fund', 'fund.id', 'wallet.fund_id')
    .selectAll('web3_transaction')
    .select(['asset.network', 'asset.chain_id'])
    .where('web3_transaction.id', '=', id)
    .where(inScope(principal))
    .executeTakeFirst()
  if (row === undefined) throw notFound('transaction', id)
  const events = await store.selectFrom('web3_transaction_event').selectAll().where('transaction_id', '=', id).orderBy('sequence').execute()
  const request: TransactionRequest = JSON.parse(row.request)
  return {
    txID: row.id,
    txHash: row.tx_hash,
    status: row.status as Status,
    timestamps: Object.fromEntries(events.map(event => [event.status, seconds(event.at)])),
    events: events.map(event => ({
      id: event.id,
      timestamp: seconds(event.at),
      status: event.status as Status,
      message: event.message,
    })),
    from: request.from,
    to: request.to,
    value: request.value,
    gasLimit: request.gasLimit,
    ...(request.maxFeePerGas === undefined
      ? { gasPrice: request.gasPrice ?? '0' }
      : { gasPrice: '0', maxFeePerGas: request.maxFeePerGas, maxPriorityFeePerGas: request.maxPriorityFeePerGas ?? '0' }),
    data: request.data ?? '',
    note: request.note ?? '',
    rawTX: row.raw_tx,
    signedTx: row.signed_tx,
    nonce: row.nonce,
    chainID: row.chain_id,
    network: row.network,
    createdBy: row.created_by,
    accountID: row.organisation_id,
  }
}
