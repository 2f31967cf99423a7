import { type KeyRow, momentOf } from './key-row.ts'

/** Members of a key that an update changes, as the audit log shows them. */
function shown(row: KeyRow) {
  return {
    name: row.name,
    permissions: JSON.parse(row.permissions) as readonly string[],
    fundId: row.fund_id,
    walletId: row.wallet_id,
    addresses: JSON.parse(row.addresses) as readonly string[],
    labels: JSON.parse(row.labels) as { readonly [name: string]: string },
    expiresAt: momentOf(row.expires_at),
  }
}

/** What an update changed, before and after; what it left as it was is not in it. */
export function changesOf(
  before: KeyRow,
  after: KeyRow,
): { readonly [name: string]: { readonly before: unknown; readonly after: unknown } } {
  const [old, changed] = [shown(before), shown(after)]
  const names = (Object.keys(old) as (keyof typeof old)[]).filter(name => JSON.stringify(old[name]) !== JSON.stringify(changed[name]))
  return Object.fromEntries(names.map(name => [name, { before: old[name], after: changed[name] }]))
}
