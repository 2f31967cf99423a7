import type { Database } from '../database/database.ts'
import { ServerError } from '../errors.ts'
import type { BoundSealer } from '../seal/canary.ts'
import { type Actor, recorded } from './audit-log.ts'
import { readCheckpoint, writeCheckpoint } from './checkpoint.ts'
import type { Place } from './head.ts'

/** Servers read on in the log to hear of changed keys; what they may not have read stays. */
const MIN_AGE_MS = 86_400_000
const AT_ONCE = 10_000

export interface PruneReport {
  readonly removed: number
  readonly checkpoint: Place
}

/**
 * Removes the entries before a moment, from the first one on without a gap, and leaves a sealed checkpoint that the
 * chain is verified from. A piece at a time; broken off, what is removed is consistent.
 *
 * @throws ServerError `prune-too-young`
 */
export async function pruneAudit(
  database: Database,
  sealer: BoundSealer,
  actor: Actor,
  beforeMs: number,
  now: number,
): Promise<PruneReport> {
  if (!(beforeMs <= now - MIN_AGE_MS))
    throw new ServerError('prune-too-young', 400, 'The entries of the last day stay: give an earlier moment.')
  let removed = 0
  for (;;) {
    const piece = await recorded(database, actor, now, async transaction => {
      const from = await readCheckpoint(transaction, sealer)
      const stays = await transaction
        .selectFrom('audit')
        .select('sequence')
        .where('at', '>=', beforeMs)
        .orderBy('sequence')
        .limit(1)
        .executeTakeFirst()
      const head = await transaction.selectFrom('audit_head').select('sequence').executeTakeFirst()
      // The last one stays in any case: the log goes on from it.
      const end = Math.min(stays?.sequence ?? Number.POSITIVE_INFINITY, head?.sequence ?? 0, from.sequence + AT_ONCE + 1) - 1
      const last =
        end <= from.sequence
          ? undefined
          : await transaction.selectFrom('audit').select(['sequence', 'hash']).where('sequence', '=', end).executeTakeFirst()
      if (last === undefined) return { events: [], value: { count: 0, checkpoint: from } }
      const { numDeletedRows } = await transaction.deleteFrom('audit').where('sequence', '<=', end).executeTakeFirst()
      await writeCheckpoint(transaction, await sealer.within(transaction), last)
      const count = Number(numDeletedRows)
      const detail = { before: new Date(beforeMs).toISOString(), removed: count, checkpoint: last }
      return { events: [{ action: 'audit.prune', organisationId: '', subject: '', detail }], value: { count, checkpoint: last } }
    })
    removed += piece.count
    if (piece.count < AT_ONCE) return { removed, checkpoint: piece.checkpoint }
  }
}
