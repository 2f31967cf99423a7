import type { Sealer } from '@countersign/server'
import type { Store } from '../store/database.ts'
import { askApprovers, decide, nextApprover, outcomeOf } from './approvals.ts'
import { encodeTransaction } from './ethereum.ts'
import { type Step, stepAfter, stepTo } from './lifecycle.ts'
import { move } from './move.ts'
import type { TransactionRequest } from './request.ts'
import { settle } from './settle.ts'
import { simulationOf } from './simulation.ts'

/** How many transactions are moved on in one go, which is one write to the disk. */
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
  /** Told when transactions have changed. */
  readonly onMoved: () => void
}

/**
 * Moves transactions through their states. All it knows is in the database, and a step holds only if the state is still
 * what it was: stopped anywhere, it goes on there, and does nothing twice.
 */
export function startEngine(options: EngineOptions): Engine {
  let running: Promise<number> = Promise.resolve(0)
  let isStopped = false
  const advance = (): Promise<number> => {
    running = running.then(() => (isStopped ? 0 : advanceDue(options)))
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
      isStopped = true
      await running.catch(() => undefined)
    },
  }
}

async function advanceDue(options: EngineOptions): Promise<number> {
  const { store, clock, onMoved } = options
  const now = clock()
  let moved = 0
  for (;;) {
    const due = await store
      .selectFrom('web3_transaction')
      .select(['id', 'status', 'wallet_id', 'expires_at', 'request'])
      .where('next_at', '<=', now)
      .orderBy('next_at')
      .orderBy('created_at')
      .limit(BATCH)
      .execute()
    if (due.length === 0) break
    await store.transaction().execute(async db => {
      for (const transaction of due) await advanceOne(db, options, transaction, now)
    })
    moved += due.length
    onMoved()
    if (due.length < BATCH) break
  }
  return moved
}

interface Due {
  readonly id: string
  readonly status: string
  readonly wallet_id: string
  readonly expires_at: number
  readonly request: string
}

async function advanceOne(
  db: Store,
  { sealer, stepMs }: EngineOptions,
  { id, status, wallet_id, ...row }: Due,
  now: number,
): Promise<void> {
  const { note }: TransactionRequest = JSON.parse(row.request)
  const simulation = simulationOf(note)
  let step: Step | undefined = stepAfter(status)
  if (status === 'pending') {
    step = now >= row.expires_at ? stepTo('expired') : await hearApprover(db, id, wallet_id, simulation, now)
    if (step === undefined) {
      // Somebody has still to say something: by himself at the next step, or by hand until it expires.
      const waits = simulation === 'hold' || (await nextApprover(db, id)) === undefined
      await db
        .updateTable('web3_transaction')
        .set({ next_at: waits ? row.expires_at : now + stepMs })
        .where('id', '=', id)
        .where('status', '=', status)
        .execute()
      return
    }
  }
  if (step === undefined) {
    await db.updateTable('web3_transaction').set({ next_at: null }).where('id', '=', id).execute()
    return
  }
  if (step.status === 'signed') step = await sign(db, sealer, id)
  if (step.status === 'pushed' && simulation === 'fail') step = stepTo('failed', 'The network did not take the transaction.')
  if (!(await move(db, id, status, step, now, now + stepMs))) return
  if (step.status === 'pending') await askApprovers(db, id, wallet_id, now)
  if (step.status === 'confirmed') await settle(db, id, now)
}

/** The next approver does what the simulation says; then it is seen what it comes to. */
async function hearApprover(
  db: Store,
  id: string,
  walletId: string,
  simulation: ReturnType<typeof simulationOf>,
  now: number,
): Promise<Step | undefined> {
  const before = await outcomeOf(db, id, walletId)
  if (before !== undefined) return before
  const approval = simulation === 'hold' ? undefined : await nextApprover(db, id)
  if (approval === undefined) return undefined
  await decide(db, approval, simulation === 'reject' ? 'rejected' : 'approved', now)
  return await outcomeOf(db, id, walletId)
}

/**
 * Gives the transaction the wallet's nonce and signs it. What can't be signed has failed, and holds nothing else up.
 */
async function sign(db: Store, sealer: Sealer, id: string): Promise<Step> {
  const row = await db
    .selectFrom('web3_transaction')
    .innerJoin('wallet', 'wallet.id', 'web3_transaction.wallet_id')
    .innerJoin('asset', 'asset.name', 'wallet.asset')
    .select(['wallet.id', 'wallet.nonce', 'request', 'sealed_private_key', 'chain_id'])
    .where('web3_transaction.id', '=', id)
    .executeTakeFirstOrThrow()
  const request: TransactionRequest = JSON.parse(row.request)
  if (request.nonce !== undefined && request.nonce !== row.nonce)
    return stepTo('failed', `The transaction asks for the nonce ${request.nonce}, and the wallet’s next one is ${row.nonce}.`)
  let signed: { readonly rawTx: string; readonly signedTx: string; readonly hash: string }
  try {
    const encoded = encodeTransaction(request, row.nonce, row.chain_id)
    const privateKey = new TextDecoder().decode(await sealer.open(row.sealed_private_key, row.id))
    signed = { rawTx: encoded.rawTx, ...encoded.sign(privateKey) }
  } catch (error) {
    return stepTo('failed', `The transaction could not be signed: ${error instanceof Error ? error.message : String(error)}`)
  }
  await db
    .updateTable('web3_transaction')
    .set({ nonce: row.nonce, raw_tx: signed.rawTx, signed_tx: signed.signedTx, tx_hash: signed.hash })
    .where('id', '=', id)
    .execute()
  await db
    .updateTable('wallet')
    .set({ nonce: row.nonce + 1 })
    .where('id', '=', row.id)
    .execute()
  return stepTo('signed')
}
