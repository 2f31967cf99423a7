import type { Registry } from 'prom-client'
import type { OpenRedis } from '../redis/open-redis.ts'
import { addGauge } from './collected.ts'

/** Whether calls can be claimed: a connection alone does not say so of a Redis that hangs, evicts, or is a replica. */
export function addRedisMetrics(registry: Registry, { check }: Pick<OpenRedis, 'check'>): void {
  const isUp = (): Promise<number> =>
    check().then(
      () => 1,
      () => 0,
    )
  addGauge(registry, 'countersign_redis_up', 'Whether Redis answers now and keeps what it is told: 1 or 0.', 'min', isUp)
}
