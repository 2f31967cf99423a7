import { accessSync, constants, readFileSync } from 'node:fs'
import { isIPv6 } from 'node:net'
import { join } from 'node:path'
import type { Scheme } from 'countersign'
import { sql } from 'kysely'
import { type Logger, pino } from 'pino'
import { errorCodeOf, ServerError } from '../errors.ts'
import { listen } from '../http/listen.ts'
import { type RedisReplayGuard, redisReplayGuard } from '../replay/redis.ts'
import { withSchemeFiles } from '../scheme-files.ts'
import { besideStoreAdvice, type KeyService, openKeyService } from '../service.ts'
import type { GatewayConfig } from './config.ts'
import type { UpstreamTls } from './forward.ts'
import { createGateway } from './gateway.ts'
import { createHealthServer } from './health-server.ts'
import { checkNamedKey } from './named-key.ts'
import type { TlsFiles } from './options.ts'
import { createReadiness } from './readiness.ts'
import type { IdentityOptions } from './signed-identity.ts'

export interface RunningGateway {
  readonly origin: string
  readonly adminOrigin: string | undefined
  close(): Promise<void>
}

const NEARLY_FULL = {
  all: 'replay guard nearly full: raise maxReplayBytes, or use redis',
  key: "one key's share of the replay guard nearly full: raise maxReplayBytes, or use redis",
}

interface RunOptions {
  readonly isQuiet?: boolean
}

/** Starts a gateway with its key store, its replay guard, its log on standard error and its metrics. */
export function runGateway(config: GatewayConfig, options: RunOptions = {}): Promise<RunningGateway> {
  return withStores(config, options, listenWith)
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
  redis: RedisReplayGuard | undefined,
  log: Logger,
  closeStores: () => Promise<void>,
) => Promise<T>

async function withStores<T>(config: GatewayConfig, { isQuiet = false }: RunOptions, work: WithStores<T>): Promise<T> {
  const log = pino(
    { level: isQuiet ? 'error' : 'info', base: { pid: process.pid }, redact: ['req.headers', '*.secret', '*.authorization'] },
    pino.destination({ dest: 2, sync: false }),
  )
  const onError = (error: unknown): void => logError(log, error)
  if (config.spoolFolder !== undefined) checkFolder(config.spoolFolder)
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
  const redis = config.redis === undefined ? undefined : redisReplayGuard({ redis: config.redis, toleranceMs: config.toleranceMs, onError })
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
  config: GatewayConfig,
  schemes: readonly Scheme[],
  service: KeyService,
  redis: RedisReplayGuard | undefined,
  log: Logger,
  closeStores: () => Promise<void>,
): Promise<RunningGateway> {
  const { tls } = config
  const onError = (error: unknown): void => logError(log, error)
  const { gateway, readTls } = makeGateway(config, schemes, service, redis, log)
  const port = await listen(gateway.server, config.port, config.host)
  const health = config.adminPort === undefined ? undefined : createHealthServer(gateway, createReadiness(service, redis))
  const adminPort =
    health === undefined
      ? undefined
      : await listen(health, config.adminPort ?? 0, config.adminHost).catch(async (error: unknown) => {
          await gateway.drain(0)
          throw error
        })
  const reload = (): void => {
    try {
      const files = readTls()
      if (files !== undefined) gateway.setTls(files)
      log.info('certificate read again')
    } catch (error) {
      // The old one stays.
      onError(error)
    }
  }
  process.on('SIGHUP', reload)
  const upstreams = Object.fromEntries(config.routes.map(({ path, upstream }) => [path, upstream ?? config.upstream]))
  log.info({ port, adminPort, upstreams }, 'listening')
  return {
    origin: `${tls === undefined ? 'http' : 'https'}://${urlHostOf(config.host)}:${port}`,
    adminOrigin: adminPort === undefined ? undefined : `http://${urlHostOf(config.adminHost)}:${adminPort}`,
    async close() {
      process.off('SIGHUP', reload)
      log.info('draining')
      await gateway.drain(config.drainMs, config.drainDelayMs)
      health?.close()
      await closeStores()
      log.info('closed')
      log.flush()
    },
  }
}

function makeGateway(
  config: GatewayConfig,
  schemes: readonly Scheme[],
  service: KeyService,
  redis: RedisReplayGuard | undefined,
  log: Logger,
) {
  const onError = (error: unknown): void => logError(log, error)
  const { tls } = config
  const readTls = (): TlsFiles | undefined =>
    tls === undefined ? undefined : { cert: readPem('tls.cert', tls.cert), key: readPem('tls.key', tls.key) }
  const gateway = createGateway({
    ...config,
    schemes,
    tls: readTls(),
    upstreamTls: readUpstreamTls('upstreamTls', config.upstreamTls),
    routes: config.routes.map((route, at) => ({ ...route, upstreamTls: readUpstreamTls(`routes.${at}.upstreamTls`, route.upstreamTls) })),
    identity: readIdentity(config),
    service,
    replay: redis,
    rates: redis?.rates(onError),
    onReplayNearlyFull: usage => log.warn(usage, NEARLY_FULL[usage.of]),
    onFlooded: address => log.warn({ address }, 'connection closed: more requests at once than maxPipelined'),
    onError,
    onFinished: entry => log.info(entry, 'request'),
  })
  return { gateway, readTls }
}

async function reachStores(service: KeyService, redis: RedisReplayGuard | undefined): Promise<void> {
  await sql`select 1`.execute(service.database.db)
  await redis?.ping()
}

/** An address as URLs have it: those of IPv6 in brackets. */
function urlHostOf(address: string): string {
  return isIPv6(address) ? `[${address}]` : address
}

function readUpstreamTls(setting: string, upstreamTls: GatewayConfig['upstreamTls']): UpstreamTls | undefined {
  if (upstreamTls === undefined) return undefined
  const read = (name: string, path: string | undefined) => (path === undefined ? undefined : readPem(`${setting}.${name}`, path))
  return { ca: read('ca', upstreamTls.ca), cert: read('cert', upstreamTls.cert), key: read('key', upstreamTls.key) }
}

function readIdentity({ identity }: GatewayConfig): IdentityOptions | undefined {
  return identity === undefined
    ? undefined
    : { keys: identity.keyFiles.map(path => readPem('identity.keyFiles', path)), audience: identity.audience }
}

/** @throws ServerError `file-unreadable` */
function readPem(setting: string, path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new ServerError('file-unreadable', 400, `${setting}: ${path} can't be read (${errorCodeOf(error) ?? error}).`)
  }
}

/** A folder that is not there would be noticed with the first large body only. @throws ServerError `file-unreadable` */
function checkFolder(path: string): void {
  try {
    accessSync(join(path, '.'), constants.W_OK | constants.X_OK)
  } catch (error) {
    throw new ServerError(
      'file-unreadable',
      400,
      `spoolFolder: ${path} is no folder that can be written to (${errorCodeOf(error) ?? error}): make it, or leave the setting out for the system's own.`,
    )
  }
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
