import type { Selectable } from 'kysely'
import type { Db } from '../database/database.ts'
import type { Tables } from '../database/tables.ts'
import type { KeyView } from './schemas.ts'

export type KeyRow = Selectable<Tables['api_key']>
export type SecretRow = Selectable<Tables['key_secret']>
export type PublicRow = Selectable<Tables['key_public']>
/** What proves that a call is of a key. */
export type CredentialRow = Omit<SecretRow, 'sealed'> & { readonly pem?: string }

/** A key as it is shown. */
export function viewOf(row: KeyRow, credentials: readonly CredentialRow[], now: number): KeyView {
  const live = (row.public_key === '' ? liveOf(credentials, now) : livePublicsOf(row, credentials, now)).map(
    ({ id, created_at, expires_at, last_used_at }) => ({
      id,
      createdAt: iso(created_at),
      expiresAt: momentOf(expires_at),
      lastUsedAt: momentOf(last_used_at),
    }),
  )
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
    secrets: row.public_key === '' ? live : [],
    publicKeys: row.public_key === '' ? [] : live,
    expiresAt: momentOf(row.expires_at),
    createdAt: iso(row.created_at),
    updatedAt: iso(row.updated_at),
    lastUsedAt: momentOf(row.last_used_at),
  }
}

/** All of some keys, secrets and public keys. */
export async function credentialsOf(db: Db, ids: readonly string[]): Promise<readonly CredentialRow[]> {
  if (ids.length === 0) return []
  const columns = ['id', 'key_id', 'created_at', 'expires_at', 'last_used_at'] as const
  const secrets = await db.selectFrom('key_secret').select(columns).where('key_id', 'in', ids).execute()
  return [
    ...secrets,
    ...(await db
      .selectFrom('key_public')
      .select([...columns, 'pem'])
      .where('key_id', 'in', ids)
      .execute()),
  ]
}

/** The secrets, or public keys, that are good now, the newest first. */
export function liveOf<Row extends CredentialRow>(secrets: readonly Row[], now: number): readonly Row[] {
  return secrets
    .filter(({ expires_at }) => expires_at === 0 || expires_at > now)
    .sort((a, b) => (a.expires_at === 0 ? -1 : b.expires_at === 0 ? 1 : b.created_at - a.created_at))
}

/**
 * The public keys that are good now, the newest first. An older version that works on the same store knows of the key's
 * own alone: where it has made or replaced that one, no other counts.
 */
export function livePublicsOf<Row extends CredentialRow>(
  { id, public_key: pem, updated_at }: KeyRow,
  publics: readonly Row[],
  now: number,
): readonly (Row | PublicRow)[] {
  const live = liveOf(publics, now)
  if (live[0]?.pem === pem) return live
  return [{ id, key_id: id, pem, created_at: updated_at, expires_at: 0, last_used_at: 0 }]
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
