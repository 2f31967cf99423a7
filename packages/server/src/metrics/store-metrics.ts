import { Registry } from 'prom-client'
import type { Database } from '../database/database.ts'
import type { FollowedChanges } from '../keys/key-changes.ts'
import type { CachedKeys } from '../keys/key-source.ts'
import type { SealCheck } from '../seal/canary.ts'
import { isMasterKeyProblem } from '../seal/sealer.ts'
import { addCounter, addGauge } from './collected.ts'

const UP = { name: 'countersign_store_up', help: 'Whether the key store answered when it was asked last: 1 or 0.' }

/** What is told before there is a store to look at: so that an alert on it has something to see. */
export const STORE_AWAY = {
  contentType: Registry.PROMETHEUS_CONTENT_TYPE,
  text: `# HELP ${UP.name} ${UP.help}\n# TYPE ${UP.name} gauge\n${UP.name} 0\n`,
}

interface WatchedStore {
  readonly source: Pick<CachedKeys, 'size' | 'counts'>
  readonly changes: Pick<FollowedChanges, 'isReached' | 'ageMs'>
  readonly database: Pick<Database, 'connectionUse'>
  readonly checkSeal: SealCheck
}

/** How the key store does, and what is kept of it in memory. */
export function addStoreMetrics(registry: Registry, { source, changes, database, checkSeal }: WatchedStore): void {
  addGauge(registry, UP.name, UP.help, 'min', () => (changes.isReached ? 1 : 0))
  addGauge(
    registry,
    'countersign_store_read_age_seconds',
    'Since when changes of keys have not been heard of: with a store that answers, less than a second.',
    'max',
    () => changes.ageMs() / 1000,
  )
  addGauge(
    registry,
    'countersign_secrets_open',
    "Whether secrets of the key store can be opened: 1, or 0 where the master key doesn't fit or Vault can't be asked for it.",
    'min',
    async () => {
      try {
        await checkSeal()
        return 1
      } catch (error) {
        // Of a store that is away another gauge tells.
        return isMasterKeyProblem(error) ? 0 : 1
      }
    },
  )
  const { connectionUse } = database
  if (connectionUse !== undefined) {
    addGauge(
      registry,
      'countersign_store_connections',
      'Connections to PostgreSQL, without the one that hears of changes.',
      'sum',
      () => connectionUse().open,
    )
    addGauge(
      registry,
      'countersign_store_busy_connections',
      'Those of them that have a statement or a transaction.',
      'sum',
      () => connectionUse().busy,
    )
    addGauge(registry, 'countersign_store_waiting', 'Statements that wait for a connection.', 'sum', () => connectionUse().waiting)
  }
  addGauge(registry, 'countersign_key_cache_keys', 'Keys in memory, and ids that are known to be unknown.', 'sum', () => source.size)
  addCounter(registry, 'countersign_key_cache_hits_total', 'Times that a key was found in memory.', () => source.counts.hits)
  addCounter(registry, 'countersign_key_cache_misses_total', 'Times that a key had to be read from the store.', () => source.counts.misses)
  addCounter(
    registry,
    'countersign_key_cache_stale_total',
    'Times that a key served although the store could not be read.',
    () => source.counts.stale,
  )
}
