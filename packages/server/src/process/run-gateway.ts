import type { Logger } from 'pino'
import { checkNamedKey } from '../gateway/named-key.ts'
import { type HealthServer, startHealthServer } from '../http/health-server.ts'
import { listen, urlHostOf } from '../http/listen.ts'
import type { GatewayConfig } from '../settings/config.ts'
import { checkSpoolFolder, type NamedFiles, readerOf } from '../settings/settings-files.ts'
import { type GatewayStores, openStores, REDIS_START_MS } from './gateway-stores.ts'
import { createProcessLog, logError } from './process-log.ts'
import { createReadiness } from './readiness.ts'
import { createRenewableGateway } from './renewable-gateway.ts'
import { createSettingsTaken } from './settings-taken.ts'
import { createWatch, type Watch, type WatchedProcess } from './watch.ts'

export interface RunningGateway {
  readonly origin: string
  readonly adminOrigin: string | undefined
  /** What its admin port tells, for a process that tells it for several. */
  readonly watched: WatchedProcess
  /** @param delayMs how long new connections are still taken. Default: the setting `drainDelayMs` */
  close(delayMs?: number): Promise<void>
}

export interface RunOptions {
  readonly isQuiet?: boolean
  /** What stands in the files that the settings name, where that was read before. Default: they are read. */
  readonly files?: NamedFiles | undefined
  /** Reads the settings again, on SIGHUP. Default: they stay, and their files are read again. */
  readonly readAgain?: () => GatewayConfig | Promise<GatewayConfig>
  /** Ends a start that waits for a key store that is away. Default: such a start fails at once. */
  readonly signal?: AbortSignal
}

/** Starts a gateway with its key store, its replay guard, its log on standard error and its metrics. */
export async function runGateway(config: GatewayConfig, options: RunOptions = {}): Promise<RunningGateway> {
  const log = createProcessLog(options.isQuiet === true)
  const watch = createWatch()
  const reloading = createReloading()
  if (config.spoolFolder !== undefined) checkSpoolFolder(config.spoolFolder)
  const admin = config.adminPort === undefined ? undefined : await startHealthServer(watch, config.adminPort, config.adminHost)
  try {
    const onAway = (error: Error): void => {
      watch.waitsFor(error.message)
      log.warn({ error: error.message }, 'waiting for the key store')
    }
    const waiting = options.signal === undefined ? undefined : { signal: options.signal, onAway }
    const stores = await openStores(config, log, readerOf(options.files), waiting)
    return await withCleanUp(stores, () => start(config, options, stores, log, watch, admin, reloading))
  } catch (error) {
    reloading.end()
    admin?.close()
    throw error
  }
}

/**
 * Does all that a start does but to listen: reads schemes, certificates and keys, opens the key store, asks it and
 * Redis, and looks for the keys that routes name.
 *
 * @throws whatever keeps the gateway from starting; ServerError `route-invalid` for a key that is not there
 */
export async function checkGateway(
  config: GatewayConfig,
  { isQuiet = false, files }: Pick<RunOptions, 'isQuiet' | 'files'> = {},
): Promise<void> {
  const log = createProcessLog(isQuiet)
  if (config.spoolFolder !== undefined) checkSpoolFolder(config.spoolFolder)
  const stores = await openStores(config, log, readerOf(files))
  await withCleanUp(stores, async () => {
    const { gateway } = createRenewableGateway(config, stores, log, readerOf(files))
    await stores.reach()
    for (const { path, key, schemes: names } of config.routes) await checkNamedKey(stores.service, path, key, names)
    await gateway.drain(0)
    await stores.close()
  })
}

/** Hears SIGHUP from the start to the end: where nobody does, it ends the process. */
interface Reloading {
  /** What to do from now on; at once, where it was asked for before. */
  by(reload: () => Promise<void>): void
  end(): void
}

function createReloading(): Reloading {
  let reload: (() => Promise<void>) | undefined
  let isAsked = false
  const onSignal = (): void => {
    isAsked = true
    void reload?.()
  }
  process.on('SIGHUP', onSignal)
  return {
    by(next) {
      reload = next
      if (isAsked) void next()
      isAsked = false
    },
    end: () => void process.off('SIGHUP', onSignal),
  }
}

/** Where a gateway is that listens on a port. */
export function originsOf(
  { tls, host, adminHost, adminPort }: GatewayConfig,
  port: number,
  admin = adminPort,
): Pick<RunningGateway, 'origin' | 'adminOrigin'> {
  return {
    origin: `${tls === undefined ? 'http' : 'https'}://${urlHostOf(host)}:${port}`,
    adminOrigin: admin === undefined ? undefined : `http://${urlHostOf(adminHost)}:${admin}`,
  }
}

async function start(
  config: GatewayConfig,
  { readAgain = () => config, files }: RunOptions,
  stores: GatewayStores,
  log: Logger,
  watch: Watch,
  admin: HealthServer | undefined,
  reloading: Reloading,
): Promise<RunningGateway> {
  const renewable = createRenewableGateway(config, stores, log, readerOf(files))
  const { gateway } = renewable
  // Without its connection the first calls would be refused. Where Redis is away, they are until it is back.
  await stores.redis?.check(REDIS_START_MS).catch((error: unknown) => logError(log, error))
  const port = await listen(gateway.server, config.port, config.host)
  watch.runs({
    registry: gateway.metrics.registry,
    get isDraining() {
      return gateway.isDraining
    },
    check: createReadiness(stores.service, stores.redis),
  })
  const taken = createSettingsTaken(gateway.metrics.registry)
  const reload = async (): Promise<void> => {
    try {
      renewable.renew(await readAgain())
      taken.set(true)
      log.info('settings read again')
    } catch (error) {
      taken.set(false)
      logError(log, error, 'settings not taken: the old ones stay')
    }
  }
  reloading.by(reload)
  const upstreams = Object.fromEntries(config.routes.map(({ path, upstream }) => [path, upstream ?? config.upstream]))
  log.info({ port, adminPort: admin?.port, upstreams }, 'listening')
  return {
    ...originsOf(config, port, admin?.port),
    watched: watch,
    async close(delayMs) {
      reloading.by(() => Promise.resolve())
      log.info('draining')
      const { drainMs, drainDelayMs } = renewable.config
      await gateway.drain(drainMs, delayMs ?? drainDelayMs)
      admin?.close()
      await stores.close()
      log.info('closed')
      log.flush()
      reloading.end()
    },
  }
}

/** What is still open after a failure would keep the process alive. */
async function withCleanUp<T>(stores: GatewayStores, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    await stores.close()
    throw error
  }
}
