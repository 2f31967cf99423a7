import type { Scheme } from 'countersign'
import { sql } from 'kysely'
import type { Logger } from 'pino'
import { type Waiting, whenThere } from '../database/when-there.ts'
import type { ServerError } from '../errors.ts'
import { type OpenRedis, openRedis } from '../redis/open-redis.ts'
import { type ReadFile, withSchemeFiles } from '../schemes/scheme-files.ts'
import { besideStoreAdvice, type KeyService, openKeyService } from '../service.ts'
import type { GatewayConfig } from '../settings/config.ts'
import { logError } from './process-log.ts'

/** What a gateway's process stands on. */
export interface GatewayStores {
  /** Those of the start. */
  readonly schemes: readonly Scheme[]
  /** Other schemes are in use from now on: keys are opened by them. */
  take(schemes: readonly Scheme[]): void
  readonly service: KeyService
  readonly redis: OpenRedis | undefined
  /** @throws what keeps one of them from answering */
  reach(): Promise<void>
  close(): Promise<void>
}

/** A claim or a count that takes longer is given up. */
export const REDIS_TIMEOUT_MS = 500
/** At the start, the connection is made first, maybe by sentinels and with TLS. */
export const REDIS_START_MS = 2_000

/**
 * Reads the schemes and opens the key store and Redis.
 *
 * @param read what the settings name
 * @param waiting for a key store that is away
 */
export async function openStores(config: GatewayConfig, log: Logger, read: ReadFile, waiting?: Waiting): Promise<GatewayStores> {
  const onError = (error: unknown): void => logError(log, error)
  const schemes = withSchemeFiles(config.schemes ?? [], warning => log.warn(warning), read)
  let current = schemes
  const service = await whenThere(
    () =>
      openKeyService({
        store: config.store,
        masterKeyFile: config.masterKeyFile,
        schemes: () => current,
        permissions: config.permissions,
        // An empty store lets nobody in: one that isn't there is a wrong path.
        mustExist: true,
        onError,
        onStoreReached: () => log.info('the key store answers again'),
      }),
    waiting,
  )
  if (service.masterKeyBesideStore !== undefined) log.warn(besideStoreAdvice(service.masterKeyBesideStore))
  const onWarning = ({ code, message }: ServerError): void => log.warn({ code }, message)
  const redis = config.redis === undefined ? undefined : openRedis(config.redis, { timeoutMs: REDIS_TIMEOUT_MS, onError, onWarning })
  return {
    schemes,
    take(others) {
      current = others
      service.source.forgetAll()
    },
    service,
    redis,
    async reach() {
      await sql`select 1`.execute(service.database.db)
      await redis?.check(REDIS_START_MS)
    },
    async close() {
      await redis?.close()
      await service.close()
    },
  }
}
