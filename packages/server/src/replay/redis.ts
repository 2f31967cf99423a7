import { createHash } from 'node:crypto'
import {
  type Clock,
  CountersignError,
  checkFunctions,
  checkNumbers,
  DEFAULT_NONCE_LIFETIME_MS,
  DEFAULT_TOLERANCE_MS,
  type ReplayGuard,
  refuseUnknown,
  tell,
} from 'countersign'
import type { Redis } from 'ioredis'
import { ServerError } from '../errors.ts'
import { type OpenRedis, openRedis } from '../redis/open-redis.ts'
import type { RedisLocation } from '../redis/redis-location.ts'
import { ANSWERS, BEGIN, CLAIM, type Claiming, UNKNOWN_HISTORY } from './claim-scripts.ts'

export interface RedisReplayGuardOptions {
  /** Where it is, or a connection that is open and stays so. */
  readonly redis: RedisLocation | OpenRedis
  /** Begins every key. Default: `countersign`. */
  readonly prefix?: string | undefined
  /**
   * How long a call with a nonce and no time is remembered, in milliseconds; a replay after that is accepted. Default:
   * thirty days.
   */
  readonly nonceLifetimeMs?: number | undefined
  /** How far ahead a client's clock may be, when Redis has lost its memory. Default: 2 s. */
  readonly skewMs?: number | undefined
  /** A claim that takes longer is refused; as the one of an open connection says, if there is one. Default: 500 ms. */
  readonly timeoutMs?: number | undefined
  /**
   * How many replicas have to have a claim before it counts; with fewer it is `unsure`. If it is the number of all
   * replicas, not even a primary that is cut off takes a call that its successor takes again; while a replica is away,
   * no calls are taken. One more round trip. Not for a cluster. Default: 0, none.
   */
  readonly waitForReplicas?: number | undefined
  /** Default: the system's. */
  readonly clock?: Clock | undefined
  /**
   * Told of every error of the connection, while claims are refused, and of `redis-history-changed` and
   * `redis-history-unknown`, which need no connection made anew. What it throws or rejects with is dropped. Default:
   * nobody is told.
   */
  readonly onError?: ((error: unknown) => void) | undefined
}

const OPTIONS: { readonly [N in keyof Required<RedisReplayGuardOptions>]: true } = {
  redis: true,
  prefix: true,
  nonceLifetimeMs: true,
  skewMs: true,
  timeoutMs: true,
  waitForReplicas: true,
  clock: true,
  onError: true,
}

export interface RedisReplayGuard extends ReplayGuard {
  /**
   * Looks whether Redis answers and keeps what it is told.
   *
   * @throws ServerError `redis-…`, which says what to do
   */
  ping(): Promise<void>
  /** Closes the connection that it opened. */
  close(): Promise<void>
}

/** Buckets, each on one node of a cluster, with a note of since when it remembers. */
const BUCKETS = 64
/** Between two rounds that renew the notes of all buckets. */
const BEGIN_MS = 1_000
/** Between two warnings of the same history. */
const QUIET_MS = 10_000

const HISTORY_CHANGED =
  'redis: it has started, or a replica has taken its place, so calls that were signed before are refused until they are too old: they may have been taken already. Nothing has to be done.'

/** The history that a bucket was of when it was last asked, and when that was. */
interface Known {
  readonly note: string
  history: string
  atMs: number
}

/**
 * A guard that many processes share. A claim is one round trip; claims that are made at once travel together. Calls are
 * forgotten when they are too old anyway; each takes some 165 bytes until then. While Redis is away, claims are
 * refused, and nothing has to be done when it is back. When it comes back without its memory, or a replica takes its
 * place, calls that were signed before are refused, since they may have been seen. Over its `maxmemory`, calls are
 * refused as well; one key may fill it, so limit calls per key in front of it.
 */
export function redisReplayGuard(options: RedisReplayGuardOptions): RedisReplayGuard {
  refuseUnknown(options, Object.keys(OPTIONS), 'redisReplayGuard:')
  const { prefix = 'countersign', skewMs = 2_000, timeoutMs = 500, clock = Date.now, onError } = options
  const { nonceLifetimeMs = DEFAULT_NONCE_LIFETIME_MS, waitForReplicas = 0 } = options
  checkNumbers({ skewMs, timeoutMs, nonceLifetimeMs, waitForReplicas }, Number.MAX_SAFE_INTEGER)
  checkFunctions({ clock, onError })
  if (waitForReplicas > 0 && (isOpen(options.redis) ? options.redis.isCluster : Array.isArray(options.redis)))
    throw new CountersignError('option-invalid', 'waitForReplicas is not for a cluster: set min-replicas-to-write on its nodes.')
  const redis = isOpen(options.redis) ? options.redis : openRedis(options.redis, { timeoutMs, onError })
  const { client, isCluster } = redis
  client.defineCommand('countersignClaim', { numberOfKeys: 2, lua: CLAIM })
  client.defineCommand('countersignBegin', { numberOfKeys: isCluster ? 1 : BUCKETS, lua: BEGIN })
  const claiming = client as unknown as Claiming
  const buckets = Array.from(
    { length: BUCKETS },
    (_, bucket): Known => ({ note: noteOf(prefix, bucket), history: UNKNOWN_HISTORY, atMs: 0 }),
  )
  let begunAt = Number.NEGATIVE_INFINITY
  // All buckets begin to remember at the same time, and not each with its first call.
  function begin(): void {
    begunAt = performance.now()
    for (const some of isCluster ? buckets.map(bucket => [bucket]) : [buckets]) {
      const args = [...some.map(({ note }) => note), skewMs, ...some.flatMap(({ history, atMs }) => [history, atMs])]
      redis
        .ask(() => claiming.countersignBegin(...args))
        .then(
          ([renewed, history]) => {
            for (const bucket of some) know(bucket, history)
            if (renewed > 0) warn(history)
          },
          (error: unknown) => tell(onError, error),
        )
    }
  }
  function know(bucket: Known, history: string): void {
    if (bucket.history !== UNKNOWN_HISTORY && bucket.history !== history) warn(history)
    bucket.history = history
    bucket.atMs = clock()
  }
  /** When the log was told of which history. Those of a cluster's nodes are at most one for each bucket. */
  const warnedAt = new Map<string, number>()
  function warn(history: string): void {
    const at = performance.now()
    if (at - (warnedAt.get(history) ?? Number.NEGATIVE_INFINITY) < QUIET_MS) return
    if (warnedAt.size >= BUCKETS) warnedAt.clear()
    warnedAt.set(history, at)
    redis.warn(new ServerError('redis-history-changed', 503, HISTORY_CHANGED))
  }
  client.on('ready', begin)
  if (client.status === 'ready') begin()

  // WAIT is about what its own connection wrote: on the next one, every replica has all of it.
  let connection = 0
  const nextConnection = () => {
    connection += 1
  }
  client.on('close', nextConnection)
  let acknowledged: Promise<number> | undefined
  /** How many replicas have what was claimed on this connection until now; asked once for all claims of a moment. */
  function countReplicas(): Promise<number> {
    acknowledged ??= Promise.resolve().then(() => {
      acknowledged = undefined
      return (client as Redis).wait(waitForReplicas, Math.ceil(timeoutMs / 2))
    })
    return acknowledged
  }

  return {
    async claim({ id, expiresAtMs, issuedAtMs, windowMs = 0 }) {
      const hash = createHash('sha256').update(id).digest()
      const at = (hash[0] ?? 0) % BUCKETS
      const bucket = buckets[at] as Known
      const isTimed = Number.isFinite(expiresAtMs)
      const now = clock()
      if (isTimed && expiresAtMs < now) return 'ended'
      const endsMs = isTimed ? Math.ceil(expiresAtMs) : 0
      const ttlMs = isTimed ? endsMs - Math.floor(now) + 1 : nonceLifetimeMs
      // Verifiers always say when a call was signed, unless it has no time.
      const issuedMs = issuedAtMs ?? (isTimed ? expiresAtMs - DEFAULT_TOLERANCE_MS : 0)
      const call = `${prefix}:{${at}}${hash.toString('base64url', 1, 18)}`
      try {
        return await redis.ask(async () => {
          await redis.trusted()
          const usedConnection = connection
          const { note, history, atMs } = bucket
          const said = await claiming.countersignClaim(call, note, ttlMs, endsMs, issuedMs, skewMs, history, atMs, windowMs)
          const [code, saidHistory] = typeof said === 'number' ? [said, history] : said
          const answer = ANSWERS[code] ?? 'unsure'
          if (answer !== 'ended') know(bucket, saidHistory)
          // The other buckets' notes may be of the old history as well.
          if (answer === 'unsure' && performance.now() - begunAt > BEGIN_MS) begin()
          if (answer !== 'fresh' || waitForReplicas === 0) return answer
          return (await countReplicas()) >= waitForReplicas && connection === usedConnection ? 'fresh' : 'unsure'
        })
      } catch (error) {
        if (error instanceof ServerError && error.code === 'redis-full') return 'full'
        throw error
      }
    },
    ping: () => redis.check(),
    async close() {
      client.off('ready', begin)
      client.off('close', nextConnection)
      if (redis !== options.redis) await redis.close()
    },
  }
}

function isOpen(redis: RedisReplayGuardOptions['redis']): redis is OpenRedis {
  return typeof redis === 'object' && redis !== null && 'client' in redis
}

/** The braces keep a bucket's calls and its note on one node of a cluster. */
function noteOf(prefix: string, bucket: number): string {
  return `${prefix}:{${bucket}}history`
}
