import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  type Clock,
  CountersignError,
  checkFunctions,
  checkNumbers,
  DEFAULT_NONCE_LIFETIME_MS,
  DEFAULT_TOLERANCE_MS,
  type ReplayAnswer,
  type ReplayGuard,
  refuseUnknown,
  tell,
} from 'countersign'
import { Cluster, type ClusterNode, Redis } from 'ioredis'
import { memoryRates } from '../gateway/rates/memory-rates.ts'
import type { RateLimiter } from '../gateway/rates/rate.ts'
import { redisRates } from '../gateway/rates/redis-rates.ts'

export interface RedisReplayGuardOptions {
  /** `redis://…`, or several nodes of a cluster. Valkey is the same. */
  readonly redis: string | readonly string[]
  /**
   * For claims that don't say when the call was signed: that is taken to be this long before its end. Default: five
   * minutes.
   */
  readonly toleranceMs?: number | undefined
  /** Begins every key. Default: `countersign`. */
  readonly prefix?: string | undefined
  /**
   * How long a call with a nonce and no time is remembered, in milliseconds; a replay after that is accepted. Default:
   * thirty days.
   */
  readonly nonceLifetimeMs?: number | undefined
  /** How far ahead a client's clock may be, when Redis has lost its memory. Default: 2 s. */
  readonly skewMs?: number | undefined
  /** A claim that takes longer is refused. Default: 500 ms. */
  readonly timeoutMs?: number | undefined
  /** Default: the system's. */
  readonly clock?: Clock | undefined
  /**
   * Told of every error of the connection; claims are refused meanwhile. What it throws or rejects with is dropped.
   * Default: nobody is told.
   */
  readonly onError?: ((error: unknown) => void) | undefined
}

const OPTIONS: { readonly [N in keyof Required<RedisReplayGuardOptions>]: true } = {
  redis: true,
  toleranceMs: true,
  prefix: true,
  nonceLifetimeMs: true,
  skewMs: true,
  timeoutMs: true,
  clock: true,
  onError: true,
}

export interface RedisReplayGuard extends ReplayGuard {
  /** Counts calls in the same Redis; while that is away, each process by itself. */
  rates(onError: (error: unknown) => void): RateLimiter
  /** Whether Redis answers. */
  ping(): Promise<void>
  close(): Promise<void>
}

/** Buckets, each on one node of a cluster, with a note of since when it remembers. */
const BUCKETS = 64
const LONGEST_WAIT_MS = 1_000

/**
 * One step on the server. Returns 3 if the call has ended by Redis's clock; 2 if it was signed before this bucket's
 * memory begins, because then nobody knows whether it was seen; 0 if it was seen; otherwise remembers it and returns 1.
 * A call is remembered until its end by Redis's clock at least: from then on every claim of it is answered with 3, also
 * one of a process whose clock is behind. KEYS: the call, the bucket's note. ARGV: milliseconds to remember at least,
 * the call's end (0: none), when it was signed (0: unknown), skew.
 */
const CLAIM = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local ttl, ends, issued = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
if ends > 0 then
  if ends < now then return 3 end
  ttl = math.max(ttl, ends - now + 1)
end
local since = tonumber(redis.call('GET', KEYS[2]) or '')
if not since then
  since = now
  redis.call('SET', KEYS[2], since)
end
if issued > 0 and issued <= since + tonumber(ARGV[4]) then return 2 end
if redis.call('SET', KEYS[1], '', 'NX', 'PX', ttl) then return 1 end
return 0
`

/** Creates missing bucket notes (SET NX). KEYS: the notes; on a cluster, of one node. */
const BEGIN = `
local time = redis.call('TIME')
for _, note in ipairs(KEYS) do redis.call('SET', note, time[1] * 1000 + math.floor(time[2] / 1000), 'NX') end
`

type Claiming = {
  countersignBegin(count: number, ...notes: string[]): Promise<unknown>
  countersignClaim(call: string, note: string, ttlMs: number, endsMs: number, issuedMs: number, skewMs: number): Promise<number>
}

/**
 * A guard that many processes share. A claim is one round trip; claims that are made at once travel together. Calls are
 * forgotten when they are too old anyway; each takes some 165 bytes until then. While Redis is away, claims are
 * refused, and nothing has to be done when it is back. When it comes back without its memory, calls that were signed
 * before are refused, since they may have been seen. Over its `maxmemory`, calls are refused as well; one key may fill
 * it, so limit calls per key in front of it.
 */
export function redisReplayGuard(options: RedisReplayGuardOptions): RedisReplayGuard {
  refuseUnknown(options, Object.keys(OPTIONS), 'redisReplayGuard:')
  const { toleranceMs = DEFAULT_TOLERANCE_MS, prefix = 'countersign', skewMs = 2_000, timeoutMs = 500, clock = Date.now, onError } = options
  const { nonceLifetimeMs = DEFAULT_NONCE_LIFETIME_MS } = options
  checkNumbers({ toleranceMs, skewMs, timeoutMs, nonceLifetimeMs }, Number.MAX_SAFE_INTEGER)
  checkFunctions({ clock, onError })
  if (typeof options.redis !== 'string' && (!Array.isArray(options.redis) || options.redis.length === 0))
    throw new CountersignError('option-invalid', 'The option redis is a URL, such as redis://127.0.0.1:6379, or a list of them.')
  const settings = {
    enableAutoPipelining: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: timeoutMs,
    connectTimeout: timeoutMs * 4,
    retryStrategy: (attempt: number) => Math.min(attempt * 50, LONGEST_WAIT_MS),
  }
  const { redis } = options
  const client =
    typeof redis === 'string'
      ? new Redis(redis, settings)
      : new Cluster(redis as ClusterNode[], {
          enableAutoPipelining: true,
          enableOfflineQueue: false,
          clusterRetryStrategy: settings.retryStrategy,
          redisOptions: { commandTimeout: timeoutMs, connectTimeout: timeoutMs * 4 },
        })
  client.on('error', error => tell(onError, new Error(`redis: ${error.message}`, { cause: error })))
  client.defineCommand('countersignClaim', { numberOfKeys: 2, lua: CLAIM })
  client.defineCommand('countersignBegin', { lua: BEGIN })
  const claiming = client as unknown as Claiming
  // All buckets begin to remember at the same time, and not each with its first call.
  client.on('ready', () => {
    const notes = Array.from({ length: BUCKETS }, (_, bucket) => noteOf(prefix, bucket))
    for (const some of typeof redis === 'string' ? [notes] : notes.map(note => [note]))
      claiming.countersignBegin(some.length, ...some).catch((error: unknown) => tell(onError, error))
  })
  return {
    async claim({ id, expiresAtMs, issuedAtMs }) {
      const hash = createHash('sha256').update(id).digest()
      const bucket = (hash[0] ?? 0) % BUCKETS
      const isTimed = Number.isFinite(expiresAtMs)
      const now = clock()
      if (isTimed && expiresAtMs < now) return 'ended'
      const endsMs = isTimed ? Math.ceil(expiresAtMs) : 0
      const ttlMs = isTimed ? endsMs - Math.floor(now) + 1 : nonceLifetimeMs
      const issuedMs = issuedAtMs ?? (isTimed ? expiresAtMs - toleranceMs : 0)
      const call = `${prefix}:{${bucket}}${hash.toString('base64url', 1, 18)}`
      try {
        return ANSWERS[await claiming.countersignClaim(call, noteOf(prefix, bucket), ttlMs, endsMs, issuedMs, skewMs)] ?? 'unsure'
      } catch (error) {
        // At its maxmemory, Redis refuses what would take more: "OOM command not allowed when used memory >
        // 'maxmemory'" (`shared.oomerr` in Redis's server.c). ioredis passes that text on, and has no code for it.
        if (error instanceof Error && /\bOOM\b/.test(error.message)) return 'full'
        throw error
      }
    },
    rates: told => redisRates({ client, prefix, meanwhile: memoryRates(), onError: told }),
    async ping() {
      // Right after it was made, there is no connection yet that could be asked.
      if (client.status === 'connecting' || client.status === 'connect')
        await once(client, 'ready', { signal: AbortSignal.timeout(settings.connectTimeout) }).catch((error: unknown) => {
          throw error instanceof Error && error.name === 'AbortError' ? new Error('redis: no answer') : error
        })
      await client.ping()
    },
    async close() {
      client.disconnect()
    },
  }
}

/** What the script answers with. */
const ANSWERS: readonly ReplayAnswer[] = ['seen', 'fresh', 'unsure', 'ended']

/** The braces keep a bucket's calls and its note on one node of a cluster. */
function noteOf(prefix: string, bucket: number): string {
  return `${prefix}:{${bucket}}since`
}
