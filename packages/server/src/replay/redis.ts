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
} from 'countersign'
import { ServerError } from '../errors.ts'
import { type OpenRedis, openRedis } from '../redis/open-redis.ts'
import type { RedisLocation } from '../redis/redis-location.ts'
import { CLAIM, type Claiming, readClaim } from './claim-scripts.ts'
import { BUCKETS, createHistories } from './histories.ts'
import { createReplicas } from './replicas.ts'

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
  const { client } = redis
  client.defineCommand('countersignClaim', { numberOfKeys: 2, lua: CLAIM })
  const claiming = client as unknown as Claiming
  const histories = createHistories({ redis, prefix, skewMs, onError })
  const replicas = createReplicas(redis, waitForReplicas, timeoutMs)

  return {
    async claim({ id, expiresAtMs, issuedAtMs, windowMs = 0 }) {
      const hash = createHash('sha256').update(id).digest()
      const at = (hash[0] ?? 0) % BUCKETS
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
          const { note, history, atMs } = histories.of(at)
          const haveIt = replicas.before()
          const said = await claiming.countersignClaim(call, note, ttlMs, endsMs, issuedMs, skewMs, history, atMs, windowMs)
          const { answer, nowMs } = readClaim(typeof said === 'number' ? said : said[0])
          if (answer !== 'ended') histories.heard(at, typeof said === 'number' ? history : said[1], nowMs)
          if (answer === 'unsure') histories.renewNotes()
          return answer !== 'fresh' || (await haveIt()) ? answer : 'unsure'
        })
      } catch (error) {
        if (error instanceof ServerError && error.code === 'redis-full') return 'full'
        throw error
      }
    },
    ping: () => redis.check(),
    async close() {
      histories.close()
      replicas.close()
      if (redis !== options.redis) await redis.close()
    },
  }
}

function isOpen(redis: RedisReplayGuardOptions['redis']): redis is OpenRedis {
  return typeof redis === 'object' && redis !== null && 'client' in redis
}
