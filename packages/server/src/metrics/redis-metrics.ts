import type { Registry } from 'prom-client'
import type { OpenRedis } from '../redis/open-redis.ts'
import { addGauge } from './collected.ts'

/** Whether what processes remember together can be reached. */
export function addRedisMetrics(registry: Registry, { client }: Pick<OpenRedis, 'client'>): void {
  addGauge(registry, 'countersign_redis_up', 'Whether there is a connection to Redis: 1 or 0.', 'min', () =>
    client.status === 'ready' ? 1 : 0,
  )
}
