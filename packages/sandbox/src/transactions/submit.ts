import { randomUUID } from 'node:crypto'
import type { Principal } from '@countersign/server'
import { ApiError, notFound } from '../errors.ts'
import { inScope } from '../scope.ts'
import type { Store } from '../store/database.ts'
import { encodeTransaction } from './ethereum.ts'
import { FIRST } from './lifecycle.ts'
import { costOf, type TransactionRequest } from './request.ts'

/** Takes a transaction in: checks it against its wallet, gives it the wallet's next nonce, and stores it, all or nothing. */
export function submitTransaction(
  store: Store,
  principal: Principal,
  request: TransactionRequest,
  now: number,
  stepMs: number,
): Promise<string> {
  return store.transaction().execute(async db => {
    const wallet = await db
      .selectFrom('wallet')
      .innerJoin('fund', 'fund.id', 'wallet.fund_id')
      .innerJoin('asset', 'asset.name', 'wallet.asset')
      .select(['wallet.id', 'wallet.available', 'wallet.nonce', 'wallet.asset', 'asset.chain_id'])
      .where(inScope(principal))
      .where(expression => expression(expression.fn<string>('lower', ['wallet.address']), '=', request.from.toLowerCase()))
      .executeTakeFirst()
    if (wallet === undefined) throw notFound('wallet with the address', request.from)
    if (request.chainID !== undefined && request.chainID !== wallet.chain_id) {
      throw new ApiError(400, 'wrong-chain', 'Wrong chain', `The wallet is on chain ${wallet.chain_id}, not ${request.chainID}.`)
    }
    const pending = await db
      .selectFrom('web3_transaction')
      .select('cost')
      .where('wallet_id', '=', wallet.id)
      .where('next_at', 'is not', null)
      .execute()
    const cost = costOf(request)
    const free = pending.reduce((left, row) => left - BigInt(row.cost), BigInt(wallet.available))
    if (cost > free)
      throw new ApiError(
        409,
        'insufficient-funds',
        'Insufficient funds',
        `Value and gas may cost ${cost}, and the wallet has ${free} of ${wallet.asset} free.`,
      )
    const id = randomUUID()
    await db
      .insertInto('web3_transaction')
      .values({
        id,
        organisation_id: principal.organisationId,
        wallet_id: wallet.id,
        created_by: principal.keyId,
        status: FIRST.status,
        next_at: now + stepMs,
        request: JSON.stringify({ ...request, chainID: wallet.chain_id }),
        cost: String(cost),
        nonce: wallet.nonce,
        raw_tx: encode(request, wallet.nonce, wallet.chain_id),
        signed_tx: '',
        tx_hash: '',
        created_at: now,
      })
      .execute()
    await db
      .updateTable('wallet')
      .set({ nonce: wallet.nonce + 1 })
      .where('id', '=', wallet.id)
      .execute()
    await db
      .insertInto('web3_transaction_event')
      .values({ id: randomUUID(), transaction_id: id, status: FIRST.status, message: FIRST.message, at: now })
      .execute()
    return id
  })
}

function encode(request: TransactionRequest, nonce: number, chainId: string): string {
  try {
    return encodeTransaction(request, nonce, chainId).rawTx
  } catch (error) {
    throw new ApiError(400, 'invalid-transaction', 'Invalid transaction', error instanceof Error ? error.message : String(error))
  }
}
