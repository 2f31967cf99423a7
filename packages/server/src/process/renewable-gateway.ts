import { isDeepStrictEqual } from 'node:util'
import type { NearlyFull, Scheme } from 'countersign'
import type { Logger } from 'pino'
import type { AccessEntry } from '../gateway/access-entry.ts'
import { createGateway, type Gateway } from '../gateway/gateway.ts'
import { memoryRates } from '../gateway/rates/memory-rates.ts'
import { redisRates } from '../gateway/rates/redis-rates.ts'
import { addRedisMetrics } from '../metrics/redis-metrics.ts'
import { redisReplayGuard } from '../replay/redis.ts'
import { type ReadFile, withSchemeFiles } from '../schemes/scheme-files.ts'
import type { GatewayConfig } from '../settings/config.ts'
import { checkRenewed } from '../settings/renewed-settings.ts'
import { withFiles } from '../settings/settings-files.ts'
import { type GatewayStores, REDIS_TIMEOUT_MS } from './gateway-stores.ts'
import { logError } from './process-log.ts'

/** A gateway by settings that may change while it runs. */
export interface RenewableGateway {
  readonly gateway: Gateway
  /** Those that it goes by now. */
  readonly config: GatewayConfig
  /** @throws ServerError what is wrong with the new settings; the old ones stay */
  renew(config: GatewayConfig): void
}

const NEARLY_FULL = {
  all: 'replay guard nearly full: raise maxReplayBytes, or use redis',
  key: "one key's share of the replay guard nearly full: raise maxReplayBytes, or use redis",
}

/** @throws ServerError what is wrong with the settings, and with the files that they name */
export function createRenewableGateway(config: GatewayConfig, stores: GatewayStores, log: Logger, read: ReadFile): RenewableGateway {
  const { service } = stores
  const onError = (error: unknown): void => logError(log, error)
  const lasting = {
    service,
    ...sharedBy(stores, config, onError),
    onReplayNearlyFull: (usage: NearlyFull) => log.warn(usage, NEARLY_FULL[usage.of]),
    onFlooded: (address: string | undefined) => log.warn({ address }, 'connection closed: more requests at once than maxPipelined'),
    onError,
    onFinished: (entry: AccessEntry) => log.info(entry, 'request'),
  }
  const optionsBy = (given: GatewayConfig, schemes: readonly Scheme[]) => ({
    ...withFiles(given, read),
    ...lasting,
    schemes,
    permissions: given.permissions ?? ('any' as const),
  })
  const gateway = createGateway(optionsBy(config, stores.schemes))
  if (stores.redis !== undefined) addRedisMetrics(gateway.metrics.registry, stores.redis)
  let current = config
  return {
    gateway,
    get config() {
      return current
    },
    renew(next) {
      checkRenewed(current, next)
      const schemes = withSchemeFiles(next.schemes ?? [], warning => log.warn(warning), read)
      gateway.renew(optionsBy(next, schemes), isDeepStrictEqual(current, next))
      // Keys in memory are of their schemes. Where none is of one's own, they stay: the store may be away just now.
      if (hasOwnSchemes(current) || hasOwnSchemes(next)) stores.take(schemes)
      current = next
    },
  }
}

const hasOwnSchemes = ({ schemes = [] }: GatewayConfig): boolean => schemes.length > 0

/** What all processes remember together, in Redis. */
function sharedBy({ redis }: GatewayStores, { waitForReplicas }: GatewayConfig, onError: (error: unknown) => void) {
  if (redis === undefined) return {}
  return {
    replay: redisReplayGuard({ redis, waitForReplicas, timeoutMs: REDIS_TIMEOUT_MS, onError }),
    rates: redisRates({ redis, prefix: 'countersign', meanwhile: memoryRates(), onError }),
  }
}
