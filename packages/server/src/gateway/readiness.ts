import { sql } from 'kysely'
import { DEFAULT_GRACE_MS } from '../keys/key-source.ts'
import type { OpenRedis } from '../redis/open-redis.ts'
import type { KeyService } from '../service.ts'

/**
 * Whether calls can be served. Known keys serve for a grace without the store, so that long a gateway is ready without
 * it: else all of them would be taken out at once.
 */
export function createReadiness(
  service: Pick<KeyService, 'database'>,
  redis: Pick<OpenRedis, 'check'> | undefined,
  now: () => number = () => performance.now(),
): () => Promise<void> {
  let reachedAt = now()
  return async () => {
    try {
      await sql`select 1`.execute(service.database.prompt)
      reachedAt = now()
    } catch (error) {
      if (now() >= reachedAt + DEFAULT_GRACE_MS) throw error
    }
    await redis?.check()
  }
}
