import { describe, expect, it } from 'vitest'
import { openRedis } from './open-redis.ts'
import { readSentinelUrl } from './sentinel-url.ts'

describe('a URL of sentinels', () => {
  it.each<[url: string, options: object]>([
    ['redis-sentinel://one#main', { sentinels: [{ host: 'one', port: 26_379 }], name: 'main' }],
    [
      'redis-sentinel://one:1,[::1]:2,10.0.0.3#my%20main',
      {
        sentinels: [
          { host: 'one', port: 1 },
          { host: '::1', port: 2 },
          { host: '10.0.0.3', port: 26_379 },
        ],
        name: 'my main',
      },
    ],
    [
      'redis-sentinel://guard:p%40ss@one,two/3?sentinelPassword=s%26p#main',
      {
        sentinels: [
          { host: 'one', port: 26_379 },
          { host: 'two', port: 26_379 },
        ],
        name: 'main',
        username: 'guard',
        password: 'p@ss',
        sentinelPassword: 's&p',
        db: 3,
      },
    ],
    ['redis-sentinel://:word@one#main', { sentinels: [{ host: 'one', port: 26_379 }], name: 'main', password: 'word' }],
    [
      'rediss-sentinel://one#main',
      { sentinels: [{ host: 'one', port: 26_379 }], name: 'main', tls: {}, sentinelTLS: {}, enableTLSForSentinelMode: true },
    ],
  ])('%s', (url, options) => {
    expect(readSentinelUrl(url)).toEqual(options)
  })

  it.each([
    'redis-sentinel://one',
    'redis-sentinel://one#',
    'redis-sentinel://#main',
    'redis-sentinel://:s3cret@one',
    'redis-sentinel://:s3cret@one:port#main',
    'redis-sentinel://:s3cret%@one#main',
    'redis-sentinel://:s3cret@one,,two#main',
    'redis-sentinel://:s3cret@one?password=x#main',
  ])('%s is refused, without its password in the error', url => {
    expect(() => openRedis(url, { timeoutMs: 100 })).toThrow(
      expect.objectContaining({ code: 'option-invalid', message: expect.not.stringContaining('s3cret') as string }),
    )
  })
})
