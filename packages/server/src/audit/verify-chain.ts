import type { Db } from '../database/database.ts'
import { FIRST_HASH, hashEntry } from './audit-log.ts'

export interface ChainReport {
  readonly entries: number
  /** Of the last entry: keep it elsewhere, to be able to tell that nothing was cut off or written anew. */
  readonly head: string
  /** The first entry that is not as it was written, and what is wrong with it. */
  readonly broken: { readonly sequence: number; readonly reason: string } | undefined
}

const READ_AT_ONCE = 1_000

/** Reads the whole audit log and checks every hash. */
export async function verifyChain(db: Db): Promise<ChainReport> {
  let sequence = 0
  let hash = FIRST_HASH
  const broken = (at: number, reason: string): ChainReport => ({ entries: sequence, head: hash, broken: { sequence: at, reason } })
  for (;;) {
    const rows = await db.selectFrom('audit').selectAll().where('sequence', '>', sequence).orderBy('sequence').limit(READ_AT_ONCE).execute()
    for (const row of rows) {
      if (row.sequence !== sequence + 1) return broken(sequence + 1, 'The entry is missing.')
      if (row.previous_hash !== hash) return broken(row.sequence, 'It does not follow the entry before it.')
      if (row.hash !== hashEntry(row)) return broken(row.sequence, 'Its hash does not fit what it says.')
      sequence = row.sequence
      hash = row.hash
    }
    if (rows.length < READ_AT_ONCE) break
  }
  const head = await db.selectFrom('audit_head').select(['sequence', 'hash']).where('id', '=', 1).executeTakeFirst()
  if (head !== undefined && (head.sequence !== sequence || head.hash !== hash))
    return broken(sequence + 1, `Entries are missing at the end: there were ${head.sequence}.`)
  return { entries: sequence, head: hash, broken: undefined }
}
