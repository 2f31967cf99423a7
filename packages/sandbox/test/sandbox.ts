import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSigner, type Scheme, signedFetch } from 'countersign'
import { qredoV1 } from 'countersign/schemes'
import { afterAll, afterEach } from 'vitest'
import { type Sandbox, type SandboxOptions, startSandbox, V1_BASE } from '../src/index.ts'

export const ACTOR = { name: 'test', address: '' }
/** Far enough that the engine's own timer never comes: it is moved by hand, through its clock. */
export const STEP_MS = 3_600_000

const folders: string[] = []
const running: Sandbox[] = []

/** The time, for the sandbox and its clients. */
export const time = { now: Date.now() }

/** To be called by a file of tests: closes and deletes what they leave behind. */
export function cleanUp(): void {
  afterEach(async () => {
    for (const sandbox of running.splice(0)) await sandbox.close()
  })
  afterAll(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
  })
}

export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-sandbox-'))
  folders.push(folder)
  return folder
}

export async function start(options: Partial<SandboxOptions> = {}): Promise<Sandbox> {
  const sandbox = await startSandbox({ directory: newFolder(), port: 0, stepMs: STEP_MS, clock: () => time.now, ...options })
  running.push(sandbox)
  return sandbox
}

/** Closes one before the test is over. */
export async function stop(sandbox: Sandbox): Promise<void> {
  running.splice(running.indexOf(sandbox), 1)
  await sandbox.close()
}

export interface Answer {
  readonly status: number
  readonly body: Record<string, unknown>
  readonly text: string
  readonly headers: Headers
}

export type Client = (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>

export function demoKey(sandbox: Sandbox, name = 'demo'): { readonly id: string; readonly secret: string } {
  const key = sandbox.demoKeys.find(demo => demo.name === name)
  if (key === undefined) throw new Error(`no demo key ${name}`)
  return { id: key.id, secret: readFileSync(key.secretFile, 'utf8').trim() }
}

export function client(sandbox: Sandbox, name = 'demo'): Client {
  const { id, secret } = demoKey(sandbox, name)
  return clientOf(sandbox, id, secret)
}

/** Signs and sends calls below the base of v1. */
export function clientOf({ origin }: Sandbox, keyId: string, secret: string, scheme: Scheme = qredoV1, base = V1_BASE): Client {
  const fetch = signedFetch(createSigner(scheme, { keyId, secret }, { clock: () => time.now }))
  return async (method, path, body, headers = {}) =>
    answerOf(
      await fetch(`${origin}${base}${path}`, {
        method,
        headers,
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
    )
}

export async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text()
  return { status: response.status, text, headers: response.headers, body: JSON.parse(text) as Record<string, unknown> }
}

export async function walletOf({ store, workspaceId }: Sandbox, asset = 'ETH-TESTNET', organisationId = workspaceId) {
  return await store
    .selectFrom('wallet')
    .innerJoin('fund', 'fund.id', 'wallet.fund_id')
    .select(['wallet.id', 'wallet.address', 'wallet.available', 'wallet.fund_id'])
    .where('asset', '=', asset)
    .where('fund.organisation_id', '=', organisationId)
    .executeTakeFirstOrThrow()
}

export function transactionOf(sandbox: Sandbox, more: Record<string, unknown> = {}): Record<string, unknown> {
  return { from: sandbox.demoWallet, to: `0x${'1'.repeat(40)}`, value: '1000', gasLimit: '21000', gasPrice: '1000000000', ...more }
}

/** Moves everything so many states on. */
export async function advance({ engine }: Sandbox, steps = 1, stepMs = STEP_MS): Promise<number> {
  let moved = 0
  for (let step = 0; step < steps; step++) {
    time.now += stepMs
    moved += await engine.advance()
  }
  return moved
}
