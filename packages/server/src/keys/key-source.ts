import { type Key, type KeySource, refuseUnknown } from 'countersign'
import type { OpenedKey } from './open-key.ts'

export interface CachedKeysOptions {
  /** Reads a key from the store. */
  readonly open: (id: string) => Promise<OpenedKey | undefined>
  /** The time, for what ends. Default: the system's. */
  readonly now?: (() => number) | undefined
  /**
   * Another clock, for ages, which nobody sets: the system's may be put back, and what is old would be new. In
   * milliseconds. Default: `now` where that is given, else the process's own.
   */
  readonly age?: (() => number) | undefined
  /** A key is read again after this. Default: a minute. */
  readonly maxAgeMs?: number | undefined
  /** How much longer a known key serves while the store can't be read; then it is a 503. Default: five minutes. */
  readonly graceMs?: number | undefined
  /** Default: 10,000 keys; those that were used longest ago go first. */
  readonly maxKeys?: number | undefined
  /** How long an id that is not in the store is remembered to be unknown. Default: 2 s. */
  readonly unknownAgeMs?: number | undefined
  /** Default: 10,000. */
  readonly maxUnknown?: number | undefined
}

const OPTIONS: { readonly [N in keyof Required<CachedKeysOptions>]: true } = {
  open: true,
  now: true,
  age: true,
  maxAgeMs: true,
  graceMs: true,
  maxKeys: true,
  unknownAgeMs: true,
  maxUnknown: true,
}

/** A key source that asks the store seldom. */
export interface CachedKeys extends KeySource {
  /** Of one scheme, or of some whose keys are used alike: keys of other schemes are unknown to it. */
  ofScheme(...names: string[]): KeySource
  /** The key has changed: what is known of it is read again before it is used. */
  forget(id: string): void
  /** All of them may have changed. */
  forgetAll(): void
  readonly size: number
  readonly counts: CacheCounts
}

/** How often keys were found in memory, read from the store, or served because that was away. */
interface CacheCounts {
  readonly hits: number
  readonly misses: number
  readonly stale: number
}

interface Entry {
  readonly opened: OpenedKey
  readonly readAtMs: number
}

const DEFAULT_MAX_AGE_MS = 60_000
export const DEFAULT_GRACE_MS = 300_000

/**
 * Keeps opened keys in memory, bounded in age and number. One load at a time for a key, however many requests wait for
 * it; a key that changes while it is loaded is loaded again. When the store is away, known keys serve for a stated
 * grace, and everything else is refused.
 */
export function cachedKeys(options: CachedKeysOptions): CachedKeys {
  refuseUnknown(options, Object.keys(OPTIONS), 'cachedKeys:')
  const { open, now = Date.now, maxAgeMs = DEFAULT_MAX_AGE_MS, graceMs = DEFAULT_GRACE_MS } = options
  const { age = options.now ?? (() => performance.now()) } = options
  const { maxKeys = 10_000, unknownAgeMs = 2_000, maxUnknown = 10_000 } = options
  const known = new Map<string, Entry>()
  const unknown = new Map<string, number>()
  const loading = new Map<string, Promise<Key | undefined>>()
  /** Ids that were forgotten while they were loaded. */
  const outdated = new Set<string>()
  const counts = { hits: 0, misses: 0, stale: 0 }
  /** Whether the store could not be read when that was tried last. */
  let isAway = false

  function find(id: string): Key | undefined | Promise<Key | undefined> {
    const at = age()
    const entry = known.get(id)
    if (entry !== undefined && at < entry.readAtMs + maxAgeMs && now() < entry.opened.goodUntilMs) {
      counts.hits++
      return entry.opened.key
    }
    const missedAt = unknown.get(id)
    if (missedAt !== undefined && at < missedAt + unknownAgeMs) {
      counts.hits++
      return undefined
    }
    const running = loading.get(id)
    // A store that hangs would have each call of a known key wait until it is given up.
    if (isAway && entry !== undefined && mayServe(entry)) {
      if (running === undefined) load(id, entry, false).catch(() => undefined)
      counts.stale++
      return entry.opened.key
    }
    return running ?? load(id, entry, true)
  }

  /** @param isWaitedFor whether a call is served by what comes of it */
  function load(id: string, entry: Entry | undefined, isWaitedFor: boolean): Promise<Key | undefined> {
    counts.misses++
    const loaded = reload(id, entry, isWaitedFor).finally(() => loading.delete(id))
    loading.set(id, loaded)
    return loaded
  }

  /** Whether a key may serve without the store. */
  function mayServe({ readAtMs, opened }: Entry): boolean {
    return age() < readAtMs + maxAgeMs + graceMs && now() < opened.goodUntilMs
  }

  async function reload(id: string, entry: Entry | undefined, isWaitedFor: boolean): Promise<Key | undefined> {
    let opened: OpenedKey | undefined
    let readAtMs: number
    try {
      do {
        outdated.delete(id)
        readAtMs = age()
        opened = await open(id)
      } while (outdated.has(id))
      isAway = false
    } catch (error) {
      outdated.delete(id)
      isAway = true
      // Only what has not been changed meanwhile: what was forgotten is not in the map any more.
      if (entry !== undefined && known.get(id) === entry && mayServe(entry)) {
        if (isWaitedFor) counts.stale++
        return entry.opened.key
      }
      throw error
    }
    known.delete(id)
    unknown.delete(id)
    if (opened === undefined) keep(unknown, id, readAtMs, maxUnknown)
    else keep(known, id, { opened, readAtMs }, maxKeys)
    return opened?.key
  }

  return {
    find,
    ofScheme: (...names) => ({
      find(id) {
        const found = find(id)
        return found instanceof Promise ? found.then(key => only(key, names)) : only(found, names)
      },
    }),
    forget(id) {
      known.delete(id)
      unknown.delete(id)
      if (loading.has(id)) outdated.add(id)
    },
    forgetAll() {
      known.clear()
      unknown.clear()
      for (const id of loading.keys()) outdated.add(id)
    },
    get size() {
      return known.size + unknown.size
    },
    counts,
  }
}

function only(key: Key | undefined, schemeNames: readonly string[]): Key | undefined {
  return key !== undefined && schemeNames.includes(key.schemeName) ? key : undefined
}

/** A map keeps the order of what was put in: the first is the oldest. */
function keep<T>(map: Map<string, T>, id: string, value: T, max: number): void {
  map.set(id, value)
  for (const oldest of map.keys()) {
    if (map.size <= max) break
    map.delete(oldest)
  }
}
