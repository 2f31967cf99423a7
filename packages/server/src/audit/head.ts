import type { Db } from '../database/database.ts'
import { FIRST_HASH } from './audit-log.ts'

/** An entry of the log by its number and its hash. */
export interface Place {
  readonly sequence: number
  readonly hash: string
}

/** Before the first entry. */
export const BEGINNING: Place = { sequence: 0, hash: FIRST_HASH }

/** The last entry of the log. */
export async function readHead(db: Db): Promise<Place> {
  const head = await db.selectFrom('audit_head').select(['sequence', 'hash']).where('id', '=', 1).executeTakeFirst()
  return head ?? BEGINNING
}
