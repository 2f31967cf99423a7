import { DEFAULT_GRACE_MS } from '../keys/key-source.ts'
import type { OpenRedis } from '../redis/open-redis.ts'
import { isMasterKeyProblem } from '../seal/sealer.ts'
import type { KeyService } from '../service.ts'

/**
 * Whether calls can be served. Known keys serve for a grace without the store, so that long a gateway is ready without
 * it: else all of them would be taken out at once. One that can't open secrets is not: mostly it is the only one.
 */
export function createReadiness(
  { changes, checkSeal }: Pick<KeyService, 'changes' | 'checkSeal'>,
  redis: Pick<OpenRedis, 'check'> | undefined,
): () => Promise<void> {
  return async () => {
    try {
      await checkSeal()
    } catch (error) {
      if (isMasterKeyProblem(error) || changes.ageMs() >= DEFAULT_GRACE_MS) throw error
    }
    await redis?.check()
  }
}
