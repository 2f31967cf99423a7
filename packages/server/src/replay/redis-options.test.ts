import { describe, expect, it } from 'vitest'
import { cachedKeys } from '../keys/key-source.ts'
import { redisReplayGuard } from './redis.ts'

const redis = 'redis://127.0.0.1:1'
const open = async () => undefined

describe('options of the server that are misspelled or of another kind are refused with a sentence', () => {
  it.each<readonly [string, () => unknown]>([
    ['a misspelled option of a guard in Redis', () => redisReplayGuard({ redis, nonceLifetimeMS: 1 } as never)],
    ['a skew that is text', () => redisReplayGuard({ redis, skewMs: 'x' } as never)],
    ['a watcher that is a number', () => redisReplayGuard({ redis, onError: 5 } as never)],
    ['no Redis', () => redisReplayGuard({} as never)],
    ['a Redis that is a number', () => redisReplayGuard({ redis: 6379 } as never)],
    ['no options', () => redisReplayGuard(undefined as never)],
    ['a misspelled option of a key source', () => cachedKeys({ open, maxAge: 5 } as never)],
    ['no options of a key source', () => cachedKeys(undefined as never)],
  ])('%s', (_what, make) => {
    expect(make).toThrow(expect.objectContaining({ code: 'option-invalid', message: expect.stringMatching(/\w.*\.$/) as string }))
  })
})
