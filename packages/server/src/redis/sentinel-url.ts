import { CountersignError } from 'countersign'
import type { RedisOptions } from 'ioredis'

const SENTINEL_URL =
  /^(rediss?)-sentinel:\/\/(?:([^:@/]*)(?::([^@/]*))?@)?([^@/?#]+)(?:\/(\d+)?)?(?:\?sentinelPassword=([^#&]*))?#([^#]+)$/i

/** Whether a URL names sentinels and not Redis itself. */
export function isSentinelUrl(url: string): boolean {
  return /^rediss?-sentinel:/i.test(url)
}

/**
 * Reads `redis-sentinel://user:password@host:26379,host:26379/0?sentinelPassword=…#primary`. With `rediss-sentinel`
 * all of them are spoken to by TLS. All but the hosts and the name behind `#` can be left out. What stands
 * alone before the `@` is the user, as in `redis://`.
 *
 * @throws CountersignError `option-invalid`, without the URL, which may have a password
 */
export function readSentinelUrl(url: string): Omit<RedisOptions, 'replyMapping'> {
  const [, scheme, username, password, hosts, db, sentinelPassword, name] = SENTINEL_URL.exec(url) ?? []
  if (scheme === undefined || hosts === undefined || name === undefined)
    throw new CountersignError(
      'option-invalid',
      'A URL of sentinels is redis-sentinel://host:26379,host:26379#name-of-the-primary, with user:password@ in front of the hosts and /0 for the database behind them.',
    )
  const tls = scheme.toLowerCase() === 'rediss' ? { tls: {}, sentinelTLS: {}, enableTLSForSentinelMode: true } : {}
  return {
    sentinels: hosts.split(',').map(readHost),
    name: decoded(name),
    ...(username === undefined || username === '' ? {} : { username: decoded(username) }),
    ...(password === undefined ? {} : { password: decoded(password) }),
    ...(sentinelPassword === undefined ? {} : { sentinelPassword: decoded(sentinelPassword) }),
    ...(db === undefined ? {} : { db: Number(db) }),
    ...tls,
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw new CountersignError('option-invalid', 'A part of the URL of the sentinels has a % that stands for nothing: write %25 for it.')
  }
}

const SENTINEL_PORT = 26_379
const MAX_PORT = 65_535

function readHost(text: string): { readonly host: string; readonly port: number } {
  const [, host, port] = /^(\[[^\]]+\]|[^:]+)(?::(\d+))?$/.exec(text) ?? []
  if (host === undefined)
    throw new CountersignError('option-invalid', "A host of the sentinels can't be read: host:port, with [::1]:port for IPv6.")
  const number = port === undefined ? SENTINEL_PORT : Number(port)
  if (number < 1 || number > MAX_PORT)
    throw new CountersignError('option-invalid', `A port of the sentinels is a number from 1 to ${MAX_PORT}; this one is ${number}.`)
  return { host: host.replace(/^\[|\]$/g, ''), port: number }
}
