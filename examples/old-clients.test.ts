import { execFile, spawn, spawnSync } from 'node:child_process'
import { createPrivateKey } from 'node:crypto'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type Sandbox, startSandbox } from '@countersign/sandbox'
import { createSigner, signedFetch } from 'countersign'
import { qredoV1 } from 'countersign/schemes'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

/**
 * Clients written as the public ones are, unchanged against the sandbox. The Python page's functions are in
 * examples.test.ts.
 */

const hasGo = spawnSync('go', ['version']).status === 0
const file = (name: string): string => fileURLToPath(new URL(`old-clients/${name}`, import.meta.url))
const directory = mkdtempSync(join(tmpdir(), 'countersign-old-clients-'))
const ACTOR = { name: 'test', address: '' }

let sandbox: Sandbox
let env: NodeJS.ProcessEnv

beforeAll(async () => {
  sandbox = await startSandbox({ directory, stepMs: 3_600_000 })
  const { id, secret } = keyOf('demo')
  env = { ...process.env, API_V2: `${sandbox.origin}/api/v2`, WORKSPACE: sandbox.workspaceId, API_KEY: id, API_SECRET: secret }
})
afterAll(async () => {
  await sandbox.close()
  rmSync(directory, { recursive: true })
})

function keyOf(name: string): { readonly id: string; readonly secret: string } {
  const key = sandbox.demoKeys.find(demo => demo.name === name)
  return { id: key?.id ?? '', secret: readFileSync(key?.secretFile ?? '', 'utf8').trim() }
}

async function run(command: string, args: string[], more: NodeJS.ProcessEnv = {}, cwd?: string) {
  const options = { env: { ...env, ...more }, cwd }
  return await promisify(execFile)(command, args, options).then(
    ({ stdout }) => ({ code: 0, stdout }),
    (error: { code: number; stdout: string }) => ({ code: error.code, stdout: error.stdout }),
  )
}

describe('the JavaScript client with CryptoJS and toString("ascii")', () => {
  it('works with a secret of bytes below 0x80', async () => {
    const secret = Buffer.from('a secret that is nothing but ASCII, as luck would have it').toString('base64')
    await sandbox.service.keys.import(ACTOR, sandbox.workspaceId, { id: 'ascii', name: 'ascii', secret, permissions: ['balance'] })
    const { code, stdout } = await run(process.execPath, [file('token-client.cjs')], { API_KEY: 'ascii', API_SECRET: secret })
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { assets: { 'ETH-TESTNET': {} } }])
  })

  it('is refused with any other, and the owner of the key is told why', async () => {
    const { id } = keyOf('demo')
    expect(await run(process.execPath, [file('token-client.cjs')])).toEqual({ code: 1, stdout: '401 bad-signature\n' })
    const token = readFileSync(sandbox.adminTokenFile, 'utf8').trim()
    await expect
      .poll(async () => {
        await sandbox.service.refusals.flush()
        const response = await fetch(`${sandbox.origin}/admin/v1/keys/${id}/usage`, { headers: { authorization: `Bearer ${token}` } })
        return JSON.stringify(await response.json())
      })
      .toMatch(/ascii/i)
  })
})

describe('the agent', () => {
  it('gets a token, renews it, and hears of transactions', async () => {
    const agent = spawn(process.execPath, [file('agent.cjs')], { env, stdio: ['ignore', 'pipe', 'inherit'] })
    const lines = createInterface({ input: agent.stdout })[Symbol.asyncIterator]()
    expect((await lines.next()).value).toBe('connected')
    const { id: keyId, secret } = keyOf('demo')
    const body = JSON.stringify({ from: sandbox.demoWallet, to: `0x${'1'.repeat(40)}`, value: '1', gasLimit: '21000', gasPrice: '1' })
    const sent = await signedFetch(createSigner(qredoV1, { keyId, secret }))(`${sandbox.origin}/qapi/v1/transaction`, {
      method: 'POST',
      body,
    })
    const { txID } = (await sent.json()) as { txID: string }
    expect(JSON.parse(String((await lines.next()).value))).toMatchObject({ txID, status: 'created' })
    agent.kill()
  })
})

describe.skipIf(!hasGo)('clients in Go (need go)', () => {
  it('sign v1 and the token call as the Go tool does', { timeout: 120_000 }, async () => {
    const { id, secret } = keyOf('demo')
    // The tool wants padding, which a secret of 60 bytes has none of.
    const own = { API_KEY: id, API_SECRET: secret }
    const balance = await run('go', ['run', file('apitool.go'), 'v1', 'GET', `${sandbox.origin}/qapi/v1/balance`], own)
    expect(balance.stdout).toMatch(/^200 \{"assets"/)
    const body = JSON.stringify({ from: sandbox.demoWallet, to: `0x${'1'.repeat(40)}`, value: '1', gasLimit: '21000', gasPrice: '1' })
    const made = await run('go', ['run', file('apitool.go'), 'v1', 'POST', `${sandbox.origin}/qapi/v1/transaction`, body], own)
    expect(made.stdout).toMatch(/^200 \{"txID"/)
    const token = await run(
      'go',
      ['run', file('apitool.go'), 'v2', 'GET', `${sandbox.origin}/api/v2/workspaces/${sandbox.workspaceId}/token`],
      own,
    )
    expect(token.stdout).toMatch(/^200 \{"token":"eyJ/)
  })

  it.each(['pkcs1', 'pkcs8'] as const)('sign the Partner API’s calls with a private.pem in %s', { timeout: 120_000 }, async type => {
    const folder = mkdtempSync(join(directory, 'partner-'))
    const { id, secret } = keyOf('demo-partner')
    writeFileSync(join(folder, 'private.pem'), createPrivateKey(secret).export({ type, format: 'pem' }), { mode: 0o600 })
    writeFileSync(join(folder, 'apikey'), `${id}\n`)
    copyFileSync(file('partner.go'), join(folder, 'partner.go'))
    const call = async (...args: string[]): Promise<string> => (await run('go', ['run', 'partner.go', ...args], {}, folder)).stdout
    const base = `${sandbox.origin}/api/v1/p`
    expect(await call('GET', `${base}/company/search`)).toMatch(/^200 \{"total_count":\d/)
    const company = '{\n  "name": "ACME Corp17",\n  "city": "Paris",\n  "country": "FR",\n  "domain": "acme17.example",\n  "ref": "17"\n}\n'
    const made = await call('POST', `${base}/company`, company)
    const { company_id } = JSON.parse(made.slice(4)) as { company_id: string }
    expect(await call('PUT', `${base}/company/${company_id}`, company, `nonce-${type}`)).toBe(
      `200 {"company_id":"${company_id}","ref":"17"}\n`,
    )
    expect(await call('PUT', `${base}/company/${company_id}`, company, `nonce-${type}`)).toMatch(/^401 \{"code":"replayed"/)
  })
})
