import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { createSigner, signedFetch } from 'countersign'
import { qredoV1 } from 'countersign/schemes'
import { afterEach, describe, expect, it } from 'vitest'
import { openStore } from '../../sandbox/src/store/database.ts'
import { PATH } from '../../sandbox/src/transactions/lifecycle.ts'
import { type RunningSandbox, removeFolder, startSandbox } from './command.ts'

const TRANSACTIONS = 200
const KILLS = 6
const VALUE = 1000n
const COST = VALUE + 21_000n

let folder = ''
let sandbox: RunningSandbox | undefined

afterEach(async () => {
  await sandbox?.stop()
  removeFolder(folder)
})

/** A `fetch` that signs as the demo key. */
function fetchFor({ keys }: RunningSandbox) {
  const [demo] = keys
  return signedFetch(createSigner(qredoV1, { keyId: demo?.id ?? '', secret: readFileSync(demo?.secretFile ?? '', 'utf8').trim() }))
}

function bodyOf(from: string, number: number): string {
  return JSON.stringify({
    from,
    to: `0x${'1'.repeat(40)}`,
    value: String(VALUE),
    gasLimit: '21000',
    gasPrice: '1',
    note: `${number}`,
  })
}

describe('the sandbox, killed again and again', () => {
  it('takes every transaction that it acknowledged to its end, and does nothing twice', { timeout: 120_000 }, async () => {
    sandbox = await startSandbox()
    folder = sandbox.folder
    const { wallet } = sandbox
    const acknowledged = new Set<string>()
    let sent = 0
    let kills = 0
    while (sent < TRANSACTIONS || kills < KILLS) {
      const { origin } = sandbox
      const fetch = fetchFor(sandbox)
      // A batch of calls, in the middle of which it loses its power.
      const batch = Array.from({ length: Math.min(40, TRANSACTIONS - sent) }, (_, index) => sent + index)
      sent += batch.length
      const calls = batch.map(async number => {
        const body = bodyOf(wallet, number)
        for (let attempt = 0; attempt < 2; attempt++) {
          try {
            const response = await fetch(`${origin}/qapi/v1/transaction`, {
              method: 'POST',
              body,
              headers: { 'idempotency-key': `order-${number}` },
            })
            if (response.ok) acknowledged.add(((await response.json()) as { txID: string }).txID)
            return
          } catch {
            // It is gone: whether it was taken in is not known.
          }
        }
      })
      if (kills < KILLS) {
        await sleep(40 + Math.random() * 250)
        await sandbox.kill()
        kills++
        await Promise.all(calls)
        sandbox = await startSandbox(folder)
      } else await Promise.all(calls)
    }
    // Who did not hear back asks again, with the same idempotency key: what was taken in is not taken twice.
    const { origin } = sandbox
    const fetch = fetchFor(sandbox)
    for (let number = 0; number < TRANSACTIONS; number++) {
      const body = bodyOf(wallet, number)
      const response = await fetch(`${origin}/qapi/v1/transaction`, {
        method: 'POST',
        body,
        headers: { 'idempotency-key': `order-${number}` },
      })
      expect(response.status).toBe(200)
      acknowledged.add(((await response.json()) as { txID: string }).txID)
    }
    expect(acknowledged.size).toBe(TRANSACTIONS)
    await expect
      .poll(
        async () => {
          const { assets } = (await (await fetch(`${origin}/qapi/v1/balance`)).json()) as { assets: Record<string, { pendingOut: number }> }
          return assets['ETH-TESTNET']?.pendingOut
        },
        { timeout: 30_000, interval: 100 },
      )
      .toBe(0)
    await sandbox.stop()
    sandbox = undefined
    const store = await openStore(`${folder}/sandbox.db`)
    const rows = await store.selectFrom('web3_transaction').select(['id', 'status', 'nonce', 'tx_hash']).execute()
    expect(new Set(rows.map(({ id }) => id))).toEqual(acknowledged)
    expect(rows.every(({ status }) => status === 'confirmed')).toBe(true)
    // Every one was signed once, with a nonce of its own.
    expect(rows.map(({ nonce }) => nonce).sort((a, b) => a - b)).toEqual(Array.from({ length: TRANSACTIONS }, (_, index) => index))
    const events = await store.selectFrom('web3_transaction_event').selectAll().orderBy('sequence').execute()
    for (const { id } of rows) expect(events.filter(event => event.transaction_id === id).map(({ status }) => status)).toEqual(PATH)
    // And paid for once.
    const { available } = await store.selectFrom('wallet').select('available').where('address', '=', wallet).executeTakeFirstOrThrow()
    expect(available).toBe(String(25_000_000_000_000_000_000n - BigInt(TRANSACTIONS) * COST))
    const booked = await store.selectFrom('ledger_entry').select('tx_id').where('type', '=', 8).execute()
    expect(new Set(booked.map(({ tx_id }) => tx_id))).toEqual(acknowledged)
    expect(booked).toHaveLength(TRANSACTIONS)
    await store.destroy()
  })
})
