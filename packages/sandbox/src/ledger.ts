import type { Selectable } from 'kysely'
import type { Store } from './store/database.ts'
import type { Tables } from './store/schema.ts'

/** The kinds of entries in a ledger. Their numbers, 1 to 8, are the API's; which is which is the sandbox's own. */
export const LEDGER_TYPES = {
  deposit: 1,
  withdrawal: 2,
  transferIn: 3,
  transferOut: 4,
  swapIn: 5,
  swapOut: 6,
  web3In: 7,
  web3Out: 8,
} as const

export const IN_TYPES: readonly number[] = [LEDGER_TYPES.deposit, LEDGER_TYPES.transferIn, LEDGER_TYPES.swapIn]
export const OUT_TYPES: readonly number[] = [LEDGER_TYPES.withdrawal, LEDGER_TYPES.transferOut, LEDGER_TYPES.swapOut]

/** What a ledger gives at once: all of it, as long as it has a few hundred entries. */
export const MAX_ENTRIES = 1000

/** The entries of some wallets, the newest first. */
export async function readLedger(
  store: Store,
  walletIds: readonly string[],
  { limit = MAX_ENTRIES, offset = 0 }: { readonly limit?: number; readonly offset?: number } = {},
): Promise<readonly Selectable<Tables['ledger_entry']>[]> {
  if (walletIds.length === 0) return []
  return await store
    .selectFrom('ledger_entry')
    .selectAll()
    .where('wallet_id', 'in', walletIds)
    .orderBy('at', 'desc')
    .orderBy('sequence', 'desc')
    .limit(limit)
    .offset(offset)
    .execute()
}
