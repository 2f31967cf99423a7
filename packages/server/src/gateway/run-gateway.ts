import { isIPv6 } from 'node:net'
import { isDeepStrictEqual } from 'node:util'
import type { NearlyFull, Scheme } from 'countersign'
import { sql } from 'kysely'
import { type Logger, pino } from 'pino'
import type { ServerError } from '../errors.ts'
import { listen } from '../http/listen.ts'
import { type OpenRedis, openRedis } from '../redis/open-redis.ts'
import { redisReplayGuard } from '../replay/redis.ts'
import { withSchemeFiles } from '../scheme-files.ts'
import { besideStoreAdvice, type KeyService, openKeyService } from '../service.ts'
import type { AccessEntry } from './access-entry.ts'
import type { GatewayConfig } from './config.ts'
import { createGateway, type Gateway } from './gateway.ts'
import { createHealthServer, type Watched } from './health-server.ts'
import type { ProcessMetrics } from './metrics-of-processes.ts'
import { checkNamedKey } from './named-key.ts'
import { memoryRates } from './rates/memory-rates.ts'
import { redisRates } from './rates/redis-rates.ts'
import { createReadiness } from './readiness.ts'
import { checkRenewed } from './renewed-settings.ts'
import { checkSpoolFolder, withFiles } from './settings-files.ts'

export interface WatchedProcess extends Watched {
  /** Its metrics, as they can be sent to another process. */
  counted(): Promise<ProcessMetrics>
}

export interface RunningGateway {
  readonly origin: string
  readonly adminOrigin: string | undefined
  /** What its admin port tells, for a process that tells it for several. */
  readonly watched: WatchedProcess
  close(): Promise<void>
}

const NEARLY_FULL = {
  all: 'replay guard nearly full: raise maxReplayBytes, or use redis',
  key: "one key's share of the replay guard nearly full: raise maxReplayBytes, or use redis",
}

/** A claim or a count that takes longer is given up. */
const REDIS_TIMEOUT_MS = 500

/** At the start, the connection is made first, maybe by sentinels and with TLS. */
const REDIS_START_MS = 2_000

interface RunOptions {
  readonly isQuiet?: boolean
  /** Reads the settings again, on SIGHUP. Default: they stay, and their files are read again. */
  readonly readAgain?: () => GatewayConfig | Promise<GatewayConfig>
}

/** Starts a gateway with its key store, its replay guard, its log on standard error and its metrics. */
export function runGateway(config: GatewayConfig, options: RunOptions = {}): Promise<RunningGateway> {
  const { readAgain = () => config } = options
  return withStores(config, options, (...stores) => listenWith(readAgain, ...stores))
}

/**
 * Does all that a start does but to listen: reads schemes, certificates and keys, opens the key store, asks it and
 * Redis, and looks for the keys that routes name.
 *
 * @throws whatever keeps the gateway from starting; ServerError `route-invalid` for a key that is not there
 */
export function checkGateway(config: GatewayConfig, options: RunOptions = {}): Promise<void> {
  return withStores(config, options, async (given, schemes, service, redis, log, closeStores) => {
    const { gateway } = makeGateway(given, schemes, service, redis, log)
    await reachStores(service, redis)
    for (const { path, key, schemes: names } of given.routes) await checkNamedKey(service, path, key, names)
    await gateway.drain(0)
    await closeStores()
  })
}

type WithStores<T> = (
  config: GatewayConfig,
  schemes: readonly Scheme[],
  service: KeyService,
  redis: OpenRedis | undefined,
  log: Logger,
  closeStores: () => Promise<void>,
) => Promise<T>

async function withStores<T>(config: GatewayConfig, { isQuiet = false }: RunOptions, work: WithStores<T>): Promise<T> {
  const log = pino(
    { level: isQuiet ? 'error' : 'info', base: { pid: process.pid }, redact: ['req.headers', '*.secret', '*.authorization'] },
    pino.destination({ dest: 2, sync: false }),
  )
  const onError = (error: unknown): void => logError(log, error)
  if (config.spoolFolder !== undefined) checkSpoolFolder(config.spoolFolder)
  // An empty store lets nobody in: one that isn't there is a wrong path.
  const schemes = withSchemeFiles(config.schemes ?? [], warning => log.warn(warning))
  const service = await openKeyService({
    store: config.store,
    masterKeyFile: config.masterKeyFile,
    schemes,
    permissions: config.permissions,
    mustExist: true,
    onError,
  })
  if (service.masterKeyBesideStore !== undefined) log.warn(besideStoreAdvice(service.masterKeyBesideStore))
  const onWarning = ({ code, message }: ServerError): void => log.warn({ code }, message)
  const redis = config.redis === undefined ? undefined : openRedis(config.redis, { timeoutMs: REDIS_TIMEOUT_MS, onError, onWarning })
  async function closeStores(): Promise<void> {
    await redis?.close()
    await service.close()
  }
  try {
    return await work(config, schemes, service, redis, log, closeStores)
  } catch (error) {
    // What is still open would keep the process alive.
    await closeStores()
    throw error
  }
}

async function listenWith(
  readAgain: NonNullable<RunOptions['readAgain']>,
  config: GatewayConfig,
  schemes: readonly Scheme[],
  service: KeyService,
  redis: OpenRedis | undefined,
  log: Logger,
  closeStores: () => Promise<void>,
): Promise<RunningGateway> {
  const made = makeGateway(config, schemes, service, redis, log)
  const { gateway } = made
  // Without its connection the first calls would be refused. Where Redis is away, they are until it is back.
  await redis?.check(REDIS_START_MS).catch((error: unknown) => logError(log, error))
  const port = await listen(gateway.server, config.port, config.host)
  const watched = watchedOf(gateway, createReadiness(service, redis))
  const health = config.adminPort === undefined ? undefined : createHealthServer(watched)
  const adminPort =
    health === undefined
      ? undefined
      : await listen(health, config.adminPort ?? 0, config.adminHost).catch(async (error: unknown) => {
          await gateway.drain(0)
          throw error
        })
  const reload = async (): Promise<void> => {
    try {
      made.renew(await readAgain())
      log.info('settings read again')
    } catch (error) {
      logError(log, error)
    }
  }
  process.on('SIGHUP', reload)
  const upstreams = Object.fromEntries(config.routes.map(({ path, upstream }) => [path, upstream ?? config.upstream]))
  log.info({ port, adminPort, upstreams }, 'listening')
  return {
    origin: `${config.tls === undefined ? 'http' : 'https'}://${urlHostOf(config.host)}:${port}`,
    adminOrigin: adminPort === undefined ? undefined : `http://${urlHostOf(config.adminHost)}:${adminPort}`,
    watched,
    async close() {
      process.off('SIGHUP', reload)
      log.info('draining')
      const { drainMs, drainDelayMs } = made.config
      await gateway.drain(drainMs, drainDelayMs)
      health?.close()
      await closeStores()
      log.info('closed')
      log.flush()
    },
  }
}

function watchedOf(gateway: Gateway, check: () => Promise<void>): WatchedProcess {
  const { registry } = gateway.metrics
  return {
    get isDraining() {
      return gateway.isDraining
    },
    metrics: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
    counted: () => registry.getMetricsAsJSON(),
    async ready() {
      await check()
      return 'ready'
    },
  }
}

function makeGateway(config: GatewayConfig, schemes: readonly Scheme[], service: KeyService, redis: OpenRedis | undefined, log: Logger) {
  const onError = (error: unknown): void => logError(log, error)
  const lasting = {
    service,
    ...(redis === undefined ? {} : sharedBy(redis, config, onError)),
    onReplayNearlyFull: (usage: NearlyFull) => log.warn(usage, NEARLY_FULL[usage.of]),
    onFlooded: (address: string | undefined) => log.warn({ address }, 'connection closed: more requests at once than maxPipelined'),
    onError,
    onFinished: (entry: AccessEntry) => log.info(entry, 'request'),
  }
  const gateway = createGateway({ ...withFiles(config), ...lasting, schemes })
  let current = config
  return {
    gateway,
    /** Those that it goes by now. */
    get config() {
      return current
    },
    /** @throws ServerError what is wrong with the new settings; the old ones stay */
    renew(config: GatewayConfig): void {
      checkRenewed(current, config)
      const schemes = withSchemeFiles(config.schemes ?? [], warning => log.warn(warning))
      gateway.renew({ ...withFiles(config), ...lasting, schemes }, isDeepStrictEqual(current, config))
      current = config
    },
  }
}

/** What all processes remember together. */
function sharedBy(redis: OpenRedis, { toleranceMs, waitForReplicas }: GatewayConfig, onError: (error: unknown) => void) {
  return {
    replay: redisReplayGuard({ redis, toleranceMs, waitForReplicas, timeoutMs: REDIS_TIMEOUT_MS, onError }),
    rates: redisRates({ redis, prefix: 'countersign', meanwhile: memoryRates(), onError }),
  }
}

async function reachStores(service: KeyService, redis: OpenRedis | undefined): Promise<void> {
  await sql`select 1`.execute(service.database.db)
  await redis?.check(REDIS_START_MS)
}

/** An address as URLs have it: those of IPv6 in brackets. */
function urlHostOf(address: string): string {
  return isIPv6(address) ? `[${address}]` : address
}

function logError(log: Logger, error: unknown): void {
  if (!(error instanceof Error)) {
    log.error({ error: String(error) }, 'error')
    return
  }
  const { message, stack, cause } = error
  const code = 'code' in error ? error.code : undefined
  log.error({ error: message, code, cause: cause instanceof Error ? cause.message : undefined, stack }, 'error')
}
