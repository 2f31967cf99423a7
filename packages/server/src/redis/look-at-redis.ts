import { Cluster, type Redis } from 'ioredis'
import { ServerError } from '../errors.ts'
import { redisError } from './redis-error.ts'

/** What was seen of a Redis that takes calls. */
export interface RedisLook {
  /** What keeps the guard from noticing a fail-over, `redis-history-unknown`. */
  readonly warning: ServerError | undefined
  /** How many keys each node has evicted since its start, by its `run_id`. */
  readonly evictions: ReadonlyMap<string, number>
}

interface NodeLook {
  readonly warning: ServerError | undefined
  readonly runId: string
  readonly evicted: number
}

/**
 * Asks a Redis, or each primary of a cluster that answers, whether it takes calls and keeps them.
 *
 * @param inTime - has each node answer in time, or rejects
 * @throws ServerError `redis-evicts`, `redis-loading`, `redis-read-only`, or an error of ioredis
 */
export async function lookAtRedis(client: Redis | Cluster, inTime: <T>(work: () => Promise<T>) => Promise<T>): Promise<RedisLook> {
  const isCluster = client instanceof Cluster
  const nodes = isCluster ? client.nodes('master') : [client]
  if (nodes.length === 0) throw new Error("Cluster isn't ready")
  const looks = await Promise.allSettled(nodes.map(node => inTime(() => lookAtNode(node, isCluster))))
  const failures = looks.flatMap<unknown>(look => (look.status === 'rejected' ? [look.reason] : []))
  // A node of a cluster that is away takes no calls, and those of the others are right.
  const evicts = failures.find(error => error instanceof ServerError && error.code === 'redis-evicts')
  if (evicts !== undefined) throw evicts
  if (failures.length === looks.length) throw failures[0]
  const seen = looks.flatMap(look => (look.status === 'fulfilled' ? [look.value] : []))
  return {
    warning: seen.find(({ warning }) => warning !== undefined)?.warning,
    evictions: new Map(seen.map(({ runId, evicted }) => [runId, evicted])),
  }
}

/** @throws ServerError `redis-loading`, while it reads its data from disk and takes no calls */
export async function refuseLoading(node: Redis): Promise<void> {
  // Where INFO is forbidden, nobody knows.
  checkLoading(await node.info('persistence').catch(() => ''))
}

function checkLoading(info: string): void {
  if (/^loading:1/m.test(info)) throw redisError(new Error('LOADING Redis is loading the dataset in memory'))
}

async function lookAtNode(node: Redis, isOfCluster: boolean): Promise<NodeLook> {
  const info = await node.info().catch(async (error: unknown) => {
    if (redisError(error).code !== 'redis-forbids' && !/unknown command/i.test(String(error))) throw error
    await node.ping()
    return ''
  })
  const fieldOf = (name: string): string | undefined => new RegExp(`^${name}:([^\r\n]*)`, 'm').exec(info)?.[1]
  checkLoading(info)
  // Where it is forbidden, claims will tell.
  if (isOfCluster && /^cluster_state:fail/m.test(await node.cluster('INFO').catch(() => '')))
    throw new Error('CLUSTERDOWN The cluster is down')
  if (fieldOf('role') === 'slave') throw redisError(new Error("READONLY You can't write against a read only replica"))
  const policy = fieldOf('maxmemory_policy') ?? 'noeviction'
  if ((fieldOf('maxmemory') ?? '0') !== '0' && policy !== 'noeviction')
    throw new ServerError(
      'redis-evicts',
      503,
      `redis: its maxmemory-policy is ${policy}, so calls would be forgotten and could be taken twice: set maxmemory-policy noeviction.`,
    )
  const warning = fieldOf('master_replid') === undefined ? historyUnknown() : undefined
  return { warning, runId: fieldOf('run_id') ?? '', evicted: Number(fieldOf('evicted_keys') ?? 0) }
}

function historyUnknown(): ServerError {
  return new ServerError(
    'redis-history-unknown',
    503,
    'redis: it does not tell its master_replid, so a fail-over is not noticed, after which a call could be taken twice: allow its user INFO (ACL SETUSER name +info), or set waitForReplicas.',
  )
}
