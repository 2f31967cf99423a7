import { once } from 'node:events'
import { tell } from 'countersign'
import { Cluster, type ClusterNode, Redis, type RedisOptions } from 'ioredis'
import type { ServerError } from '../errors.ts'
import { createAway } from './away.ts'
import { lookAtRedis, refuseLoading } from './look-at-redis.ts'
import { redisError } from './redis-error.ts'
import { checkRedisLocation, type RedisLocation } from './redis-location.ts'
import { isSentinelUrl, readSentinelUrl } from './sentinel-url.ts'
import { createTrust, LONGEST_WAIT_MS } from './trust.ts'

export interface OpenRedisOptions {
  /** What takes longer fails; after twice as long without a word, the connection is made anew. In milliseconds. */
  readonly timeoutMs: number
  /** Told of every error of the connection. What it throws or rejects with is dropped. */
  readonly onError?: ((error: unknown) => void) | undefined
  /**
   * Told once a connection of `redis-history-unknown`, and of `redis-history-changed`, `redis-evicted` and
   * `redis-recovered`: nothing has to be done at once. Default: `onError`.
   */
  readonly onWarning?: ((warning: ServerError) => void) | undefined
}

/** A connection, or those of a cluster. While Redis is away, commands fail at once. */
export interface OpenRedis {
  readonly client: Redis | Cluster
  readonly isCluster: boolean
  /** Does something with Redis, within `timeoutMs`. @throws ServerError those of `redisError` */
  ask<T>(work: () => Promise<T>): Promise<T>
  /**
   * Resolves at once while it is known that Redis keeps what it is told. While this is asked, Redis is looked at again
   * four times a second.
   *
   * @throws ServerError `redis-evicts`, or what keeps it from answering
   */
  trusted(): Promise<void>
  /**
   * Looks whether it answers and can be trusted.
   *
   * @param withinMs - Default: `timeoutMs`
   * @throws ServerError as `trusted` does
   */
  check(withinMs?: number): Promise<void>
  /** Has something done when Redis has evicted keys, before it is trusted again. @returns what ends that */
  whenEvicted(work: () => Promise<unknown>): () => void
  /** Tells `onWarning`. */
  warn(warning: ServerError): void
  close(): Promise<void>
}

/** Between two questions to a cluster, which node has which slots. */
const SLOTS_REFRESH_MS = 1_000

/** @throws CountersignError `option-invalid` */
export function openRedis(location: RedisLocation, { timeoutMs, onError, onWarning = onError }: OpenRedisOptions): OpenRedis {
  checkRedisLocation(location)
  const client = clientFor(location, timeoutMs)
  // A node of a cluster that hangs doesn't keep the others from being looked at in time.
  const lookMs = client instanceof Cluster ? timeoutMs / 2 : timeoutMs
  let lastError: unknown
  const warn = (warning: ServerError): void => tell(onWarning, warning)
  /** Why there is no connection, which ioredis does not say of the commands that it refuses meanwhile. */
  function remember(error: unknown): never {
    lastError = redisError(error, lastError)
    throw lastError
  }
  const whenEvicted = new Set<() => Promise<unknown>>()
  const trust = createTrust({
    async look() {
      const seen = await lookAtRedis(client, work => ask(work, lookMs)).catch(remember)
      lastError = undefined
      return seen
    },
    onError,
    warn,
    onEvicted: () => ask(() => Promise.all([...whenEvicted].map(work => work()))),
  })
  let checked: Promise<void> | undefined
  async function lookWhenConnected(): Promise<void> {
    const ended = new AbortController()
    const { signal } = ended
    try {
      if (client.status === 'connecting') await once(client, 'connect', { signal })
      if (client.status === 'connect') {
        const ready = once(client, 'ready', { signal })
        if (client instanceof Redis) await Promise.race([ready, refuseLoading(client).catch(remember)])
        await ready
      }
    } finally {
      ended.abort()
    }
    await trust.look()
  }
  async function ask<T>(work: () => Promise<T>, withinMs = timeoutMs): Promise<T> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('timed out')), withinMs)
    })
    try {
      return await Promise.race([work(), late])
    } catch (error) {
      throw redisError(error, lastError)
    } finally {
      clearTimeout(timer)
    }
  }

  const away = createAway(onError, warn)
  client.on('error', (error: unknown) => {
    lastError = error
    away.failed(redisError(error))
  })
  client.on('ready', away.isBack)
  client.on('close', trust.lost)
  client.on('ready', trust.connected)
  return {
    client,
    isCluster: client instanceof Cluster,
    ask,
    trusted: trust.hold,
    check(withinMs) {
      checked ??= lookWhenConnected().finally(() => {
        checked = undefined
      })
      const running = checked
      return ask(() => running, withinMs)
    },
    whenEvicted(work) {
      whenEvicted.add(work)
      return () => void whenEvicted.delete(work)
    },
    warn,
    async close() {
      client.disconnect()
    },
  }
}

function clientFor(location: RedisLocation, timeoutMs: number): Redis | Cluster {
  const retry = (attempt: number) => Math.min(attempt * 50, LONGEST_WAIT_MS)
  const each = {
    commandTimeout: timeoutMs,
    connectTimeout: timeoutMs * 4,
    // A host that is gone without a word would else be waited for a quarter of an hour.
    socketTimeout: timeoutMs * 2,
    maxLoadingRetryTime: LONGEST_WAIT_MS,
    // A claim that is sent again on the next connection would say that it was seen.
    autoResendUnfulfilledCommands: false,
  }
  if (typeof location !== 'string')
    return new Cluster(location as ClusterNode[], {
      enableAutoPipelining: true,
      enableOfflineQueue: false,
      clusterRetryStrategy: retry,
      // ioredis asks anew which node has which calls when all commands of a batch were sent to a wrong one; where only
      // some were, it would not.
      slotsRefreshInterval: SLOTS_REFRESH_MS,
      redisOptions: { ...each, ...credentialsOf(location[0]) },
    })
  const settings = {
    ...each,
    enableAutoPipelining: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    retryStrategy: retry,
    // A primary that became a replica: its name, or the sentinels, lead to the new one.
    reconnectOnError: (error: Error) => /\bREADONLY\b/.test(error.message),
  }
  if (!isSentinelUrl(location)) return new Redis(location, settings)
  return new Redis({
    ...readSentinelUrl(location),
    ...settings,
    sentinelCommandTimeout: timeoutMs,
    sentinelRetryStrategy: retry,
    sentinelReconnectStrategy: retry,
    failoverDetector: true,
  })
}

/** A cluster tells its nodes' addresses only; those that aren't in the list have the same user and TLS as the first. */
function credentialsOf(node: string | undefined): Pick<RedisOptions, 'tls' | 'username' | 'password'> {
  const url = node !== undefined && URL.canParse(node) ? new URL(node) : undefined
  if (url === undefined) return {}
  return {
    ...(url.protocol === 'rediss:' ? { tls: {} } : {}),
    ...(url.username === '' ? {} : { username: decodeURIComponent(url.username) }),
    ...(url.password === '' ? {} : { password: decodeURIComponent(url.password) }),
  }
}
