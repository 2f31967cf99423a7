import { Cluster, type Redis } from 'ioredis'
import { ServerError } from '../errors.ts'
import { redisError } from './redis-error.ts'

/**
 * Asks a Redis, or each primary of a cluster that answers, whether it takes calls and keeps them.
 *
 * @returns what keeps the guard from noticing a fail-over, `redis-history-unknown`
 * @throws ServerError `redis-evicts`, `redis-loading`, `redis-read-only`, and those of `redisError`
 */
export async function lookAtRedis(client: Redis | Cluster): Promise<ServerError | undefined> {
  const nodes = client instanceof Cluster ? client.nodes('master') : [client]
  if (nodes.length === 0) throw redisError(new Error("Cluster isn't ready"))
  const looks = await Promise.allSettled(nodes.map(lookAtNode))
  const failures = looks.flatMap(look => (look.status === 'rejected' ? [redisError(look.reason)] : []))
  // A node of a cluster that is away takes no calls, and those of the others are right.
  const worst = failures.find(({ code }) => code === 'redis-evicts') ?? (failures.length === looks.length ? failures[0] : undefined)
  if (worst !== undefined) throw worst
  return looks.flatMap(look => (look.status === 'fulfilled' && look.value !== undefined ? [look.value] : []))[0]
}

async function lookAtNode(node: Redis): Promise<ServerError | undefined> {
  const info = await node.info().catch(async (error: unknown) => {
    if (redisError(error).code !== 'redis-forbids' && !/unknown command/i.test(String(error))) throw error
    await node.ping()
    return ''
  })
  const fieldOf = (name: string): string | undefined => new RegExp(`^${name}:([^\r\n]*)`, 'm').exec(info)?.[1]
  if (fieldOf('loading') === '1') throw redisError(new Error('LOADING Redis is loading the dataset in memory'))
  if (fieldOf('role') === 'slave') throw redisError(new Error("READONLY You can't write against a read only replica"))
  const policy = fieldOf('maxmemory_policy') ?? 'noeviction'
  if ((fieldOf('maxmemory') ?? '0') !== '0' && policy !== 'noeviction')
    throw new ServerError(
      'redis-evicts',
      503,
      `redis: its maxmemory-policy is ${policy}, so calls would be forgotten and could be taken twice: set maxmemory-policy noeviction.`,
    )
  if (fieldOf('master_replid') !== undefined) return undefined
  return new ServerError(
    'redis-history-unknown',
    503,
    'redis: it does not tell its master_replid, so a fail-over is not noticed, after which a call could be taken twice: allow its user INFO (ACL SETUSER name +info), or set waitForReplicas.',
  )
}
