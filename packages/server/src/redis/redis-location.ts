import { CountersignError } from 'countersign'
import { isSentinelUrl, readSentinelUrl } from './sentinel-url.ts'

/**
 * `redis://…` (TLS: `rediss://…`), `redis-sentinel://host:26379,host:26379#name-of-the-primary`, or several nodes of a
 * cluster. Valkey is the same.
 */
export type RedisLocation = string | readonly string[]

/**
 * Whether there could be a Redis, or a cluster.
 *
 * @throws CountersignError `option-invalid`, without the URL, which may have a password
 */
export function checkRedisLocation(location: RedisLocation): void {
  if (typeof location !== 'string') {
    if (!Array.isArray(location) || location.length === 0 || !location.every(isPlain)) throw wrongLocation()
  } else if (isSentinelUrl(location)) readSentinelUrl(location)
  else if (!isPlain(location)) throw wrongLocation()
}

/** A URL of one server; ioredis also takes `host:port` and the path of a socket. */
function isPlain(node: unknown): boolean {
  if (typeof node !== 'string' || node === '') return false
  return /^rediss?:\/\//i.test(node) ? URL.canParse(node) : !/^[a-z][\w+.-]*:\/\//i.test(node)
}

function wrongLocation(): CountersignError {
  return new CountersignError(
    'option-invalid',
    'The option redis is a URL, such as redis://127.0.0.1:6379 or redis-sentinel://127.0.0.1:26379#main, or a list of them for a cluster.',
  )
}
