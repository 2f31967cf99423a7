import { tell } from 'countersign'
import { ServerError } from '../errors.ts'
import type { OpenRedis } from '../redis/open-redis.ts'
import { BEGIN, type Beginning, UNKNOWN_HISTORY } from './claim-scripts.ts'

/** Buckets, each on one node of a cluster, with a note of since when it remembers. */
export const BUCKETS = 64
/** Between two rounds that renew the notes of all buckets. */
const BEGIN_MS = 1_000
/** Between two warnings of the same history. */
const QUIET_MS = 10_000

const HISTORY_CHANGED =
  'redis: it has started, or a replica has taken its place, so calls that were signed before are refused until they are too old: they may have been taken already. Nothing has to be done.'

/** The history that a bucket was of when it was last asked, and when that was, by the asked Redis's clock. */
interface Known {
  readonly note: string
  readonly history: string
  readonly atMs: number
}

/** What this process knows of the histories of Redis: decision 27. */
export interface Histories {
  of(bucket: number): Known
  /** What a claim was answered with. */
  heard(bucket: number, history: string, nowMs: number): void
  /** Has all buckets look at their notes again, once a second at most: others may be of the old history as well. */
  renewNotes(): void
  close(): void
}

export interface HistoriesOptions {
  readonly redis: OpenRedis
  readonly prefix: string
  readonly skewMs: number
  readonly onError: ((error: unknown) => void) | undefined
}

/** Has all buckets begin to remember at the same time, and not each with its first call. */
export function createHistories({ redis, prefix, skewMs, onError }: HistoriesOptions): Histories {
  const { client, isCluster } = redis
  client.defineCommand('countersignBegin', { numberOfKeys: isCluster ? 1 : BUCKETS, lua: BEGIN })
  const beginning = client as unknown as Beginning
  const buckets = Array.from({ length: BUCKETS }, (_, bucket) => ({ note: noteOf(prefix, bucket), history: UNKNOWN_HISTORY, atMs: 0 }))
  type Bucket = (typeof buckets)[number]
  let begunAt = Number.NEGATIVE_INFINITY
  /** When the log was told of which history. Those of a cluster's nodes are at most one for each bucket. */
  const warnedAt = new Map<string, number>()

  function begin(): void {
    begunAt = performance.now()
    for (const some of isCluster ? buckets.map(bucket => [bucket]) : [buckets]) {
      const args = [...some.map(({ note }) => note), skewMs, ...some.flatMap(({ history, atMs }) => [history, atMs])]
      redis
        .ask(() => beginning.countersignBegin(...args))
        .then(
          ([renewed, history, nowMs]) => {
            for (const bucket of some) know(bucket, history, nowMs)
            if (renewed > 0) warn(history)
          },
          (error: unknown) => tell(onError, error),
        )
    }
  }

  function know(bucket: Bucket, history: string, nowMs: number): void {
    if (bucket.history !== UNKNOWN_HISTORY && bucket.history !== history) warn(history)
    bucket.history = history
    bucket.atMs = nowMs
  }

  function warn(history: string): void {
    const at = performance.now()
    if (at - (warnedAt.get(history) ?? Number.NEGATIVE_INFINITY) < QUIET_MS) return
    if (warnedAt.size >= BUCKETS) warnedAt.clear()
    warnedAt.set(history, at)
    redis.warn(new ServerError('redis-history-changed', 503, HISTORY_CHANGED))
  }

  /** A note that is missing says that calls may be forgotten: the memory begins anew. The log is told why already. */
  async function forget(): Promise<void> {
    await Promise.all(buckets.map(({ note }) => client.del(note)))
    for (const { history } of buckets) warnedAt.set(history, performance.now())
    begin()
  }

  client.on('ready', begin)
  const forgetNoMore = redis.whenEvicted(forget)
  if (client.status === 'ready') begin()
  return {
    of: bucket => buckets[bucket] as Bucket,
    heard: (bucket, history, nowMs) => know(buckets[bucket] as Bucket, history, nowMs),
    renewNotes() {
      if (performance.now() - begunAt > BEGIN_MS) begin()
    },
    close() {
      client.off('ready', begin)
      forgetNoMore()
    },
  }
}

/** The braces keep a bucket's calls and its note on one node of a cluster. */
function noteOf(prefix: string, bucket: number): string {
  return `${prefix}:{${bucket}}history`
}
