import type { Database } from '../database/database.ts'
import type { BoundSealer } from '../seal/canary.ts'
import type { Actor } from './audit-log.ts'
import { type Place, readHead } from './head.ts'
import { type PruneReport, pruneAudit } from './prune.ts'
import { type ChainReport, verifyChain } from './verify-chain.ts'

/** What an operator does with the audit log as a whole. */
export interface AuditControl {
  /** @param kept a head that was kept elsewhere. @throws ServerError `head-malformed`, `audit-checkpoint-damaged` */
  verify(kept?: string): Promise<ChainReport>
  /** The last entry, to be kept elsewhere. */
  head(): Promise<Place>
  /** @throws ServerError `prune-too-young` */
  prune(actor: Actor, beforeMs: number): Promise<PruneReport>
}

export function createAuditControl(database: Database, sealer: BoundSealer, clock: () => number): AuditControl {
  const { db } = database
  return {
    verify: kept => verifyChain(db, sealer, kept),
    head: () => readHead(db),
    async prune(actor, beforeMs) {
      await sealer.prepare()
      return await pruneAudit(database, sealer, actor, beforeMs, clock())
    },
  }
}
