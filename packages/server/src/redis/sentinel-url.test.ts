import { Redis } from 'ioredis'
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
    ['redis-sentinel://ada@one#main', { sentinels: [{ host: 'one', port: 26_379 }], name: 'main', username: 'ada' }],
    ['redis-sentinel://ada:@one#main', { sentinels: [{ host: 'one', port: 26_379 }], name: 'main', username: 'ada', password: '' }],
    ['redis-sentinel://a%3Ab@one:65535#main', { sentinels: [{ host: 'one', port: 65_535 }], name: 'main', username: 'a:b' }],
    ['Redis-Sentinel://:word@one#Main', { sentinels: [{ host: 'one', port: 26_379 }], name: 'Main', password: 'word' }],
    [
      'REDISS-SENTINEL://one#main',
      { sentinels: [{ host: 'one', port: 26_379 }], name: 'main', tls: {}, sentinelTLS: {}, enableTLSForSentinelMode: true },
    ],
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
    'redis-sentinel://:s3cret@one:0#main',
    'redis-sentinel://:s3cret@one,two:65536#main',
    'REDIS-SENTINEL://:s3cret@[::1]:99999#main',
    'redis-sentinel://:s3cret@one,,two#main',
    'redis-sentinel://:s3cret@one?password=x#main',
  ])('%s is refused, without its password in the error', url => {
    expect(() => openRedis(url, { timeoutMs: 100 })).toThrow(
      expect.objectContaining({ code: 'option-invalid', message: expect.not.stringContaining('s3cret') as string }),
    )
  })

  it.each(['ada@', 'ada:word@', ':word@', 'a%3Ab:p%40@', ''])('has the same user and password as redis:// with %j', who => {
    const plain = new Redis(`redis://${who}one:1`, { lazyConnect: true })
    const { username, password } = plain.options
    plain.disconnect()
    const read = readSentinelUrl(`redis-sentinel://${who}one#main`)
    // Redis is told nothing where they are empty.
    expect([read.username ?? '', read.password ?? '']).toEqual([username ?? '', password ?? ''])
  })
})
