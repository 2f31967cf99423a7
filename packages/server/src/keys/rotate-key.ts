import { randomUUID } from 'node:crypto'
import type { Scheme } from 'countersign'
import type { Db } from '../database/database.ts'
import { ServerError } from '../errors.ts'
import type { BoundSealer } from '../seal/canary.ts'
import { anyPassphrase, checkedKey } from './checked-key.ts'
import { type KeyRow, liveOf, livePublicsOf, type PublicRow, type SecretRow } from './key-row.ts'
import { newSecret } from './new-secret.ts'
import { DEFAULT_OVERLAP_SECONDS, type Rotation } from './schemas.ts'

export interface RotationContext {
  readonly transaction: Db
  readonly sealer: BoundSealer
  readonly scheme: Scheme
  readonly now: number
}

interface Turn<Row> {
  /** What stays beside the new one, with its new end; undefined: nothing does. */
  readonly stays: Row | undefined
  /** What was replaced before anybody used it. */
  readonly replaced: Row | undefined
}

/**
 * Which of the live ones stays beside a new one. The one in use stays; a newest one that nobody has used yet was lost,
 * perhaps, and gives way. See decision 25.
 *
 * @throws ServerError `rotation-running` where both are in use
 */
function turn<Row extends Pick<SecretRow, 'last_used_at' | 'expires_at' | 'created_at'>>(
  { id, last_used_at: usedAt }: KeyRow,
  all: readonly Row[],
  [current, old]: readonly Row[],
  overlapSeconds: number,
  now: number,
): Turn<Row> {
  // An older version that works on the same store writes down that a key is used, and not by which secret.
  const mayBeUsed = (one: Row) => one.last_used_at > 0 || (usedAt > one.created_at && all.every(other => other.last_used_at < usedAt))
  const endsAt = now + overlapSeconds * 1000
  if (overlapSeconds === 0 || current === undefined) return { stays: undefined, replaced: undefined }
  if (old === undefined) return { stays: { ...current, expires_at: endsAt }, replaced: undefined }
  if (!mayBeUsed(current)) return { stays: { ...old, expires_at: Math.max(endsAt, old.expires_at) }, replaced: current }
  throw new ServerError(
    'rotation-running',
    409,
    `The key ${id} was rotated already: the new one is in use, and the old one is good until ${new Date(old.expires_at).toISOString()}. Wait, or rotate without an overlap to end both at once.`,
  )
}

/** A new secret, made here or chosen by the other side. */
export async function rotateSecret(
  { transaction, sealer, scheme, now }: RotationContext,
  row: KeyRow,
  secrets: readonly SecretRow[],
  { overlapSeconds = DEFAULT_OVERLAP_SECONDS, secret: chosen, publicKey }: Rotation,
) {
  const { id } = row
  if (publicKey !== undefined)
    throw new ServerError('public-key-unwanted', 400, `The key ${id} signs with a shared secret, and has no public key.`)
  const { stays, replaced } = turn(row, secrets, liveOf(secrets, now), overlapSeconds, now)
  const secret = chosen ?? newSecret(scheme)
  const bytes = checkedKey(scheme, { id, secret, ...anyPassphrase(scheme) }).secrets[0]?.reveal() ?? new Uint8Array()
  for (const live of liveOf(secrets, now))
    if (Buffer.from(await sealer.open(live.sealed, id)).equals(bytes))
      throw new ServerError('secret-unchanged', 400, `The key ${id} has this secret already: choose another one.`)
  const added: SecretRow = {
    id: randomUUID(),
    key_id: id,
    sealed: await (await sealer.within(transaction)).seal(bytes, id),
    created_at: now,
    expires_at: 0,
    last_used_at: 0,
  }
  // What no longer opens anything is not kept.
  await transaction
    .deleteFrom('key_secret')
    .where('key_id', '=', id)
    .where('id', '!=', stays?.id ?? '')
    .execute()
  if (stays !== undefined)
    await transaction.updateTable('key_secret').set({ expires_at: stays.expires_at }).where('id', '=', stays.id).execute()
  await transaction.insertInto('key_secret').values(added).execute()
  return {
    row: { ...row, updated_at: now, short_secret: overlapSeconds === 0 ? 0 : row.short_secret },
    live: stays === undefined ? [added] : [added, stays],
    secret: chosen === undefined ? secret : null,
    detail: { secret: added.id, overlapSeconds, ...chosenDetail(chosen), ...replacedDetail(replaced) },
  }
}

const chosenDetail = (chosen: string | undefined): object => (chosen === undefined ? {} : { chosen: true })
const replacedDetail = (replaced: { readonly id: string } | undefined): object => (replaced === undefined ? {} : { replaced: replaced.id })

/** A new public key beside the old one. */
export async function rotatePublicKey(
  { transaction, scheme, now }: Omit<RotationContext, 'sealer'>,
  row: KeyRow,
  publics: readonly PublicRow[],
  { overlapSeconds = DEFAULT_OVERLAP_SECONDS, secret, publicKey }: Rotation,
) {
  const { id } = row
  if (secret !== undefined) throw new ServerError('secret-unwanted', 400, `The key ${id} has a public key and no secret: give publicKey.`)
  if (publicKey === undefined)
    throw new ServerError('public-key-missing', 400, `The key ${id} has a public key: give the new one, which its owner made.`)
  const live = livePublicsOf(row, publics, now)
  const pem = checkedKey(scheme, { id, publicKey, ...anyPassphrase(scheme) }).publicKey ?? publicKey
  if (live.some(({ pem: known }) => known === pem))
    throw new ServerError('public-key-unchanged', 400, `The key ${id} has this public key already: give another one.`)
  const { stays, replaced } = turn(row, [...live, ...publics], live, overlapSeconds, now)
  const added: PublicRow = { id: randomUUID(), key_id: id, pem, created_at: now, expires_at: 0, last_used_at: 0 }
  await transaction.deleteFrom('key_public').where('key_id', '=', id).execute()
  await transaction
    .insertInto('key_public')
    .values(stays === undefined ? [added] : [added, stays])
    .execute()
  return {
    row: { ...row, public_key: pem, updated_at: now },
    live: stays === undefined ? [added] : [added, stays],
    detail: { publicKey: added.id, overlapSeconds, ...replacedDetail(replaced) },
  }
}
