import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type Sandbox, startSandbox } from '@countersign/sandbox'
import { openKeyService } from '@countersign/server'
import { createSigner, signedFetch } from 'countersign'
import { qredoV1 } from 'countersign/schemes'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'

const has = (program: string): boolean => spawnSync(program, ['--version']).error === undefined
const example = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const directory = mkdtempSync(join(tmpdir(), 'countersign-examples-'))
/** The examples are TypeScript; Node runs what `npm run build` leaves of them. */
const built = (name: string): string => example(`dist/${name.replace(/\.ts$/, '.js')}`)

let sandbox: Sandbox
let env: NodeJS.ProcessEnv
let keyId = ''
let secret = ''

beforeAll(async () => {
  sandbox = await startSandbox({ directory, stepMs: 3_600_000 })
  const key = sandbox.demoKeys[0]
  keyId = key?.id ?? ''
  secret = readFileSync(key?.secretFile ?? '', 'utf8').trim()
  env = { ...process.env, API_BASE: `${sandbox.origin}/qapi/v1`, API_KEY: keyId, API_SECRET: secret, WALLET: sandbox.demoWallet }
})

afterAll(async () => {
  await sandbox.close()
  rmSync(directory, { recursive: true })
})

async function countStored(): Promise<number> {
  return (await sandbox.store.selectFrom('web3_transaction').select('id').execute()).length
}

/** Runs a client, and checks that it printed a balance and then so many transactions, and that these are stored. */
async function runClient(command: string, args: string[], transactions: number): Promise<void> {
  const before = await countStored()
  const { stdout } = await promisify(execFile)(command, args, { env })
  const [balance = '', ...created] = stdout.trim().split('\n')
  expect(JSON.parse(balance)).toHaveProperty('assets')
  expect(created).toHaveLength(transactions)
  for (const line of created) expect(JSON.parse(line)).toMatchObject({ from: sandbox.demoWallet, value: '1' })
  expect(await countStored()).toBe(before + transactions)
}

describe('clients in TypeScript', () => {
  it.each(['sign-and-fetch.ts', 'qredo-page.ts'])('%s', name => runClient(process.execPath, [built(name)], 1))
})

describe.each(['ns', 'ms', 's'])('clients in other languages, timestamps in %s', unit => {
  it.skipIf(!has('python3'))('client.py (needs python3)', () => runClient('python3', [example('client.py'), unit], 4))

  it.skipIf(!has('bash') || spawnSync('openssl', ['version']).error !== undefined || !has('curl'))(
    'client.sh (needs bash, openssl and curl)',
    () => runClient('bash', [example('client.sh'), unit], 2),
  )
})

describe('servers', () => {
  it('verify-node.ts', async () => {
    const port = await freePort()
    const server = spawn(process.execPath, [built('verify-node.ts')], {
      env: { ...env, PORT: String(port) },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    await firstLine(server)
    const origin = `http://127.0.0.1:${port}`
    const signed = signedFetch(createSigner(qredoV1, { keyId, secret }))
    expect(await (await signed(`${origin}/orders?x=1`, { method: 'POST', body: '{"a":1}' })).json()).toEqual({
      hello: keyId,
      path: '/orders?x=1',
      bytes: 7,
    })
    expect(await (await fetch(`${origin}/orders`)).json()).toMatchObject({ status: 401, code: 'missing-header' })
    server.kill()
  })

  it.each(['express.ts', 'fastify.ts', 'koa.ts', 'hono.ts'])('%s', async name => {
    const port = await freePort()
    const server = spawn(process.execPath, [built(name)], { env: { ...env, PORT: String(port) }, stdio: ['ignore', 'pipe', 'pipe'] })
    await firstLine(server)
    const url = `http://127.0.0.1:${port}/orders`
    const body = '{"amount": "1.0"}'
    const signed = signedFetch(createSigner(qredoV1, { keyId, secret }))
    const answer = await signed(url, { method: 'POST', body, headers: { 'content-type': 'application/json' } })
    expect(await answer.json()).toEqual({ hello: keyId, amount: '1.0' })
    expect((await fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/json' } })).status).toBe(401)
    server.kill()
  })

  it('websocket.ts', async () => {
    const port = await freePort()
    const server = spawn(process.execPath, [built('websocket.ts')], {
      env: { ...env, PORT: String(port) },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    await firstLine(server)
    const { headers } = createSigner(qredoV1, { keyId, secret }).sign({ method: 'GET', url: `ws://127.0.0.1:${port}/feed` })
    const socket = new WebSocket(`ws://127.0.0.1:${port}/feed`, { headers })
    expect(await new Promise(resolve => socket.once('message', message => resolve(String(message))))).toBe(`hello ${keyId}`)
    socket.terminate()
    server.kill()
  })

  it('lambda.ts and next-route.ts', async () => {
    Object.assign(process.env, { API_KEY: keyId, API_SECRET: secret })
    const { handler } = await import('./lambda.ts')
    const body = '{"amount": 1}'
    const { headers } = createSigner(qredoV1, { keyId, secret }).sign({ method: 'POST', url: 'https://api.example.com/orders?a=1', body })
    const event = {
      rawPath: '/orders',
      rawQueryString: 'a=1',
      headers: { ...headers },
      body: Buffer.from(body).toString('base64'),
      isBase64Encoded: true,
      requestContext: { http: { method: 'POST', sourceIp: '203.0.113.1' } },
    }
    expect(await handler(event)).toMatchObject({ statusCode: 200, body: JSON.stringify({ hello: keyId, bytes: 13 }) })
    expect(await handler({ ...event, rawQueryString: 'a=2' })).toMatchObject({ statusCode: 401 })
    const { POST } = await import('./next-route.ts')
    const { url, headers: own } = createSigner(qredoV1, { keyId, secret }).sign({
      method: 'POST',
      url: 'https://api.example.com/orders',
      body,
    })
    expect(await (await POST(new Request(url, { method: 'POST', headers: own, body }))).json()).toEqual({
      hello: keyId,
      order: { amount: 1 },
    })
  })

  it('key-store.ts', async () => {
    const store = join(directory, 'example.db')
    const service = await openKeyService({ store })
    const actor = { name: 'test', address: '' }
    await service.administrators.createOrganisation(actor, { id: 'acme', name: 'Acme', kind: 'organisation' })
    const made = await service.keys.create(actor, 'acme', { name: 'x', permissions: ['balance'], fundId: 'f1' })
    const port = await freePort()
    const server = spawn(process.execPath, [built('key-store.ts')], {
      env: { ...env, PORT: String(port), COUNTERSIGN_STORE: store },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    await firstLine(server)
    const signed = signedFetch(createSigner(qredoV1, { keyId: made.key.id, secret: made.secret ?? '' }))
    const call = async () => (await (await signed(`http://127.0.0.1:${port}/`)).json()) as unknown
    expect(await call()).toEqual({ organisationId: 'acme', fundId: 'f1' })
    await service.keys.setState(actor, 'acme', made.key.id, 'revoked')
    await expect.poll(call).toMatchObject({ code: 'key-revoked' })
    server.kill()
    await service.close()
  })

  it('verify-web.ts', async () => {
    Object.assign(process.env, { API_KEY: keyId, API_SECRET: secret })
    const { default: app } = await import('./verify-web.ts')
    const { url, headers } = createSigner(qredoV1, { keyId, secret }).sign({ method: 'GET', url: 'https://api.example.com/x' })
    expect(await (await app.fetch(new Request(url, { headers }))).json()).toEqual({ hello: keyId, bytes: 0 })
    expect((await app.fetch(new Request(url, { headers }))).status).toBe(401)
  })
})

function freePort(): Promise<number> {
  return new Promise(resolve => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

function firstLine(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.stdout?.once('data', () => resolve())
    child.once('exit', code => reject(new Error(`it ended with ${code}`)))
  })
}
