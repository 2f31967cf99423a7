import { createHash } from 'node:crypto'
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
import type { Redis } from 'ioredis'
import { ServerError } from '../errors.ts'
import { type OpenRedis, openRedis } from '../redis/open-redis.ts'
import type { RedisLocation } from '../redis/redis-location.ts'

export interface RedisReplayGuardOptions {
  /** Where it is, or a connection that is open and stays so. */
  readonly redis: RedisLocation | OpenRedis
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
  toleranceMs: true,
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

/** Where `INFO` is forbidden, or has no id. */
const UNKNOWN_HISTORY = '0'

/** Buckets, each on one node of a cluster, with a note of since when it remembers. */
const BUCKETS = 64
/** Between two rounds that renew the notes of all buckets. */
const BEGIN_MS = 1_000
/** Between two warnings: each node of a cluster has a history of its own. */
const QUIET_MS = 10_000

/**
 * A bucket's note is when its memory begins, and the id of the history that it is of: a primary gets a new one when it
 * starts, and a replica when it is promoted, which may lack the last calls of its primary. A process tells the history
 * that it knew last, and until when: if that is another one, and calls were taken there after this memory began, it
 * begins anew, as where a primary that was replaced is asked again. Where Redis doesn't tell its history (`0`), any
 * note holds. Some replicas can be written, and tell their primary's id.
 */
const NOTE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local info = redis.pcall('INFO', 'replication')
local history = '${UNKNOWN_HISTORY}'
if type(info) == 'string' then
  if string.find(info, 'role:slave', 1, true) then return redis.error_reply('READONLY a replica takes no calls') end
  history = string.match(info, 'master_replid:(%x+)') or history
end
local function begun(note, known, at, skew)
  local since, of = string.match(redis.call('GET', note) or '', '^(%d+) (%x+)$')
  since = tonumber(since or '')
  local took = known ~= history and known ~= '${UNKNOWN_HISTORY}' and since and since <= at + skew
  if since and (history == '${UNKNOWN_HISTORY}' or of == history and not took) then return since, 0 end
  redis.call('SET', note, string.format('%.0f %s', now, history))
  return now, 1
end
`

/**
 * One step on the server. Answers 3 if the call has ended by Redis's clock; 0 if it was seen; 2 if it was signed before
 * this bucket's memory begins, because then nobody knows whether it was seen; otherwise remembers it and answers 1. A
 * call is remembered until its end by Redis's clock at least: from then on every claim of it is answered with 3, also
 * one of a process whose clock is behind. Returns the history as well, if it is not the one that was known. KEYS: the
 * call, the bucket's note. ARGV: milliseconds to remember at least, the call's end (0: none), when it was signed (0:
 * unknown), skew, the history that was known, until when.
 */
const CLAIM = `${NOTE}
local ttl, ends, issued, skew = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
if ends > 0 then
  if ends < now then return 3 end
  ttl = math.max(ttl, ends - now + 1)
end
local since = begun(KEYS[2], ARGV[5], tonumber(ARGV[6]), skew)
local answer = 0
if issued > 0 and issued <= since + skew then
  if redis.call('EXISTS', KEYS[1]) == 0 then answer = 2 end
elseif redis.call('SET', KEYS[1], '', 'NX', 'PX', ttl) then
  answer = 1
end
if ARGV[5] == history then return answer end
return {answer, history}
`

/**
 * Renews notes that are missing or of another history; returns how many, and the history. KEYS: the notes; on a
 * cluster, of one node. ARGV: skew, and for each note the history that was known, until when.
 */
const BEGIN = `${NOTE}
local renewed = 0
for at, note in ipairs(KEYS) do
  local _, count = begun(note, ARGV[at * 2], tonumber(ARGV[at * 2 + 1]), tonumber(ARGV[1]))
  renewed = renewed + count
end
return {renewed, history}
`

const HISTORY_CHANGED =
  'redis: it has started, or a replica has taken its place, so calls that were signed before are refused until they are too old: they may have been taken already. Nothing has to be done.'

type Claiming = {
  countersignBegin(...args: (string | number)[]): Promise<[renewed: number, history: string]>
  countersignClaim(
    call: string,
    note: string,
    ttlMs: number,
    endsMs: number,
    issuedMs: number,
    skewMs: number,
    knownHistory: string,
    knownAtMs: number,
  ): Promise<number | [answer: number, history: string]>
}

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
  const { toleranceMs = DEFAULT_TOLERANCE_MS, prefix = 'countersign', skewMs = 2_000, timeoutMs = 500, clock = Date.now, onError } = options
  const { nonceLifetimeMs = DEFAULT_NONCE_LIFETIME_MS, waitForReplicas = 0 } = options
  checkNumbers({ toleranceMs, skewMs, timeoutMs, nonceLifetimeMs, waitForReplicas }, Number.MAX_SAFE_INTEGER)
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
            if (renewed > 0) warn()
          },
          (error: unknown) => tell(onError, error),
        )
    }
  }
  function know(bucket: Known, history: string): void {
    bucket.history = history
    bucket.atMs = clock()
  }
  let warnedAt = Number.NEGATIVE_INFINITY
  function warn(): void {
    if (performance.now() - warnedAt < QUIET_MS) return
    warnedAt = performance.now()
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
    async claim({ id, expiresAtMs, issuedAtMs }) {
      const hash = createHash('sha256').update(id).digest()
      const at = (hash[0] ?? 0) % BUCKETS
      const bucket = buckets[at] as Known
      const isTimed = Number.isFinite(expiresAtMs)
      const now = clock()
      if (isTimed && expiresAtMs < now) return 'ended'
      const endsMs = isTimed ? Math.ceil(expiresAtMs) : 0
      const ttlMs = isTimed ? endsMs - Math.floor(now) + 1 : nonceLifetimeMs
      const issuedMs = issuedAtMs ?? (isTimed ? expiresAtMs - toleranceMs : 0)
      const call = `${prefix}:{${at}}${hash.toString('base64url', 1, 18)}`
      try {
        return await redis.ask(async () => {
          await redis.trusted()
          const usedConnection = connection
          const { note, history, atMs } = bucket
          const said = await claiming.countersignClaim(call, note, ttlMs, endsMs, issuedMs, skewMs, history, atMs)
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

/** What the script answers with. */
const ANSWERS: readonly ReplayAnswer[] = ['seen', 'fresh', 'unsure', 'ended']

/** The braces keep a bucket's calls and its note on one node of a cluster. */
function noteOf(prefix: string, bucket: number): string {
  return `${prefix}:{${bucket}}history`
}
