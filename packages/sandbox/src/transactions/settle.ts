import { LEDGER_TYPES } from '../ledger.ts'
import type { Store } from '../store/database.ts'
import { costOf, type TransactionRequest } from './request.ts'

/**
 * Takes what the transaction cost from its wallet, gives its value to the receiver when that is one of ours, and writes
 * both into the ledgers.
 */
export async function settle(db: Store, id: string, now: number): Promise<void> {
  const { wallet_id, request, tx_hash } = await db
    .selectFrom('web3_transaction')
    .select(['wallet_id', 'request', 'tx_hash'])
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  const asked: TransactionRequest = JSON.parse(request)
  const value = BigInt(asked.value)
  const cost = costOf(asked)
  const entry = { tx_id: id, chain_tx_id: tx_hash, at: now, reference: asked.note ?? '', status: 'confirmed' }
  await book(db, wallet_id, -cost, { ...entry, type: LEDGER_TYPES.web3Out, amount: value, fees: cost - value, address: asked.to })
  const receiver = await db
    .selectFrom('wallet')
    .select('id')
    .where(expression => expression(expression.fn<string>('lower', ['address']), '=', asked.to.toLowerCase()))
    .executeTakeFirst()
  if (receiver !== undefined)
    await book(db, receiver.id, value, { ...entry, type: LEDGER_TYPES.web3In, amount: value, fees: 0n, address: asked.from })
}

interface Booking {
  readonly tx_id: string
  readonly chain_tx_id: string
  readonly at: number
  readonly reference: string
  readonly status: string
  readonly type: number
  readonly amount: bigint
  readonly fees: bigint
  readonly address: string
}

async function book(db: Store, walletId: string, change: bigint, { amount, fees, ...entry }: Booking): Promise<void> {
  const { available, fund_id, asset } = await db
    .selectFrom('wallet')
    .select(['available', 'fund_id', 'asset'])
    .where('id', '=', walletId)
    .executeTakeFirstOrThrow()
  await db
    .updateTable('wallet')
    .set({ available: String(BigInt(available) + change) })
    .where('id', '=', walletId)
    .execute()
  await db
    .insertInto('ledger_entry')
    .values({
      ...entry,
      fund_id,
      wallet_id: walletId,
      asset,
      amount: String(amount),
      fees: String(fees),
      net_amount: String(change < 0n ? -change : change),
      counterparty: '',
    })
    .execute()
}
