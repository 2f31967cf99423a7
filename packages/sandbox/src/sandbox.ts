import { mkdirSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { join } from 'node:path'
import { getRequestListener } from '@hono/node-server'
import { createVerifier, type Failure } from 'countersign'
import { qredoV1 } from 'countersign/schemes'
import { createApp } from './app.ts'
import { type DemoKey, keepDemoKeys } from './demo-keys.ts'
import { createKeyStore, type KeyStore } from './keys.ts'
import { createSealer, readMasterKey } from './seal.ts'
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
  readonly onRefused?: ((failure: Failure, request: IncomingMessage) => void) | undefined
  readonly onError?: ((error: unknown) => void) | undefined
}

export interface Sandbox {
  /** `http://127.0.0.1:4567`, say. */
  readonly origin: string
  readonly port: number
  readonly keys: KeyStore
  readonly store: Store
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
  const sealer = createSealer(readMasterKey(join(directory, 'master.key')))
  const store = await openStore(join(directory, 'sandbox.db'))
  const keys = createKeyStore(store, sealer, qredoV1, clock)
  await seed(store, sealer, clock())
  const demoKeys = await keepDemoKeys(directory, store, keys)
  const { address: demoWallet } = await store
    .selectFrom('wallet')
    .select('address')
    .where('asset', '=', DEMO_ASSET)
    .executeTakeFirstOrThrow()
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS })
  const port = await listen(server, options.port ?? 0, host).catch(async (error: unknown) => {
    await store.destroy()
    throw error
  })
  const origins = [...new Set([host, '127.0.0.1', 'localhost'])].map(name => `http://${name}:${port}`)
  const verifier = createVerifier(qredoV1, { origin: origins, keys, clock })
  const app = createApp({ verifier, store, clock, stepMs, onRefused: options.onRefused, onError: options.onError })
  server.on('request', getRequestListener(app.fetch, { overrideGlobalObjects: false }))
  const engine = startEngine({ store, sealer, clock, stepMs })
  return {
    origin: `http://${host}:${port}`,
    port,
    keys,
    store,
    engine,
    demoKeys,
    demoWallet,
    async close() {
      await new Promise<void>(resolve => {
        server.close(() => resolve())
        server.closeIdleConnections()
      })
      await engine.stop()
      await store.destroy()
    },
  }
}

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : port)
    })
  })
}
