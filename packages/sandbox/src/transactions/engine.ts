import { randomUUID } from 'node:crypto'
import type { Sealer } from '@countersign/server'
import type { Store } from '../store/database.ts'
import { encodeTransaction } from './ethereum.ts'
import { stepAfter } from './lifecycle.ts'
import type { TransactionRequest } from './request.ts'

/** How many transactions are moved on in one go. */
const BATCH = 100

export interface Engine {
  /** Moves every transaction that is due one step on; says how many. */
  advance(): Promise<number>
  stop(): Promise<void>
}

export interface EngineOptions {
  readonly store: Store
  readonly sealer: Sealer
  readonly clock: () => number
  readonly stepMs: number
}

/**
 * Moves transactions through their states. All it knows is in the database, and every step is one database transaction
 * that holds only if the state is still what it was: stopped anywhere, it goes on there, and does nothing twice.
 */
export function startEngine(options: EngineOptions): Engine {
  let running: Promise<number> = Promise.resolve(0)
  const advance = (): Promise<number> => {
    running = running.then(() => advanceDue(options))
    return running
  }
  const timer = setInterval(() => {
    advance().catch((error: unknown) => {
      running = Promise.resolve(0)
      process.emitWarning(`The sandbox could not move its transactions on: ${error instanceof Error ? error.message : String(error)}`)
    })
  }, options.stepMs)
  timer.unref()
  return {
    advance,
    async stop() {
      clearInterval(timer)
      await running
    },
  }
}

async function advanceDue({ store, sealer, clock, stepMs }: EngineOptions): Promise<number> {
  const now = clock()
  const due = await store
    .selectFrom('web3_transaction')
    .select(['id', 'status'])
    .where('next_at', '<=', now)
    .orderBy('next_at')
    .limit(BATCH)
    .execute()
  for (const { id, status } of due) {
    const step = stepAfter(status)
    await store.transaction().execute(async db => {
      const { numUpdatedRows } = await db
        .updateTable('web3_transaction')
        .set({ status: step?.status ?? status, next_at: step === undefined || step.last ? null : now + stepMs })
        .where('id', '=', id)
        .where('status', '=', status)
        .executeTakeFirst()
      if (numUpdatedRows === 0n || step === undefined) return
      await db
        .insertInto('web3_transaction_event')
        .values({ id: randomUUID(), transaction_id: id, status: step.status, message: step.message, at: now })
        .execute()
      if (step.status === 'signed') await sign(db, sealer, id)
      if (step.last) await settle(db, id)
    })
  }
  return due.length
}

async function sign(db: Store, sealer: Sealer, id: string): Promise<void> {
  const row = await db
    .selectFrom('web3_transaction')
    .innerJoin('wallet', 'wallet.id', 'web3_transaction.wallet_id')
    .innerJoin('asset', 'asset.name', 'wallet.asset')
    .select(['wallet.id', 'web3_transaction.nonce', 'request', 'sealed_private_key', 'chain_id'])
    .where('web3_transaction.id', '=', id)
    .executeTakeFirstOrThrow()
  const request: TransactionRequest = JSON.parse(row.request)
  const privateKey = new TextDecoder().decode(await sealer.open(row.sealed_private_key, row.id))
  const { signedTx, hash } = encodeTransaction(request, row.nonce, row.chain_id).sign(privateKey)
  await db.updateTable('web3_transaction').set({ signed_tx: signedTx, tx_hash: hash }).where('id', '=', id).execute()
}

/** Takes what the transaction cost from its wallet, and gives its value to the receiver when that is one of ours. */
async function settle(db: Store, id: string): Promise<void> {
  const { wallet_id, cost, request } = await db
    .selectFrom('web3_transaction')
    .select(['wallet_id', 'cost', 'request'])
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  const { to, value }: TransactionRequest = JSON.parse(request)
  await credit(db, wallet_id, -BigInt(cost))
  const receiver = await db
    .selectFrom('wallet')
    .select('id')
    .where(expression => expression(expression.fn<string>('lower', ['address']), '=', to.toLowerCase()))
    .executeTakeFirst()
  if (receiver !== undefined) await credit(db, receiver.id, BigInt(value))
}

async function credit(db: Store, walletId: string, amount: bigint): Promise<void> {
  const { available } = await db.selectFrom('wallet').select('available').where('id', '=', walletId).executeTakeFirstOrThrow()
  await db
    .updateTable('wallet')
    .set({ available: String(BigInt(available) + amount) })
    .where('id', '=', walletId)
    .execute()
}
