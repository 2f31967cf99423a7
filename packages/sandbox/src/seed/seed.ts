import { randomBytes, randomUUID } from 'node:crypto'
import type { Sealer } from '@countersign/server'
import { bech32 } from '@scure/base'
import type { Store } from '../store/database.ts'
import { createWallet } from '../transactions/ethereum.ts'
import { ACCOUNTS, ASSETS, COMPANIES, type SeedAccount, type SeedFund } from './accounts.ts'
import { madeUpLedger } from './ledger.ts'

/** Adds what is not there yet: an organisation and a person, with funds, wallets, ledgers and approvers. */
export async function seed(store: Store, sealer: Sealer, now: number): Promise<void> {
  await store.transaction().execute(async db => {
    await db
      .insertInto('asset')
      .values(ASSETS)
      .onConflict(conflict => conflict.doNothing())
      .execute()
    const known = new Set((await db.selectFrom('organisation').select('name').execute()).map(({ name }) => name))
    for (const account of ACCOUNTS) if (!known.has(account.name)) await seedAccount(db, sealer, account, now)
    if ((await db.selectFrom('company').select('id').executeTakeFirst()) !== undefined) return
    const { id } = await db.selectFrom('organisation').select('id').where('kind', '=', 'organisation').executeTakeFirstOrThrow()
    await db
      .insertInto('company')
      .values(COMPANIES.map(company => ({ id: randomUUID(), organisation_id: id, ...company, created_at: now })))
      .execute()
  })
}

async function seedAccount(db: Store, sealer: Sealer, account: SeedAccount, now: number): Promise<void> {
  const { members, funds, trustedParties, ...own } = account
  const organisationId = randomUUID()
  await db
    .insertInto('organisation')
    .values({ id: organisationId, ...own })
    .execute()
  const memberIds = new Map<string, string>()
  for (const [name, username] of members) {
    const id = randomUUID()
    memberIds.set(username, id)
    const email = `${username}@${own.domain === '' ? 'example.org' : own.domain}`
    await db.insertInto('member').values({ id, organisation_id: organisationId, name, email, username }).execute()
  }
  for (const [first, last, username, isInternal, isPending] of trustedParties)
    await db
      .insertInto('trusted_party')
      .values({
        id: randomUUID(),
        organisation_id: organisationId,
        first_name: first,
        last_name: last,
        email: `${username}@example.org`,
        username,
        internal: isInternal ? 1 : 0,
        pending: isPending ? 1 : 0,
        created_at: now,
      })
      .execute()
  for (const fund of funds) await seedFund(db, sealer, organisationId, memberIds, fund, now)
}

async function seedFund(
  db: Store,
  sealer: Sealer,
  organisationId: string,
  memberIds: ReadonlyMap<string, string>,
  { name, description, theme, archived = false, wallets, approvers, threshold }: SeedFund,
  now: number,
): Promise<void> {
  const fundId = randomUUID()
  await db
    .insertInto('fund')
    .values({
      id: fundId,
      organisation_id: organisationId,
      name,
      description,
      theme,
      archived: archived ? 1 : 0,
      created_at: now,
      threshold,
    })
    .execute()
  for (const username of approvers)
    await db
      .insertInto('approver')
      .values({ fund_id: fundId, member_id: memberIds.get(username) ?? '' })
      .execute()
  for (const { asset, kind, available, entries } of wallets) {
    const id = randomUUID()
    const { address, privateKey } = kind === 'web3' ? createWallet() : { address: bitcoinAddress(), privateKey: '' }
    await db
      .insertInto('wallet')
      .values({
        id,
        fund_id: fundId,
        name: `${kind === 'web3' ? 'Web3' : 'Standard'} ${asset}`,
        kind,
        asset,
        address,
        sealed_private_key: privateKey === '' ? '' : await sealer.seal(Buffer.from(privateKey), id),
        available,
        nonce: 0,
      })
      .execute()
    const rows = madeUpLedger({ walletId: id, address, available: BigInt(available), entries, now })
    await db
      .insertInto('ledger_entry')
      .values(rows.map(row => ({ ...row, fund_id: fundId, wallet_id: id, asset })))
      .execute()
  }
}

/** BIP 173, of nobody's key. */
function bitcoinAddress(): string {
  return bech32.encode('tb', [0, ...bech32.toWords(randomBytes(20))])
}
