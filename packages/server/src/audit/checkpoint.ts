import type { Db } from '../database/database.ts'
import { ServerError } from '../errors.ts'
import type { Sealer } from '../seal/sealer.ts'
import { BEGINNING, type Place } from './head.ts'

/** The setting that says where the log begins. */
export const CHECKPOINT = 'audit-checkpoint'

/** As {@link Place}, as it was kept elsewhere: maybe without its number. */
export interface KeptPlace {
  readonly sequence: number | undefined
  readonly hash: string
}

/**
 * The last entry that was pruned. It is sealed with the master key: whoever can write to the database alone can't cut
 * the log off and say that it was pruned.
 *
 * @throws ServerError `audit-checkpoint-damaged`, `master-key-wrong`
 */
export async function readCheckpoint(db: Db, sealer: Pick<Sealer, 'open'>): Promise<Place> {
  const row = await db.selectFrom('setting').select('value').where('name', '=', CHECKPOINT).executeTakeFirst()
  if (row === undefined) return BEGINNING
  try {
    return JSON.parse(Buffer.from(await sealer.open(row.value, CHECKPOINT)).toString()) as Place
  } catch (error) {
    if (error instanceof ServerError && error.code === 'master-key-wrong') throw error
    throw new ServerError(
      'audit-checkpoint-damaged',
      500,
      'The checkpoint that the pruned audit log begins at was not written by this store: somebody changed it.',
      error,
    )
  }
}

export async function writeCheckpoint(transaction: Db, sealer: Sealer, { sequence, hash }: Place): Promise<void> {
  const value = await sealer.seal(Buffer.from(JSON.stringify({ sequence, hash })), CHECKPOINT)
  await transaction
    .insertInto('setting')
    .values({ name: CHECKPOINT, value })
    .onConflict(conflict => conflict.column('name').doUpdateSet({ value }))
    .execute()
}

/** What to keep elsewhere, as text: `12:5f3c…`. */
export function placeText({ sequence, hash }: Place): string {
  return `${sequence}:${hash}`
}

/** @param text as {@link placeText} writes it, or the hash alone. @throws ServerError `head-malformed` */
export function readPlace(text: string): KeptPlace {
  const [, sequence, hash] = /^(?:(\d{1,15}):)?([0-9a-f]{64})$/.exec(text.trim()) ?? []
  if (hash === undefined)
    throw new ServerError('head-malformed', 400, 'A head is 64 hexadecimal digits, with the number of its entry before them: 12:5f3c….')
  return { sequence: sequence === undefined ? undefined : Number(sequence), hash }
}
