import type { Db } from '../database/database.ts'
import type { Sealer } from '../seal/sealer.ts'
import { hashEntry } from './audit-log.ts'
import { type KeptPlace, readCheckpoint, readPlace } from './checkpoint.ts'
import type { Place } from './head.ts'

export interface ChainReport {
  /** How many there are; pruned ones are not counted. */
  readonly entries: number
  /** Of the last entry: keep it elsewhere, to be able to tell that nothing was cut off or written anew. */
  readonly head: string
  readonly broken: Broken | undefined
}

interface Broken {
  /** Of the first entry that is not as it was written. */
  readonly sequence: number
  readonly reason: string
  /** How many entries are gone at the end, where all others are as they were written. */
  readonly missing?: number
}

const READ_AT_ONCE = 1_000

/**
 * Reads the whole audit log and checks every hash, from the checkpoint on where it was pruned. Where more is pruned
 * meanwhile, it begins again from there.
 *
 * @param kept a head that was kept elsewhere. Without one, entries that were cut off together with the head in the
 * database are not noticed
 * @throws ServerError `head-malformed`, `audit-checkpoint-damaged`
 */
export async function verifyChain(db: Db, sealer: Pick<Sealer, 'open'>, kept?: string): Promise<ChainReport> {
  const wanted = kept === undefined ? undefined : readPlace(kept)
  for (let checkpoint = await readCheckpoint(db, sealer); ; ) {
    const report = await verifyFrom(db, checkpoint, wanted)
    if (report.broken === undefined) return report
    const now = await readCheckpoint(db, sealer)
    if (now.sequence <= checkpoint.sequence) return report
    checkpoint = now
  }
}

async function verifyFrom(db: Db, checkpoint: Place, wanted: KeptPlace | undefined): Promise<ChainReport> {
  let { sequence, hash } = checkpoint
  const isWanted = (): boolean => wanted?.hash === hash && (wanted.sequence ?? sequence) === sequence
  let isFound = isWanted()
  const reportOf = (found: Broken | undefined): ChainReport => ({ entries: sequence - checkpoint.sequence, head: hash, broken: found })
  const broken = (at: number, reason: string): ChainReport => reportOf({ sequence: at, reason })
  for (;;) {
    // Read before the entries: those that are written meanwhile are read in the next round.
    const head = await db.selectFrom('audit_head').select(['sequence', 'hash']).where('id', '=', 1).executeTakeFirst()
    const rows = await db.selectFrom('audit').selectAll().where('sequence', '>', sequence).orderBy('sequence').limit(READ_AT_ONCE).execute()
    for (const row of rows) {
      if (row.sequence !== sequence + 1) return broken(sequence + 1, 'The entry is missing.')
      if (row.previous_hash !== hash) return broken(row.sequence, 'It does not follow the entry before it.')
      if (row.hash !== hashEntry(row)) return broken(row.sequence, 'Its hash does not fit what it says.')
      sequence = row.sequence
      hash = row.hash
      isFound ||= isWanted()
    }
    if (rows.length === 0) return reportOf(wrongEnd(head))
  }

  function wrongEnd(head: Place | undefined): Broken | undefined {
    if (head === undefined && sequence > 0)
      return { sequence: sequence + 1, reason: 'The head of the log is missing: entries may have been cut off.' }
    if (head !== undefined && head.sequence > sequence)
      return endMissing(`The store says that its last entry is ${head.sequence}`, head.sequence, sequence)
    if (head !== undefined && (head.sequence !== sequence || head.hash !== hash))
      return { sequence, reason: `The store says that its last entry is ${head.sequence}, with another hash: the log was written anew.` }
    return wanted === undefined || isFound ? undefined : withoutKept(wanted, checkpoint, { sequence, hash })
  }
}

/** What is known of a log that is whole by itself, and hasn't the entry of a head that was kept. */
function withoutKept({ sequence }: KeptPlace, checkpoint: Place, last: Place): Broken {
  if (sequence === undefined)
    return {
      sequence: last.sequence + 1,
      reason: `No entry has the hash of the kept head; the log ends with entry ${last.sequence}. ${WHY} How many are gone would show by a head with its number, as audit head prints it.`,
    }
  if (sequence < checkpoint.sequence)
    return {
      sequence: checkpoint.sequence,
      reason: `The kept head is older than what was pruned, which ends with entry ${checkpoint.sequence}: keep a newer one.`,
    }
  if (sequence > last.sequence) {
    const { reason, ...rest } = endMissing(`The kept head is entry ${sequence}`, sequence, last.sequence)
    return { ...rest, reason: `${reason} ${WHY}` }
  }
  return {
    sequence,
    reason: `Entry ${sequence} is another than the one of the kept head: the log was written anew from there, or from before. ${WHY}`,
  }
}

const WHY = 'A backup that was restored is like that, for what happened after it; otherwise somebody changed the log.'

function endMissing(seen: string, wanted: number, last: number): Broken {
  const missing = wanted - last
  return {
    sequence: last + 1,
    reason: `${seen}, and the log ends with entry ${last}: ${missing} ${missing === 1 ? 'entry is' : 'entries are'} gone.`,
    missing,
  }
}
