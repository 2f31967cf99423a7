import { createHash, randomUUID } from 'node:crypto'
import type { Principal } from '@countersign/server'
import { ApiError, notFound } from '../errors.ts'
import { inScope } from '../scope.ts'
import type { Store } from '../store/database.ts'
import { encodeTransaction } from './ethereum.ts'
import { APPROVAL_STEPS, FIRST } from './lifecycle.ts'
import { costOf, type TransactionRequest } from './request.ts'

export interface Submission {
  readonly principal: Principal
  readonly request: TransactionRequest
  /** The bytes that the request was read from. */
  readonly body: Uint8Array
  /** What makes a second sending of the same call the same call. */
  readonly idempotencyKey: string | undefined
  readonly now: number
  readonly stepMs: number
}

/**
 * Takes a transaction in: checks it against its wallet and stores it, all or nothing. With an idempotency key that was
 * used before, it is the transaction that was made then.
 *
 * @returns its id
 */
export function submitTransaction(store: Store, submission: Submission): Promise<string> {
  const { principal, request, now, stepMs } = submission
  return store.transaction().execute(async db => {
    const known = await findEarlier(db, submission)
    if (known !== undefined) return known
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
      .select(['cost', 'signed_tx'])
      .where('wallet_id', '=', wallet.id)
      .where('next_at', 'is not', null)
      .execute()
    const nonce = wallet.nonce + pending.filter(({ signed_tx }) => signed_tx === '').length
    if (request.nonce !== undefined && request.nonce !== nonce)
      throw new ApiError(409, 'wrong-nonce', 'Wrong nonce', `The wallet’s next nonce is ${nonce}, not ${request.nonce}.`)
    const rawTx = encode(request, nonce, wallet.chain_id)
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
        expires_at: now + APPROVAL_STEPS * stepMs,
        request: JSON.stringify({ ...request, chainID: wallet.chain_id }),
        cost: String(cost),
        nonce,
        raw_tx: rawTx,
        signed_tx: '',
        tx_hash: '',
        created_at: now,
      })
      .execute()
    await db
      .insertInto('web3_transaction_event')
      .values({ id: randomUUID(), transaction_id: id, status: FIRST.status, message: FIRST.message, at: now })
      .execute()
    if (submission.idempotencyKey !== undefined)
      await db
        .insertInto('idempotency')
        .values({
          key_id: principal.keyId,
          idempotency_key: submission.idempotencyKey,
          body_hash: hashOf(submission.body),
          transaction_id: id,
          created_at: now,
        })
        .execute()
    return id
  })
}

/** As the Internet-Draft of the Idempotency-Key header has it: the same key with another body is a mistake. */
async function findEarlier(db: Store, { principal, idempotencyKey, body }: Submission): Promise<string | undefined> {
  if (idempotencyKey === undefined) return undefined
  const row = await db
    .selectFrom('idempotency')
    .select(['transaction_id', 'body_hash'])
    .where('key_id', '=', principal.keyId)
    .where('idempotency_key', '=', idempotencyKey)
    .executeTakeFirst()
  if (row === undefined || row.body_hash === hashOf(body)) return row?.transaction_id
  throw new ApiError(
    422,
    'idempotency-key-reused',
    'Idempotency key reused',
    'This Idempotency-Key was sent before with another body: make up a new one for each transaction.',
  )
}

function hashOf(body: Uint8Array): string {
  return createHash('sha256').update(body).digest('base64url')
}

function encode(request: TransactionRequest, nonce: number, chainId: string): string {
  try {
    return encodeTransaction(request, nonce, chainId).rawTx
  } catch (error) {
    throw new ApiError(400, 'invalid-transaction', 'Invalid transaction', error instanceof Error ? error.message : String(error))
  }
}
