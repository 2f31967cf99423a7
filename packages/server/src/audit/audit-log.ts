import { createHash } from 'node:crypto'
import type { Selectable } from 'kysely'
import type { Database, Db } from '../database/database.ts'
import type { Tables } from '../database/tables.ts'

/** Who did something, and from where. */
export interface Actor {
  /** `admin:<id>`, `local:<user>`, or `server`. */
  readonly name: string
  /** The IP address; empty for work on the database itself. */
  readonly address: string
  /** Throws where it may no longer do what it was let in for: between its first word and its deed may lie a while. */
  readonly check?: ((transaction: Db) => Promise<void>) | undefined
}

export const SERVER: Actor = { name: 'server', address: '' }

/** One thing that happened. `key.*` are the changes of keys. */
export interface Event {
  readonly action: string
  /** Empty where it is about no organisation. */
  readonly organisationId: string
  /** The id of the key, or of the administrator. */
  readonly subject: string
  readonly detail?: { readonly [name: string]: unknown } | undefined
}

export interface AuditEntry {
  readonly sequence: number
  readonly at: number
  readonly actor: string
  readonly organisationId: string
  readonly action: string
  readonly subject: string
  readonly address: string
  readonly detail: { readonly [name: string]: unknown }
  /** Of the entry before; 64 zeros for the first. */
  readonly previousHash: string
  /** SHA-256, hexadecimal: see {@link hashEntry}. */
  readonly hash: string
}

export const FIRST_HASH = '0'.repeat(64)

/**
 * Does something and writes down that it was done, both or neither. Such transactions come one after the other on all
 * machines, so the entries have no gaps, and a process that reads on from the last one that it knows misses nothing.
 * Whether the actor may still act is looked at in the same transaction.
 *
 * @param work returns what happened, and a value for the caller
 */
export async function recorded<T>(
  database: Database,
  actor: Actor,
  now: number,
  work: (transaction: Db) => Promise<{ readonly events: readonly Event[]; readonly value: T }>,
): Promise<T> {
  return await database.db.transaction().execute(async transaction => {
    const head = await lockHead(database, transaction)
    await actor.check?.(transaction)
    const { events, value } = await work(transaction)
    if (events.length === 0) return value
    let { sequence, hash: previousHash } = head
    for (const event of events) {
      sequence++
      const entry = {
        sequence,
        at: now,
        actor: actor.name,
        organisation_id: event.organisationId,
        action: event.action,
        subject: event.subject,
        address: actor.address,
        detail: JSON.stringify(event.detail ?? {}),
        previous_hash: previousHash,
      }
      const hash = hashEntry(entry)
      await transaction
        .insertInto('audit')
        .values({ ...entry, hash })
        .execute()
      previousHash = hash
    }
    await transaction.updateTable('audit_head').set({ sequence, hash: previousHash }).where('id', '=', 1).execute()
    await database.announce(transaction)
    return value
  })
}

async function lockHead(database: Database, transaction: Db): Promise<{ sequence: number; hash: string }> {
  const read = transaction.selectFrom('audit_head').select(['sequence', 'hash']).where('id', '=', 1)
  const locking = database.kind === 'postgres' ? read.forUpdate() : read
  const head = await locking.executeTakeFirst()
  if (head !== undefined) return head
  await transaction
    .insertInto('audit_head')
    .values({ id: 1, sequence: 0, hash: FIRST_HASH })
    .onConflict(conflict => conflict.doNothing())
    .execute()
  return await locking.executeTakeFirstOrThrow()
}

/** As it stands in the table, but for its own hash. */
export type AuditRow = Omit<Selectable<Tables['audit']>, 'hash'>

/** SHA-256 over the JSON list of all fields in this order, the hash of the entry before first. */
export function hashEntry(row: AuditRow): string {
  const fields = [row.previous_hash, row.sequence, row.at, row.actor, row.organisation_id, row.action, row.subject, row.address, row.detail]
  return createHash('sha256').update(JSON.stringify(fields)).digest('hex')
}

export interface AuditQuery {
  /** Left out: all. */
  readonly organisationId?: string | undefined
  readonly subject?: string | undefined
  readonly action?: string | undefined
  /** Only entries before this one. */
  readonly before?: number | undefined
  readonly limit: number
}

/** The newest first. */
export async function listAudit(db: Db, { organisationId, subject, action, before, limit }: AuditQuery): Promise<readonly AuditEntry[]> {
  let query = db.selectFrom('audit').selectAll().orderBy('sequence', 'desc').limit(limit)
  if (organisationId !== undefined) query = query.where('organisation_id', '=', organisationId)
  if (subject !== undefined) query = query.where('subject', '=', subject)
  if (action !== undefined) query = query.where('action', '=', action)
  if (before !== undefined) query = query.where('sequence', '<', before)
  return (await query.execute()).map(readEntry)
}

const READ_AT_ONCE = 1_000

/** The number of the last entry, of all or of those about an organisation; 0: there is none. */
export async function lastSequence(db: Db, organisationId?: string): Promise<number> {
  let query = db.selectFrom('audit').select('sequence').orderBy('sequence', 'desc').limit(1)
  if (organisationId !== undefined) query = query.where('organisation_id', '=', organisationId)
  return (await query.executeTakeFirst())?.sequence ?? 0
}

/** All of it, the oldest first, a piece at a time. @param end the last entry. Default: the one that is last by then */
export async function* readAudit(db: Db, organisationId?: string, end: number = Number.MAX_SAFE_INTEGER): AsyncGenerator<AuditEntry> {
  let last = 0
  for (;;) {
    let query = db
      .selectFrom('audit')
      .selectAll()
      .where('sequence', '>', last)
      .where('sequence', '<=', end)
      .orderBy('sequence')
      .limit(READ_AT_ONCE)
    if (organisationId !== undefined) query = query.where('organisation_id', '=', organisationId)
    const rows = await query.execute()
    yield* rows.map(readEntry)
    last = rows.at(-1)?.sequence ?? last
    if (rows.length < READ_AT_ONCE) return
  }
}

function readEntry(row: AuditRow & { hash: string }): AuditEntry {
  const { sequence, at, actor, action, subject, address, hash } = row
  return {
    sequence,
    at,
    actor,
    organisationId: row.organisation_id,
    action,
    subject,
    address,
    detail: JSON.parse(row.detail) as AuditEntry['detail'],
    previousHash: row.previous_hash,
    hash,
  }
}
