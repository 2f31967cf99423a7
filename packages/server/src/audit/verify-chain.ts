import type { Db } from '../database/database.ts'
import type { Sealer } from '../seal/sealer.ts'
import { hashEntry } from './audit-log.ts'
import { readCheckpoint, readPlace } from './checkpoint.ts'

export interface ChainReport {
  /** How many there are; pruned ones are not counted. */
  readonly entries: number
  /** Of the last entry: keep it elsewhere, to be able to tell that nothing was cut off or written anew. */
  readonly head: string
  /** The first entry that is not as it was written, and what is wrong with it. */
  readonly broken: { readonly sequence: number; readonly reason: string } | undefined
}

const READ_AT_ONCE = 1_000

/**
 * Reads the whole audit log and checks every hash, from the checkpoint on where it was pruned.
 *
 * @param kept a head that was kept elsewhere. Without one, entries that were cut off together with the head in the
 * database are not noticed
 * @throws ServerError `head-malformed`, `audit-checkpoint-damaged`
 */
export async function verifyChain(db: Db, sealer: Pick<Sealer, 'open'>, kept?: string): Promise<ChainReport> {
  const wanted = kept === undefined ? undefined : readPlace(kept)
  const checkpoint = await readCheckpoint(db, sealer)
  let { sequence, hash } = checkpoint
  const isWanted = (): boolean => wanted?.hash === hash && (wanted.sequence ?? sequence) === sequence
  let isFound = isWanted()
  const broken = (at: number, reason: string): ChainReport => ({
    entries: sequence - checkpoint.sequence,
    head: hash,
    broken: { sequence: at, reason },
  })
  for (;;) {
    const rows = await db.selectFrom('audit').selectAll().where('sequence', '>', sequence).orderBy('sequence').limit(READ_AT_ONCE).execute()
    for (const row of rows) {
      if (row.sequence !== sequence + 1) return broken(sequence + 1, 'The entry is missing.')
      if (row.previous_hash !== hash) return broken(row.sequence, 'It does not follow the entry before it.')
      if (row.hash !== hashEntry(row)) return broken(row.sequence, 'Its hash does not fit what it says.')
      sequence = row.sequence
      hash = row.hash
      isFound ||= isWanted()
    }
    if (rows.length < READ_AT_ONCE) break
  }
  const head = await db.selectFrom('audit_head').select(['sequence', 'hash']).where('id', '=', 1).executeTakeFirst()
  if (head === undefined && sequence > 0) return broken(sequence + 1, 'The head of the log is missing: entries may have been cut off.')
  if (head !== undefined && (head.sequence !== sequence || head.hash !== hash))
    return broken(sequence + 1, `Entries are missing at the end: there were ${head.sequence}.`)
  if (wanted !== undefined && !isFound)
    return (wanted.sequence ?? sequence) < checkpoint.sequence
      ? broken(
          checkpoint.sequence,
          `The kept head is older than what was pruned, which ends with entry ${checkpoint.sequence}: keep a newer one.`,
        )
      : broken(wanted.sequence ?? sequence + 1, 'The kept head is not in the log: entries were cut off or written anew.')
  return { entries: sequence - checkpoint.sequence, head: hash, broken: undefined }
}
