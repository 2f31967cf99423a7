import type { Principal } from '@countersign/server'
import { z } from 'zod'
import { inScope } from '../scope.ts'
import type { Store } from '../store/database.ts'
import { status } from '../transactions/read.ts'
import { count, seconds, timestamp } from '../values.ts'

/** One change of a transaction, as a feed tells of it. */
export const feedMessage = z
  .object({
    sequence: count.meta({ description: 'Grows with every change; give the last one as ?since= to go on after it.' }),
    eventID: z.string(),
    txID: z.string(),
    txHash: z.string(),
    status,
    message: z.string(),
    timestamp,
    fundID: z.string(),
    walletID: z.string(),
    snapshot: z.boolean().optional().meta({ description: 'How a transaction stood when the feed was opened, not a change.' }),
  })
  .meta({ id: 'FeedMessage' })

export const feedQuery = {
  since: z.coerce
    .number()
    .int()
    .min(0)
    .max(Number.MAX_SAFE_INTEGER)
    .optional()
    .meta({ description: 'Go on after this sequence. Left out: how every running transaction stands, and then what changes.' }),
}

/** What a feed may see. */
export type Scope = Pick<Principal, 'organisationId' | 'fundId' | 'walletId'>

export interface FeedEvent extends Scope {
  readonly sequence: number
  /** The message, written once for all who get it. */
  readonly text: string
}

const AT_ONCE = 500

/** What changed after a sequence, the oldest first, some of it at once. */
export async function eventsAfter(store: Store, sequence: number, scope?: Scope): Promise<readonly FeedEvent[]> {
  let query = select(store)
    .where('web3_transaction_event.sequence', '>', sequence)
    .orderBy('web3_transaction_event.sequence')
    .limit(AT_ONCE)
  if (scope !== undefined) query = query.where(inScope(scope))
  return (await query.execute()).map(row => eventOf(row))
}

/** How every running transaction stands, and up to which sequence that is known. */
export function snapshotOf(store: Store, scope: Scope): Promise<{ readonly events: readonly FeedEvent[]; readonly upTo: number }> {
  return store.transaction().execute(async db => {
    const { upTo } = await db
      .selectFrom('web3_transaction_event')
      .select(({ fn }) => fn.max('sequence').as('upTo'))
      .executeTakeFirstOrThrow()
    const rows = await select(db)
      .where('web3_transaction.next_at', 'is not', null)
      .where(({ eb, selectFrom }) =>
        eb(
          'web3_transaction_event.sequence',
          'in',
          selectFrom('web3_transaction_event as latest')
            .select(({ fn }) => fn.max('latest.sequence').as('sequence'))
            .groupBy('latest.transaction_id'),
        ),
      )
      .where(inScope(scope))
      .orderBy('web3_transaction_event.sequence')
      .execute()
    // Nothing has happened yet: max of nothing is null.
    return { events: rows.map(row => eventOf(row, true)), upTo: (upTo as number | null) ?? 0 }
  })
}

export async function lastSequence(store: Store): Promise<number> {
  const { last } = await store
    .selectFrom('web3_transaction_event')
    .select(({ fn }) => fn.max('sequence').as('last'))
    .executeTakeFirstOrThrow()
  return (last as number | null) ?? 0
}

function select(db: Store) {
  return db
    .selectFrom('web3_transaction_event')
    .innerJoin('web3_transaction', 'web3_transaction.id', 'web3_transaction_event.transaction_id')
    .innerJoin('wallet', 'wallet.id', 'web3_transaction.wallet_id')
    .innerJoin('fund', 'fund.id', 'wallet.fund_id')
    .select([
      'web3_transaction_event.sequence',
      'web3_transaction_event.id',
      'web3_transaction_event.transaction_id',
      'web3_transaction_event.status',
      'web3_transaction_event.message',
      'web3_transaction_event.at',
      'web3_transaction.tx_hash',
      'web3_transaction.organisation_id',
      'wallet.fund_id',
      'wallet.id as wallet_id',
    ])
}

type Row = Awaited<ReturnType<ReturnType<typeof select>['execute']>>[number]

function eventOf(row: Row, isSnapshot = false): FeedEvent {
  const message: z.infer<typeof feedMessage> = {
    sequence: row.sequence,
    eventID: row.id,
    txID: row.transaction_id,
    txHash: row.tx_hash,
    status: row.status as z.infer<typeof status>,
    message: row.message,
    timestamp: seconds(row.at),
    fundID: row.fund_id,
    walletID: row.wallet_id,
    ...(isSnapshot ? { snapshot: true } : {}),
  }
  return {
    sequence: row.sequence,
    organisationId: row.organisation_id,
    fundId: row.fund_id,
    walletId: row.wallet_id,
    text: JSON.stringify(message),
  }
}
