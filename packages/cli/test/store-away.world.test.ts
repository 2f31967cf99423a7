import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createSigner } from 'countersign'
import { qredoV1 } from 'countersign/schemes'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createMasterKeyFile } from '../../server/src/index.ts'
import { hasPostgres } from '../../server/test/postgres.ts'
import { hasRedis, startRedis, type TestRedis } from '../../server/test/redis.ts'
import { POSTGRESQL } from '../../server/test/stores.ts'
import { freePort, removeFolder, run } from './command.ts'

const bin = fileURLToPath(new URL('../bin/countersign.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'countersign-away-'))

describe.skipIf(!hasPostgres || !hasRedis)('a start without its key store (needs PostgreSQL and redis-server)', () => {
  const children: ChildProcess[] = []
  let redis: TestRedis
  let store = ''
  let masterKeyFile = ''
  let isUp = true
  let caller: { keyId: string; secret: string }

  function stopPostgres(): void {
    POSTGRESQL.postgres?.stop()
    isUp = false
  }

  async function startPostgres(): Promise<void> {
    if (!isUp) await POSTGRESQL.postgres?.start()
    isUp = true
  }

  beforeAll(async () => {
    await POSTGRESQL.begin()
    redis = await startRedis()
    ;({ store, masterKeyFile } = await POSTGRESQL.newStore())
    createMasterKeyFile(masterKeyFile)
    const made = await run('countersign', ['keys', 'create', 'k', '--json', '--store', store, '--master-key-file', masterKeyFile])
    expect(made.code).toBe(0)
    const { key, secret } = JSON.parse(made.stdout) as { key: { id: string }; secret: string }
    caller = { keyId: key.id, secret }
  }, 60_000)
  afterEach(async () => {
    for (const child of children.splice(0)) if (child.exitCode === null) child.kill('SIGKILL')
    await startPostgres()
  }, 60_000)
  afterAll(async () => {
    await redis.close()
    await POSTGRESQL.end()
    removeFolder(folder)
  })

  function start(...args: readonly string[]) {
    const child = spawn(process.execPath, [bin, ...args, '--store', store, '--master-key-file', masterKeyFile], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    children.push(child)
    let text = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (piece: string) => {
        text += piece
      })
    return { child, said: () => text }
  }

  const KINDS: readonly (readonly [name: string, args: readonly string[]])[] = [
    ['gateway', []],
    ['gateway', ['--workers', '2']],
  ]

  it.each(KINDS)('%s %j waits for it, says so on its admin port, and serves once it is there', { timeout: 60_000 }, async (_, more) => {
    const [port, adminPort] = [await freePort(), await freePort()]
    stopPostgres()
    const file = join(folder, 'gateway.json')
    writeFileSync(
      file,
      JSON.stringify({ upstream: 'http://127.0.0.1:9', origin: 'https://api.example.com', port, adminPort, redis: redis.url }),
    )
    const { child, said } = start('gateway', '--config', file, ...more)
    const admin = async (path: string) => {
      const answer = await fetch(`http://127.0.0.1:${adminPort}${path}`)
      return `${answer.status} ${await answer.text()}`
    }
    await expect.poll(() => admin('/health').catch(() => ''), { timeout: 20_000 }).toBe('200 ok\n')
    await expect.poll(said, { timeout: 20_000 }).toMatch(/waiting: .*does not answer|does not answer.*waiting for the key store/)
    expect(await admin('/ready')).toMatch(/^503 not ready: .*does not answer/)
    expect(await admin('/metrics')).toMatch(/^200 [\s\S]*\ncountersign_store_up 0\n/)
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow()
    expect(child.exitCode).toBe(null)
    await startPostgres()
    await expect
      .poll(
        () =>
          fetch(`http://127.0.0.1:${port}/`).then(
            ({ status }) => status,
            () => 0,
          ),
        { timeout: 20_000 },
      )
      .toBe(401)
    await expect.poll(() => admin('/ready'), { timeout: 20_000 }).toMatch(/^200 ready/)
    expect(said()).not.toContain('[internal]')
    child.kill('SIGTERM')
    expect((await once(child, 'exit'))[0]).toBe(0)
  })

  it('a gateway that is told to read its settings again meanwhile goes on with the keys in its memory', { timeout: 60_000 }, async () => {
    const port = await freePort()
    const file = join(folder, 'reloaded.json')
    const upstream = createServer((_request, response) => response.end('hello'))
    upstream.listen(0, '127.0.0.1')
    await once(upstream, 'listening')
    const settings = { upstream: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`, origin: 'https://api.example.com', port }
    writeFileSync(file, JSON.stringify(settings))
    const { child, said } = start('gateway', '--config', file)
    await expect.poll(said, { timeout: 20_000 }).toContain('listening')
    const signer = createSigner(qredoV1, caller)
    const call = async () => {
      const { headers } = signer.sign({ method: 'GET', url: `${settings.origin}/` })
      return (await fetch(`http://127.0.0.1:${port}/`, { headers: { ...headers } })).status
    }
    expect(await call()).toBe(200)
    stopPostgres()
    writeFileSync(file, JSON.stringify({ ...settings, maxBodyBytes: 5_000 }))
    child.kill('SIGHUP')
    await expect.poll(said, { timeout: 20_000 }).toContain('settings read again')
    expect(await call()).toBe(200)
    upstream.close()
  })

  it('server waits for it, and serves once it is there', { timeout: 60_000 }, async () => {
    const port = await freePort()
    stopPostgres()
    const { child, said } = start('server', '--port', String(port))
    await expect.poll(said, { timeout: 20_000 }).toMatch(/waiting: .*does not answer/)
    expect(child.exitCode).toBe(null)
    await startPostgres()
    await expect.poll(said, { timeout: 20_000 }).toContain('listens on')
    child.kill('SIGTERM')
    expect((await once(child, 'exit'))[0]).toBe(0)
  })

  it.each<[string, readonly string[]]>([
    ['gateway', ['--upstream', 'http://127.0.0.1:9', '--origin', 'https://api.example.com', '--port', '0']],
    [
      'gateway --workers',
      [
        '--upstream',
        'http://127.0.0.1:9',
        '--origin',
        'https://api.example.com',
        '--port',
        '0',
        '--workers',
        '2',
        '--redis',
        'redis://127.0.0.1:1',
      ],
    ],
    ['server', ['--port', '0']],
  ])('%s ends at once when it is told to, while it waits', { timeout: 60_000 }, async (name, args) => {
    stopPostgres()
    const { child, said } = start(name.split(' ')[0] ?? '', ...args)
    await expect.poll(said, { timeout: 20_000 }).toContain('waiting')
    child.kill('SIGTERM')
    expect((await once(child, 'exit'))[0]).toBe(0)
    expect(said()).not.toMatch(/\[[\w-]+\]/)
  })

  it('is no wait where --check asks', { timeout: 60_000 }, async () => {
    stopPostgres()
    const args = ['gateway', '--check', '--upstream', 'http://127.0.0.1:9', '--origin', 'https://api.example.com']
    expect(await run('countersign', [...args, '--store', store, '--master-key-file', masterKeyFile])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('[store-unreachable]') as unknown,
    })
  })
})
