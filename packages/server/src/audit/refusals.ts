import { FAILURES, type Failure, type Refusal, tell } from 'countersign'
import type { Database } from '../database/database.ts'
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

export interface Refusals extends Flusher {
  /** For a verifier's `onRefused`. */
  refused(refusal: Pick<Refusal, 'failure' | 'request'>): void
  /** What the admin API refused: wrong tokens, roles that may not. */
  adminRefused(code: string, request: Pick<Refusal['request'], 'method' | 'target' | 'address'>): void
  /** For `explainRefusals`. */
  explained(keyId: string, failure: Failure, causes: readonly Cause[]): void
}

const DEFAULT_REFUSAL_FLUSH_MS = 5_000
const MAX_SAMPLES = 3
/** Beyond this many keys, refusals are counted without their key. */
const MAX_COUNTS = 1_000

/**
 * Counts refused requests by key and reason, and writes a count with a few samples into the audit log at intervals: so
 * that strangers can neither fill the log nor slow a request down.
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

  function add(count: Count, request: Pick<Refusal['request'], 'method' | 'target' | 'address'>): void {
    count.count++
    if (count.samples.length >= MAX_SAMPLES) return
    count.samples.push({
      at: new Date(now()).toISOString(),
      method: request.method.slice(0, 20),
      path: (request.target.split('?', 1)[0] ?? '').slice(0, 500),
      address: request.address ?? '',
    })
  }

  async function write(): Promise<void> {
    if (counts.size === 0) return
    const batch = counts
    counts = new Map()
    try {
      await recorded(database, SERVER, now(), async transaction => {
        const ids = [...new Set([...batch.values()].map(({ keyId }) => keyId))].filter(id => id !== '')
        const rows =
          ids.length === 0 ? [] : await transaction.selectFrom('api_key').select(['id', 'organisation_id']).where('id', 'in', ids).execute()
        const owners = new Map(rows.map(({ id, organisation_id }) => [id, organisation_id]))
        return { events: eventsOf([...batch.values()], owners), value: undefined }
      })
    } catch (error) {
      for (const [name, { count, ...rest }] of batch) {
        const newer = counts.get(name)
        if (newer !== undefined) newer.count += count
        else if (counts.size < MAX_COUNTS) counts.set(name, { ...rest, count })
      }
      tell(onError, error)
    }
  }

  const flusher = createFlusher(write, flushMs)
  return {
    refused({ failure, request }) {
      const { title } = FAILURES[failure.code]
      add(countOf(failure.code, title, 'keyId' in failure ? failure.keyId.slice(0, 256) : ''), request)
    },
    adminRefused: (code, request) => add(countOf(code, 'Administrator refused', ''), request),
    explained(keyId, failure, causes) {
      const count = countOf(failure.code, FAILURES[failure.code].title, keyId)
      if (causes.length > 0) count.causes = causes
    },
    ...flusher,
  }
}

/** Unknown key ids are merged into one row, because anyone can invent them. */
function eventsOf(counts: readonly Count[], owners: ReadonlyMap<string, string>): readonly Event[] {
  const events = new Map<string, Event & { readonly detail: { count: number; samples: readonly Sample[] } }>()
  for (const { code, title, keyId, count, samples, causes } of counts) {
    const organisationId = owners.get(keyId) ?? ''
    const subject = organisationId === '' ? '' : keyId
    const name = `${code} ${subject}`
    const known = events.get(name)
    if (known === undefined)
      events.set(name, {
        action: 'request.refused',
        organisationId,
        subject,
        detail: { code, title, count, samples, ...(causes.length === 0 ? {} : { causes }) } as {
          count: number
          samples: readonly Sample[]
        },
      })
    else {
      known.detail.count += count
      known.detail.samples = [...known.detail.samples, ...samples].slice(0, MAX_SAMPLES)
    }
  }
  return [...events.values()]
}
