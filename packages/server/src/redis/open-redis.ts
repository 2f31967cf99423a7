import { once } from 'node:events'
import { CountersignError, tell } from 'countersign'
import { Cluster, type ClusterNode, Redis } from 'ioredis'
import { ServerError } from '../errors.ts'
import { isSentinelUrl, readSentinelUrl } from './sentinel-url.ts'

/**
 * `redis://…` (TLS: `rediss://…`), `redis-sentinel://host:26379,host:26379#name-of-the-primary`, or several nodes of a
 * cluster. Valkey is the same.
 */
export type RedisLocation = string | readonly string[]

export interface OpenRedisOptions {
  /** A command that takes longer fails; after twice as long without a word, the connection is made anew. */
  readonly timeoutMs: number
  /** Told of every error of the connection. What it throws or rejects with is dropped. */
  readonly onError?: ((error: unknown) => void) | undefined
}

/** A connection, or those of a cluster. While Redis is away, commands fail at once. */
export interface OpenRedis {
  readonly client: Redis | Cluster
  readonly isCluster: boolean
  /**
   * Resolves at once while it is known that Redis keeps what it is told.
   *
   * @throws ServerError `redis-evicts`, `redis-info-forbidden`
   */
  trusted(): Promise<void>
  /** Whether it answers, and can be trusted. @throws what keeps it from that */
  check(): Promise<void>
  close(): Promise<void>
}

const LONGEST_WAIT_MS = 500

/** @throws CountersignError `option-invalid` */
export function openRedis(location: RedisLocation, { timeoutMs, onError }: OpenRedisOptions): OpenRedis {
  const client = clientFor(location, timeoutMs)
  const isCluster = client instanceof Cluster
  let trust: Promise<void> = Promise.resolve()
  client.on('error', error => tell(onError, new Error(`redis: ${error.message}`, { cause: error })))
  client.on('ready', () => {
    trust = lookAt(client)
    trust.catch((error: unknown) => tell(onError, error))
  })
  return {
    client,
    isCluster,
    trusted: () => trust,
    async check() {
      // Right after it was made, there is no connection yet that could be asked.
      if (client.status === 'connecting' || client.status === 'connect')
        await once(client, 'ready', { signal: AbortSignal.timeout(timeoutMs * 4) }).catch((error: unknown) => {
          throw error instanceof Error && error.name === 'AbortError' ? new Error('redis: no answer') : error
        })
      await client.ping()
      await trust
    },
    async close() {
      client.disconnect()
    },
  }
}

function clientFor(location: RedisLocation, timeoutMs: number): Redis | Cluster {
  if (typeof location !== 'string' && (!Array.isArray(location) || location.length === 0))
    throw new CountersignError(
      'option-invalid',
      'The option redis is a URL, such as redis://127.0.0.1:6379 or redis-sentinel://127.0.0.1:26379#main, or a list of them for a cluster.',
    )
  const retry = (attempt: number) => Math.min(attempt * 50, LONGEST_WAIT_MS)
  const each = {
    commandTimeout: timeoutMs,
    connectTimeout: timeoutMs * 4,
    // A host that is gone without a word would else be waited for a quarter of an hour.
    socketTimeout: timeoutMs * 2,
  }
  if (typeof location !== 'string')
    return new Cluster(location as ClusterNode[], {
      enableAutoPipelining: true,
      enableOfflineQueue: false,
      clusterRetryStrategy: retry,
      redisOptions: each,
    })
  const settings = {
    ...each,
    enableAutoPipelining: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    retryStrategy: retry,
    // A primary that became a replica: its name, or the sentinels, lead to the new one.
    reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
  }
  if (!isSentinelUrl(location)) return new Redis(location, settings)
  return new Redis({ ...readSentinelUrl(location), ...settings, sentinelRetryStrategy: retry, failoverDetector: true })
}

/** Whether a Redis, or each node of a cluster, keeps what it is told for as long as it is told to. */
async function lookAt(client: Redis | Cluster): Promise<void> {
  const nodes = client instanceof Cluster ? client.nodes('master') : [client]
  for (const node of nodes) {
    const memory = await node.info('memory').catch((error: unknown) => {
      if (!(error instanceof Error && error.message.startsWith('NOPERM'))) throw error
      throw new ServerError(
        'redis-info-forbidden',
        503,
        'redis: this user may not call INFO, by which a fail-over and evictions are noticed: allow it with ACL SETUSER name +info.',
      )
    })
    const [, limit = '0'] = /^maxmemory:(\d+)/m.exec(memory) ?? []
    const [, policy = 'noeviction'] = /^maxmemory_policy:([\w-]+)/m.exec(memory) ?? []
    if (limit !== '0' && policy !== 'noeviction')
      throw new ServerError(
        'redis-evicts',
        503,
        `redis: its maxmemory-policy is ${policy}, so that calls would be forgotten and could be taken twice: set maxmemory-policy noeviction.`,
      )
  }
}
