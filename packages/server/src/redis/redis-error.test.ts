import { readFileSync } from 'node:fs'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { ServerError } from '../errors.ts'
import { REDIS_REASONS, redisError } from './redis-error.ts'

/** What Redis 6, 7 and ioredis say. */
const SAID: readonly (readonly [text: string, code: string])[] = [
  ['WRONGPASS invalid username-password pair or user is disabled.', 'redis-refuses-user'],
  ['NOAUTH Authentication required.', 'redis-refuses-user'],
  ["NOPERM this user has no permissions to run the 'evalsha' command", 'redis-forbids'],
  ["READONLY You can't write against a read only replica. script: 9f3a, on @user_script:14.", 'redis-read-only'],
  [
    'ERR Error running script (call to f_9f3a): @user_script:14: @user_script: 14: -READONLY You can’t write against a read only replica.',
    'redis-read-only',
  ],
  ['LOADING Redis is loading the dataset in memory', 'redis-loading'],
  ["OOM command not allowed when used memory > 'maxmemory'. script: 9f3a, on @user_script:14.", 'redis-full'],
  ['NOREPLICAS Not enough good replicas to write.', 'redis-lacks-replicas'],
  ['MISCONF Redis is configured to save RDB snapshots, but it’s currently unable to persist to disk.', 'redis-cannot-save'],
  ['CLUSTERDOWN Hash slot not served', 'redis-cluster-down'],
  ['ERR This instance has cluster support disabled', 'redis-no-cluster'],
  ['MOVED 3999 127.0.0.1:6381', 'redis-is-cluster'],
  ['Unknown RESP type 72 "H". Please report this.', 'redis-not-redis'],
  ['Command timed out', 'redis-silent'],
  ["Socket timeout. Expecting data, but didn't receive any in 1000ms.", 'redis-silent'],
  ['connect ETIMEDOUT', 'redis-silent'],
  ["Stream isn't writeable and enableOfflineQueue options is false", 'redis-away'],
  ['Connection is closed.', 'redis-away'],
  ['connect ECONNREFUSED 127.0.0.1:6379', 'redis-away'],
  ['getaddrinfo ENOTFOUND redis.internal', 'redis-away'],
  ['All sentinels are unreachable. Retrying from scratch after 50ms.', 'redis-away'],
  ['ERR something new', 'redis-failed'],
]

describe('an error of Redis', () => {
  it.each(SAID)('%s: %s', (text, code) => {
    const error = redisError(new Error(text))
    expect(error).toMatchObject({ code, status: 503 })
    expect(error.message).toMatch(/^redis: .+\.$|^redis: ERR something new$/)
  })

  it('each reason has what Redis says of it', () => {
    expect(new Set(SAID.map(([, code]) => code))).toEqual(new Set([...REDIS_REASONS.map(({ code }) => code), 'redis-failed']))
  })

  it('each code stands in docs/scaling.md, and no other', () => {
    const page = readFileSync(new URL('../../../../docs/scaling.md', import.meta.url), 'utf8')
    const written = Array.from(page.matchAll(/^\| `(redis-[a-z-]+)` \|/gm), ([, code]) => code)
    const others = ['redis-failed', 'redis-evicts', 'redis-evicted', 'redis-recovered', 'redis-history-changed', 'redis-history-unknown']
    expect(written.sort()).toEqual([...REDIS_REASONS.map(({ code }) => code), ...others].sort())
  })

  it('keeps nothing of the command, which may be a password', () => {
    const error = Object.assign(new Error('WRONGPASS no'), { command: { name: 'auth', args: ['s3cret'] } })
    for (const told of [redisError(error), redisError(new Error('Connection is closed.'), error)])
      expect(inspect(told, { depth: 10, showHidden: true })).not.toContain('s3cret')
  })

  it('says why there is no connection, and stays as it is when it is told again', () => {
    const why = redisError(new Error('WRONGPASS no'))
    expect(redisError(new Error("Stream isn't writeable"), why)).toBe(why)
    expect(redisError(new Error('MOVED 1 a:1'), why).code).toBe('redis-is-cluster')
    const own = new ServerError('redis-evicts', 503, 'redis: …')
    expect(redisError(own, why)).toBe(own)
    expect(redisError(Object.assign(new Error('Failed to refresh slots cache.'), { lastNodeError: new Error('NOAUTH no') })).code).toBe(
      'redis-refuses-user',
    )
  })
})
