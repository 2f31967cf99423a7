import { createKey, type Key, type KeyDescription, type Refused, type Scheme } from 'countersign'
import type { Db } from '../database/database.ts'
import { ServerError } from '../errors.ts'
import type { Sealer } from '../seal/sealer.ts'
import { liveOf, livePublicsOf } from './key-row.ts'

/** What a verified call acts for; the `owner` of every key of this store. */
export interface Principal {
  readonly keyId: string
  readonly organisationId: string
  /** Narrowed to one of these; empty: to none. */
  readonly fundId: string
  readonly walletId: string
  readonly labels: { readonly [name: string]: string }
  /** Ids of its secrets or public keys, in the order of the key's. */
  readonly credentials: readonly string[]
}

/** A key that was opened, with the time at which one of its secrets ends. */
export interface OpenedKey {
  readonly key: Key
  readonly goodUntilMs: number
}

export interface OpenKeyContext {
  readonly db: Db
  readonly sealer: Pick<Sealer, 'open'>
  readonly schemeOf: (name: string) => Scheme
  readonly now: number
}

/**
 * Reads a key with its secrets, ready to verify with.
 *
 * @throws ServerError `key-unusable` for a key that is in the store and would not be taken into it any more
 */
export async function openKey({ db, sealer, schemeOf, now }: OpenKeyContext, id: string): Promise<OpenedKey | undefined> {
  const row = await db.selectFrom('api_key').selectAll().where('id', '=', id).executeTakeFirst()
  if (row === undefined) return undefined
  const live = liveOf(await db.selectFrom('key_secret').selectAll().where('key_id', '=', id).execute(), now)
  const rows = row.public_key === '' ? [] : await db.selectFrom('key_public').selectAll().where('key_id', '=', id).execute()
  const publics = row.public_key === '' ? [] : livePublicsOf(row, rows, now)
  const credentials = row.public_key === '' ? live : publics
  const scheme = usable(id, () => schemeOf(row.scheme))
  // A revoked key keeps its secrets, sealed: so who has them is told that it was revoked, and others are told nothing.
  if (credentials.length === 0) return undefined
  const principal: Principal = {
    keyId: id,
    organisationId: row.organisation_id,
    fundId: row.fund_id,
    walletId: row.wallet_id,
    labels: JSON.parse(row.labels) as Principal['labels'],
    credentials: credentials.map(one => one.id),
  }
  const addresses = JSON.parse(row.addresses) as string[]
  const given: KeyDescription = {
    id,
    ...(row.public_key === ''
      ? { secrets: await Promise.all(live.map(({ sealed }) => sealer.open(sealed, id))) }
      : { publicKeys: publics.map(({ pem }) => pem) }),
    passphrase: row.sealed_passphrase === '' ? undefined : Buffer.from(await sealer.open(row.sealed_passphrase, id)).toString(),
    state: row.state,
    expiresAtMs: row.expires_at === 0 ? undefined : row.expires_at,
    addresses: addresses.length === 0 ? undefined : addresses,
    permissions: JSON.parse(row.permissions) as string[],
    owner: principal,
    allowShortSecret: row.short_secret === 1,
  }
  const key = usable(id, () => createKey(scheme, given))
  return { key, goodUntilMs: Math.min(...credentials.map(({ expires_at }) => (expires_at === 0 ? Number.POSITIVE_INFINITY : expires_at))) }
}

function usable<T>(id: string, make: () => T): T {
  try {
    return make()
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new ServerError('key-unusable', 500, `The key ${id} can't be used, and its calls are refused: ${why}`, error)
  }
}

/** Of the secret or public key that a refused call was proven with. */
export function secretIdOf({ proven }: Pick<Refused, 'proven'>): string | undefined {
  return proven === undefined ? undefined : principalOf(proven.key).credentials[proven.credential]
}

/** The principal that a key of this store carries. */
export function principalOf(key: Key): Principal {
  return key.owner as Principal
}
