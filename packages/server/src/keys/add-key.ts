import { randomUUID } from 'node:crypto'
import { MIN_SECRET_BYTES, type Scheme } from 'countersign'
import { type Actor, recorded } from '../audit/audit-log.ts'
import type { Database } from '../database/database.ts'
import { ServerError } from '../errors.ts'
import type { BoundSealer } from '../seal/canary.ts'
import { ceilingsOf, checkCeilings, checkKeyCount } from './ceilings.ts'
import { checkedKey } from './checked-key.ts'
import { type KeyRow, momentOf, msOf, type PublicRow, viewOf } from './key-row.ts'
import type { ImportedKey, ShownKey } from './schemas.ts'

/** A key to be stored, with its own id. */
export interface GivenKey extends ImportedKey {
  readonly imported: boolean
  /** Whether its secret was made here, so that its owner has yet to be shown it. */
  readonly isMade: boolean
}

/** Stores a key, made here or elsewhere, in one step with its entry in the log. */
export async function addKey(
  { database, sealer, now }: { readonly database: Database; readonly sealer: BoundSealer; readonly now: number },
  scheme: Scheme,
  actor: Actor,
  organisationId: string,
  action: string,
  given: GivenKey,
): Promise<ShownKey> {
  const { id, secret, publicKey, passphrase } = given
  // Reads everything once as the verifier will, so that what is stored can be used.
  const key = checkedKey(scheme, {
    id,
    ...(secret === undefined ? {} : { secret }),
    publicKey,
    passphrase,
    addresses: given.addresses,
    allowShortSecret: given.allowShortSecret,
  })
  const bytes = key.secrets[0]?.reveal()
  const row: KeyRow = {
    id,
    organisation_id: organisationId,
    name: given.name,
    fund_id: given.fundId ?? '',
    wallet_id: given.walletId ?? '',
    scheme: scheme.name,
    public_key: key.publicKey ?? '',
    sealed_passphrase: '',
    permissions: JSON.stringify(given.permissions ?? []),
    addresses: JSON.stringify(given.addresses ?? []),
    labels: JSON.stringify(given.labels ?? {}),
    state: 'active',
    imported: given.imported ? 1 : 0,
    short_secret: given.allowShortSecret === true ? 1 : 0,
    expires_at: msOf(given.expiresAt),
    created_at: now,
    updated_at: now,
    last_used_at: 0,
  }
  const credential = { id: randomUUID(), key_id: id, created_at: now, expires_at: 0, last_used_at: 0 }
  const publics: PublicRow[] = row.public_key === '' ? [] : [{ ...credential, id: randomUUID(), pem: row.public_key }]
  await recorded(database, actor, now, async transaction => {
    const bounds = await ceilingsOf(transaction, organisationId)
    checkCeilings(bounds, { scheme: scheme.name, permissions: given.permissions ?? [], addresses: given.addresses ?? [] })
    await checkKeyCount(transaction, organisationId, bounds)
    const known = await transaction.selectFrom('api_key').select('id').where('id', '=', id).executeTakeFirst()
    if (known !== undefined) throw new ServerError('key-exists', 409, `There is already a key ${id}.`)
    const seal = async (plain: Uint8Array) => (await sealer.within(transaction)).seal(plain, id)
    const sealedPassphrase = passphrase === undefined ? '' : await seal(Buffer.from(passphrase))
    await transaction
      .insertInto('api_key')
      .values({ ...row, sealed_passphrase: sealedPassphrase })
      .execute()
    if (bytes !== undefined)
      await transaction
        .insertInto('key_secret')
        .values({ ...credential, sealed: await seal(bytes) })
        .execute()
    if (publics.length > 0) await transaction.insertInto('key_public').values(publics).execute()
    const { name, permissions: granted = [], fundId = '', walletId = '' } = given
    const { addresses = [], labels = {} } = given
    const detail = {
      name,
      scheme: scheme.name,
      permissions: granted,
      fundId,
      walletId,
      addresses,
      labels,
      expiresAt: momentOf(row.expires_at),
    }
    return { events: [{ action, organisationId, subject: id, detail }], value: undefined }
  })
  const isShort = bytes !== undefined && bytes.length < MIN_SECRET_BYTES
  return {
    key: viewOf(row, [...(bytes === undefined ? [] : [credential]), ...publics], now),
    secret: given.isMade ? (secret ?? null) : null,
    passphrase: given.isMade ? (passphrase ?? null) : null,
    warnings: isShort ? [`The secret has only ${bytes.length} bytes: rotate it as soon as its user can.`] : [],
  }
}
