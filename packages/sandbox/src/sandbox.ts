import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import {
  closeServer,
  createMasterKeyFile,
  createSealer,
  type KeyService,
  listen,
  masterKeysFromFile,
  openKeyService,
  withConsole,
} from '@countersign/server'
import { getRequestListener } from '@hono/node-server'
import { createVerifier, type Failure } from 'countersign'
import { explainRefusals } from 'countersign/explain'
import { qredoV1 } from 'countersign/schemes'
import { createApp } from './app.ts'
import { type DemoKey, keepDemoKeys } from './demo-keys.ts'
import { seed } from './seed.ts'
import { openStore, type Store } from './store/database.ts'
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
  /** How often times of last use and counts of refusals are written. */
  readonly flushMs?: number | undefined
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
  readonly demoKeys: readonly DemoKey[]
  /** The address of a seeded wallet that can send. */
  readonly demoWallet: string
  close(): Promise<void>
}

export const DEFAULT_STEP_MS = 1_000

const DEMO_ASSET = 'ETH-TESTNET'

/** A request's headers and body have to arrive within this. */
const REQUEST_TIMEOUT_MS = 30_000

/**
 * Starts a Qredo API v1 to call.
 *
 * @throws the server's error when the port is taken, the store's when the directory can't be used
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { directory, host = '127.0.0.1', clock = Date.now, stepMs = DEFAULT_STEP_MS } = options
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const walletKey = join(directory, 'wallet.key')
  if (!existsSync(walletKey)) createMasterKeyFile(walletKey)
  const sealer = createSealer(masterKeysFromFile(walletKey))
  const store = await openStore(join(directory, 'sandbox.db'))
  await seed(store, sealer, clock())
  const organisation = await store.selectFrom('organisation').select(['id', 'name']).executeTakeFirstOrThrow()
  const service = await openKeyService({
    store: join(directory, 'keys.db'),
    masterKeyFile: join(directory, 'master.key'),
    clock,
    flushMs: options.flushMs,
    onError: options.onError,
  })
  const adminTokenFile = join(directory, 'admin.token')
  await keepAdministrator(service, organisation, adminTokenFile)
  const demoKeys = await keepDemoKeys(directory, organisation.id, service.keys)
  const { address: demoWallet } = await store
    .selectFrom('wallet')
    .select('address')
    .where('asset', '=', DEMO_ASSET)
    .executeTakeFirstOrThrow()
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS })
  const port = await listen(server, options.port ?? 0, host).catch(async (error: unknown) => {
    await service.close()
    await store.destroy()
    throw error
  })
  const origins = [...new Set([host, '127.0.0.1', 'localhost'])].map(name => `http://${name}:${port}`)
  const keys = service.source.ofScheme(qredoV1.name)
  const explained = explainRefusals({
    scheme: qredoV1,
    keys,
    onExplained: ({ keyId, failure, explanation }) => service.refusals.explained(keyId, failure, explanation.causes),
  })
  const verifier = createVerifier(qredoV1, {
    origin: origins,
    keys,
    clock,
    onRefused(refusal) {
      service.refusals.refused(refusal)
      explained(refusal)
    },
  })
  const admin = options.consoleDirectory === undefined ? service.adminApp : withConsole(service.adminApp, options.consoleDirectory)
  const app = createApp({ verifier, store, service, admin, clock, stepMs, onRefused: options.onRefused, onError: options.onError })
  server.on('request', getRequestListener(app.fetch, { overrideGlobalObjects: false }))
  const engine = startEngine({ store, sealer, clock, stepMs })
  return {
    origin: `http://${host}:${port}`,
    port,
    service,
    adminTokenFile,
    store,
    engine,
    demoKeys,
    demoWallet,
    async close() {
      await closeServer(server)
      await engine.stop()
      await service.close()
      await store.destroy()
    },
  }
}

/** The organisation whose keys these are, and an administrator for it, at the first start. */
async function keepAdministrator(
  { administrators }: KeyService,
  { id, name }: { readonly id: string; readonly name: string },
  tokenFile: string,
): Promise<void> {
  const actor = { name: 'sandbox', address: '' }
  const known = await administrators.organisations(id)
  if (known.length === 0) await administrators.createOrganisation(actor, { id, name, kind: 'organisation' })
  if (existsSync(tokenFile)) return
  const { token } = await administrators.create(actor, { name: 'sandbox', role: 'admin', organisationId: id })
  writeFileSync(tokenFile, `${token}\n`, { mode: 0o600 })
}
