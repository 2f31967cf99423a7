import { existsSync, mkdirSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import {
  boundPipelining,
  CHECK_CONNECTIONS_MS,
  closeServer,
  createMasterKeyFile,
  createSealer,
  HEADERS_TIMEOUT_MS,
  type KeyService,
  listen,
  masterKeysOfFile,
  openKeyService,
  withConsole,
} from '@countersign/server'
import { getRequestListener } from '@hono/node-server'
import { type Deprecation, type Failure, failureOfKey } from 'countersign'
import { createApis, SCHEMES, V1_BASE, V2_BASE } from './apis.ts'
import { createApp } from './app.ts'
import { keepAccounts, keepAdministrator } from './demo/accounts.ts'
import { type DemoKey, keepDemoKeys } from './demo/keys.ts'
import { createDoors } from './doors.ts'
import { createFeed, type Feed } from './feed/feed.ts'
import { feedUpgrades } from './feed/upgrade.ts'
import { PERMISSIONS, requiredForQredo } from './permissions.ts'
import { seed } from './seed/seed.ts'
import { openStore, type Store } from './store/database.ts'
import { createTokens } from './tokens/tokens.ts'
import { type Engine, startEngine } from './transactions/engine.ts'

export interface SandboxOptions {
  /** Where the database, the master key and the demo keys' secrets are kept. Made when it is not there. */
  readonly directory: string
  /** Default: 127.0.0.1, this machine only. */
  readonly host?: string | undefined
  /** Default: any free one. */
  readonly port?: number | undefined
  /** How long a transaction stays in each state. Default: 1 s. */
  readonly stepMs?: number | undefined
  readonly clock?: (() => number) | undefined
  /** Set when v1 is on its way out. Its link is `/docs` unless it has one. */
  readonly deprecation?: Deprecation | undefined
  /** How often times of last use and counts of refusals are written. */
  readonly flushMs?: number | undefined
  /** Between two pings of a feed; who may read it is looked at as often. */
  readonly heartbeatMs?: number | undefined
  /** What one client of a feed may leave unread. */
  readonly maxBufferedBytes?: number | undefined
  /** The files of the console; left out, there is none. */
  readonly consoleDirectory?: string | undefined
  readonly onRefused?: ((failure: Failure, request: IncomingMessage) => void) | undefined
  readonly onError?: ((error: unknown) => void) | undefined
}

export interface Sandbox {
  /** `http://127.0.0.1:4567`, say. */
  readonly origin: string
  readonly port: number
  /** Its keys, and what manages them. */
  readonly service: KeyService
  readonly store: Store
  /** Holds the token of an administrator of its organisation. */
  readonly adminTokenFile: string
  readonly engine: Engine
  readonly feed: Feed
  readonly demoKeys: readonly DemoKey[]
  /** The organisation of the demo keys, which is their workspace in v2. */
  readonly workspaceId: string
  /** The address of a seeded wallet that can send. */
  readonly demoWallet: string
  close(): Promise<void>
}

const DEFAULT_STEP_MS = 1_000

const DEMO_ASSET = 'ETH-TESTNET'

/** Longer than clients and balancers keep one, so that no call meets a connection that is just being closed. */
const KEEP_ALIVE_TIMEOUT_MS = 65_000
/** A request's headers and body have to arrive within this. */
const REQUEST_TIMEOUT_MS = 30_000

/**
 * Starts the APIs to call: Qredo's v1 with its feed, v2 with its tokens, and the Partner API.
 *
 * @throws the server's error when the port is taken, the store's when the directory can't be used
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { directory, host = '127.0.0.1', clock = Date.now, stepMs = DEFAULT_STEP_MS, onError } = options
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const walletKey = join(directory, 'wallet.key')
  if (!existsSync(walletKey)) createMasterKeyFile(walletKey)
  const sealer = createSealer(await masterKeysOfFile(walletKey))
  const store = await openStore(join(directory, 'sandbox.db'))
  await seed(store, sealer, clock())
  const service = await openKeyService({
    store: join(directory, 'keys.db'),
    masterKeyFile: join(directory, 'master.key'),
    permissions: PERMISSIONS,
    usedSchemes: SCHEMES,
    clock,
    flushMs: options.flushMs,
    onError,
  })
  const accounts = await keepAccounts(service, store)
  const adminTokenFile = join(directory, 'admin.token')
  await keepAdministrator(service, accounts.organisationId, adminTokenFile)
  const demoKeys = await keepDemoKeys(directory, accounts, service.keys)
  const { address: demoWallet } = await store
    .selectFrom('wallet')
    .innerJoin('fund', 'fund.id', 'wallet.fund_id')
    .select('wallet.address')
    .where('asset', '=', DEMO_ASSET)
    .where('fund.organisation_id', '=', accounts.organisationId)
    .executeTakeFirstOrThrow()
  const server = createServer({
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionsCheckingInterval: CHECK_CONNECTIONS_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
  })
  const port = await listen(server, options.port ?? 0, host).catch(async (error: unknown) => {
    await service.close()
    await store.destroy()
    throw error
  })
  const origin = `http://${host}:${port}`
  const origins = [...new Set([host, '127.0.0.1', 'localhost'])].map(name => `http://${name}:${port}`)
  const tokens = createTokens({ store, sealer, clock, issuer: 'urn:countersign:sandbox' })
  const feed = await createFeed({
    store,
    isStillAllowed: async keyId => {
      const key = await service.source.find(keyId)
      const permissions = requiredForQredo('GET', '/transactions/feed')?.permissions ?? []
      // Its address was looked at when the feed was opened.
      const failure = key === undefined ? undefined : failureOfKey(key, clock())
      return (
        key !== undefined &&
        (failure === undefined || failure.code === 'address-not-allowed') &&
        permissions.some(name => key.permissions.has(name))
      )
    },
    heartbeatMs: options.heartbeatMs,
    maxBufferedBytes: options.maxBufferedBytes,
    onError,
  })
  const doors = createDoors({
    service,
    store,
    tokens,
    clock,
    origins,
    deprecation: options.deprecation === undefined ? undefined : { link: `${origin}/docs`, ...options.deprecation },
    onRefused: options.onRefused,
  })
  const adminApp = await service.loadAdminApp()
  const admin = options.consoleDirectory === undefined ? adminApp : withConsole(adminApp, options.consoleDirectory)
  const app = createApp({
    apis: createApis(doors, tokens),
    world: { store, keys: service.keys, stepMs, clock, changed: feed.changed },
    service,
    tokens,
    admin,
    onError,
  })
  server.on('request', boundPipelining(getRequestListener(app.fetch, { overrideGlobalObjects: false })))
  server.on(
    'upgrade',
    feedUpgrades({
      doors: [
        { base: V1_BASE, authenticate: doors.v1Feed },
        { base: V2_BASE, authenticate: doors.v2 },
      ],
      feed,
      requiredFor: requiredForQredo,
      onError,
    }),
  )
  const engine = startEngine({ store, sealer, clock, stepMs, onMoved: feed.changed })
  return {
    origin,
    port,
    service,
    adminTokenFile,
    store,
    engine,
    feed,
    demoKeys,
    workspaceId: accounts.organisationId,
    demoWallet,
    async close() {
      await engine.stop()
      await feed.close()
      await closeServer(server)
      await service.close()
      await store.destroy()
    },
  }
}
