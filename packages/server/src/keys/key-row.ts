import type { Selectable } from 'kysely'
import type { Tables } from '../database/tables.ts'
import type { KeyView } from './schemas.ts'

export type KeyRow = Selectable<Tables['api_key']>
export type SecretRow = Selectable<Tables['key_secret']>

/** A key as it is shown. */
export function viewOf(row: KeyRow, secrets: readonly SecretRow[], now: number): KeyView {
  return {
    id: row.id,
    name: row.name,
    organisationId: row.organisation_id,
    fundId: row.fund_id,
    walletId: row.wallet_id,
    scheme: row.scheme,
    permissions: JSON.parse(row.permissions) as string[],
    addresses: JSON.parse(row.addresses) as string[],
    labels: JSON.parse(row.labels) as Record<string, string>,
    state: row.state === 'active' && row.expires_at !== 0 && row.expires_at <= now ? 'expired' : row.state,
    imported: row.imported === 1,
    publicKey: row.public_key === '' ? null : row.public_key,
    secrets: liveOf(secrets, now).map(({ id, created_at, expires_at }) => ({
      id,
      createdAt: iso(created_at),
      expiresAt: momentOf(expires_at),
    })),
    expiresAt: momentOf(row.expires_at),
    createdAt: iso(row.created_at),
    updatedAt: iso(row.updated_at),
    lastUsedAt: momentOf(row.last_used_at),
  }
}

/** The secrets that are good now, the newest first. */
export function liveOf(secrets: readonly SecretRow[], now: number): readonly SecretRow[] {
  return secrets
    .filter(({ expires_at }) => expires_at === 0 || expires_at > now)
    .sort((a, b) => (a.expires_at === 0 ? -1 : b.expires_at === 0 ? 1 : b.created_at - a.created_at))
}

/** 0 is never. */
export function msOf(moment: string | null | undefined): number {
  return moment === null || moment === undefined ? 0 : Date.parse(moment)
}

export function momentOf(ms: number): string | null {
  return ms === 0 ? null : iso(ms)
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
