import { FAILURES, type Failure, type Refusal, tell } from 'countersign'
import type { Database, Db } from '../database/database.ts'
import { createFlusher, type Flusher } from '../flusher.ts'
import { type Event, recorded, SERVER } from './audit-log.ts'

/**
 * What a refused request said, as far as the owner of the key may see it. No header and no body: there could be a
 * secret in them.
 */
interface Sample {
  readonly at: string
  readonly method: string
  /** Without the query. */
  readonly path: string
  readonly address: string
  readonly requestId?: string
  readonly traceId?: string
  readonly scheme?: string
  /** Of the secret or public key that its signature holds with. */
  readonly secretId?: string
}

/** What `explain` found, in sentences: never a message, never a signature. */
interface Cause {
  readonly code: string
  readonly did: string
  readonly fix: string
}

interface Count {
  readonly keyId: string
  readonly code: string
  readonly title: string
  count: number
  readonly samples: Sample[]
  causes: readonly Cause[]
}

/** An authentic call of a key that has made as many as it may for now. */
export interface OverRate {
  readonly code: 'rate-limited'
  readonly keyId: string
}

/** A refused call, with what finds it in other logs. */
interface RefusedCall extends Pick<Refusal, 'request'> {
  readonly failure: Failure | OverRate
  readonly requestId?: string | undefined
  readonly traceId?: string | undefined
  readonly scheme?: string | undefined
  readonly secretId?: string | undefined
}

export interface Refusals extends Flusher {
  /** For a verifier's `onRefused`; a gateway says more. */
  refused(refusal: RefusedCall): void
  /** What the admin API refused: wrong tokens, roles that may not. */
  adminRefused(code: string, request: Pick<Refusal['request'], 'method' | 'target' | 'address'>): void
  /** For `explainRefusals`. */
  explained(keyId: string, failure: Failure, causes: readonly Cause[]): void
}

const DEFAULT_REFUSAL_FLUSH_MS = 5_000
const MAX_SAMPLES = 3
/** Beyond this many keys, refusals are counted without their key. */
const MAX_COUNTS = 1_000
const MINUTE_MS = 60_000
/** By all processes together; what is beyond it is counted without its key. */
const MAX_ENTRIES_A_MINUTE = 100
/** So many entries of the log are looked at for what was written of late. */
const LOOK_BACK = 1_000
const REFUSED = 'request.refused'

/**
 * Counts refused requests by key and reason, and writes a count with a few samples into the audit log, the first one
 * soon and then once a minute: so that strangers can neither fill the log nor slow a request down.
 */
export function recordRefusals(
  database: Database,
  now: () => number,
  flushMs = DEFAULT_REFUSAL_FLUSH_MS,
  onError?: (error: unknown) => void,
): Refusals {
  let counts = new Map<string, Count>()

  function countOf(code: string, title: string, keyId: string): Count {
    const own = counts.get(`${code} ${keyId}`)
    if (own !== undefined) return own
    const id = counts.size < MAX_COUNTS ? keyId : ''
    const shared = counts.get(`${code} ${id}`)
    if (shared !== undefined) return shared
    const made: Count = { code, title, keyId: id, count: 0, samples: [], causes: [] }
    counts.set(`${code} ${id}`, made)
    return made
  }

  function add(count: Count, request: Pick<Refusal['request'], 'method' | 'target' | 'address'>, more: Partial<Sample> = {}): void {
    count.count++
    if (count.samples.length >= MAX_SAMPLES) return
    count.samples.push({
      at: new Date(now()).toISOString(),
      method: request.method.slice(0, 20),
      path: (request.target.split('?', 1)[0] ?? '').slice(0, 500),
      address: request.address ?? '',
      ...more,
    })
  }

  /** @param isLast writes everything, since there is no later */
  async function write(isLast: boolean): Promise<void> {
    if (counts.size === 0) return
    const batch = [...counts.values()]
    counts = new Map()
    try {
      const held = await recorded(database, SERVER, now(), async transaction => {
        const ids = [...new Set(batch.map(({ keyId }) => keyId))].filter(id => id !== '')
        const rows =
          ids.length === 0 ? [] : await transaction.selectFrom('api_key').select(['id', 'organisation_id']).where('id', 'in', ids).execute()
        const owners = new Map(rows.map(({ id, organisation_id }) => [id, organisation_id]))
        return eventsOf(batch, owners, await writtenOfLate(transaction, now() - MINUTE_MS), isLast)
      })
      restore(held)
    } catch (error) {
      restore(batch)
      tell(onError, error)
    }
  }

  /** For the next round. */
  function restore(held: readonly Count[]): void {
    for (const { code, title, keyId, count, samples, causes } of held) {
      const known = countOf(code, title, keyId)
      known.count += count
      known.samples.unshift(...samples.slice(0, MAX_SAMPLES - known.samples.length))
      if (known.causes.length === 0) known.causes = causes
    }
  }

  const flusher = createFlusher(() => write(false), flushMs)
  return {
    refused({ failure, request, requestId, traceId, scheme, secretId }) {
      const title = failure.code === 'rate-limited' ? 'Too many requests' : FAILURES[failure.code].title
      const count = countOf(failure.code, title, 'keyId' in failure ? failure.keyId.slice(0, 256) : '')
      add(count, request, given({ requestId, traceId, scheme, secretId }))
    },
    adminRefused: (code, request) => add(countOf(code, 'Administrator refused', ''), request),
    explained(keyId, failure, causes) {
      const count = countOf(failure.code, FAILURES[failure.code].title, keyId)
      if (causes.length > 0) count.causes = causes
    },
    flush: flusher.flush,
    async close() {
      await flusher.close()
      await write(true)
    },
  }
}

function given(more: { readonly [name in keyof Sample]?: Sample[name] | undefined }): Partial<Sample> {
  return Object.fromEntries(Object.entries(more).filter(([, value]) => value !== undefined && value !== ''))
}

/** Entries about refusals of the last minute, by all processes: `code subject`. */
async function writtenOfLate(transaction: Db, sinceMs: number): Promise<ReadonlySet<string>> {
  const rows = await transaction
    .selectFrom('audit')
    .select(['at', 'action', 'subject', 'detail'])
    .orderBy('sequence', 'desc')
    .limit(LOOK_BACK)
    .execute()
  const refusals = rows.filter(({ at, action }) => at > sinceMs && action === REFUSED)
  return new Set(refusals.map(({ subject, detail }) => `${(JSON.parse(detail) as { readonly code: string }).code} ${subject}`))
}

/**
 * One entry for a key, a reason and a minute. Unknown key ids are merged into one, because anyone can invent them, and
 * so is everything beyond {@link MAX_ENTRIES_A_MINUTE}.
 *
 * @returns as value, what has to wait for its minute to end
 */
function eventsOf(
  counts: readonly Count[],
  owners: ReadonlyMap<string, string>,
  written: ReadonlySet<string>,
  isLast: boolean,
): { readonly events: readonly Event[]; readonly value: readonly Count[] } {
  const groups = new Map<string, { readonly subject: string; readonly own: Count[] }>()
  for (const count of counts) {
    const isOwned = owners.has(count.keyId)
    const isRoom = groups.size + written.size < MAX_ENTRIES_A_MINUTE || groups.has(`${count.code} ${count.keyId}`)
    const subject = isOwned && isRoom ? count.keyId : ''
    const name = `${count.code} ${subject}`
    const group = groups.get(name)
    if (group === undefined) groups.set(name, { subject, own: [count] })
    else group.own.push(count)
  }
  const events: Event[] = []
  const value: Count[] = []
  for (const [name, { subject, own }] of groups) {
    if (!isLast && written.has(name)) {
      value.push(...own)
      continue
    }
    const [first] = own
    if (first === undefined) continue
    const { code, title, causes } = first
    const count = own.reduce((sum, one) => sum + one.count, 0)
    const samples = own.flatMap(one => one.samples).slice(0, MAX_SAMPLES)
    const detail = { code, title, count, samples, ...(causes.length === 0 || subject === '' ? {} : { causes }) }
    events.push({ action: REFUSED, organisationId: owners.get(subject) ?? '', subject, detail })
  }
  return { events, value }
}
