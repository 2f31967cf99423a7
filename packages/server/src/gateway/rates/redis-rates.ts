import { createHash } from 'node:crypto'
import type { OpenRedis } from '../../redis/open-redis.ts'
import { intervalOf, type Rate, type RateLimiter, type Taken, takenOf } from './rate.ts'

/**
 * One step on the server, by its clock. What takes longer to fill than an empty bucket does is of another rate: it is
 * full. Returns whether a token was there, and how many milliseconds the bucket then
 * takes to fill. KEYS: the bucket, which holds when it will be full. ARGV: milliseconds for a token, and for all.
 */
const TAKE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local full = math.max(tonumber(redis.call('GET', KEYS[1]) or '') or now, now)
if full - now > tonumber(ARGV[2]) + 0.001 then full = now end
local filled = full + tonumber(ARGV[1])
if filled - now > tonumber(ARGV[2]) + 0.001 then return {0, tostring(full - now)} end
redis.call('SET', KEYS[1], string.format('%.3f', filled), 'PX', math.ceil(filled - now))
return {1, tostring(filled - now)}
`

/** Between two errors that are told. */
const QUIET_MS = 1_000

type Taking = {
  countersignTake(bucket: string, intervalMs: number, windowMs: number): Promise<readonly [isAllowed: number, debtMs: string]>
}

export interface RedisRatesOptions {
  readonly redis: Pick<OpenRedis, 'client' | 'ask'>
  /** Begins every name. */
  readonly prefix: string
  /** Counts while Redis is away: each process by itself. */
  readonly meanwhile: RateLimiter
  /** Told at most once a second. */
  readonly onError: (error: unknown) => void
}

/** Counts the calls of all processes that share a Redis. */
export function redisRates({ redis, prefix, meanwhile, onError }: RedisRatesOptions): RateLimiter {
  redis.client.defineCommand('countersignTake', { numberOfKeys: 1, lua: TAKE })
  const taking = redis.client as unknown as Taking
  let toldAt = Number.NEGATIVE_INFINITY
  return {
    async take(bucket: string, rate: Rate): Promise<Taken> {
      const name = `${prefix}:rate:${createHash('sha256').update(bucket).digest('base64url').slice(0, 24)}`
      try {
        const [isAllowed, debtMs] = await redis.ask(() => taking.countersignTake(name, intervalOf(rate), rate.windowSeconds * 1000))
        return takenOf(rate, isAllowed === 1, Number(debtMs))
      } catch (error) {
        // While Redis is away each call would say so.
        const at = performance.now()
        if (at - toldAt >= QUIET_MS) {
          toldAt = at
          onError(error)
        }
        return meanwhile.take(bucket, rate)
      }
    },
  }
}
