import { sql } from 'kysely'
import { DEFAULT_GRACE_MS } from '../keys/key-source.ts'
import type { OpenRedis } from '../redis/open-redis.ts'
import type { KeyService } from '../service.ts'

/**
 * Whether calls can be served. Known keys serve for a grace without the store, so that long a gateway is ready without
 * it: else all of them would be taken out at once.
 */
export function createReadiness(
  { database, changes }: Pick<KeyService, 'database' | 'changes'>,
  redis: Pick<OpenRedis, 'check'> | undefined,
): () => Promise<void> {
  return async () => {
    try {
      await sql`select 1`.execute(database.prompt)
    } catch (error) {
      if (changes.ageMs() >= DEFAULT_GRACE_MS) throw error
    }
    await redis?.check()
  }
}
