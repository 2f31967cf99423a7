import { randomUUID } from 'node:crypto'
import type { Sealer } from '@countersign/server'
import type { Store } from './store/database.ts'
import { createWallet } from './transactions/ethereum.ts'

const ASSETS = [
  { name: 'ETH-TESTNET', scale: 18, chain_id: '11155111', network: 'sepolia' },
  { name: 'MATIC-TESTNET', scale: 18, chain_id: '80002', network: 'amoy' },
] as const

/** 25 ETH, and 10,000 MATIC. */
const OPENING_BALANCE: { readonly [asset: string]: string } = {
  'ETH-TESTNET': '25000000000000000000',
  'MATIC-TESTNET': '10000000000000000000000',
}

/** Fills an empty database: an organisation with two members, two funds, and a Web3 wallet per asset. */
export async function seed(store: Store, sealer: Sealer, now: number): Promise<void> {
  if ((await store.selectFrom('organisation').select('id').executeTakeFirst()) !== undefined) return
  const organisationId = randomUUID()
  await store.transaction().execute(async db => {
    await db
      .insertInto('organisation')
      .values({
        id: organisationId,
        name: 'ACME Corp',
        email: 'treasury@acme.example',
        domain: 'acme.example',
        address: '1 Example Street, London',
      })
      .execute()
    for (const [name, username] of [
      ['Alice Example', 'alice'],
      ['Bob Example', 'bob'],
    ] as const) {
      await db
        .insertInto('member')
        .values({ id: randomUUID(), organisation_id: organisationId, name, email: `${username}@acme.example`, username })
        .execute()
    }
    await db.insertInto('asset').values(ASSETS).execute()
    const treasury = randomUUID()
    const fund = { organisation_id: organisationId, theme: 'blue', created_at: now }
    await db
      .insertInto('fund')
      .values({ ...fund, id: treasury, name: 'Treasury', description: 'Testnet assets to play with', archived: 0 })
      .execute()
    await db
      .insertInto('fund')
      .values({ ...fund, id: randomUUID(), name: 'Old treasury', description: 'Closed', archived: 1 })
      .execute()
    for (const { name: asset } of ASSETS) {
      const id = randomUUID()
      const { address, privateKey } = createWallet()
      await db
        .insertInto('wallet')
        .values({
          id,
          fund_id: treasury,
          name: `Web3 ${asset}`,
          asset,
          address,
          sealed_private_key: await sealer.seal(Buffer.from(privateKey), id),
          available: OPENING_BALANCE[asset] ?? '0',
          nonce: 0,
        })
        .execute()
    }
  })
}
