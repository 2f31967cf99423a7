import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type KeyService, openKeyService } from '../../server/src/index.ts'
import { type RunningKeyServer, removeFolder, run, startKeyServer } from './command.ts'

const folder = mkdtempSync(join(tmpdir(), 'countersign-kept-'))
const store = join(folder, 'keys.db')
const preload = fileURLToPath(new URL('kill-at.js', import.meta.url))
let server: RunningKeyServer
let service: KeyService
let count = 0

beforeAll(async () => {
  server = await startKeyServer(['--store', store])
  writeFileSync(join(folder, 'token'), `${server.token}\n`)
  service = await openKeyService({ store })
})
afterAll(async () => {
  await service.close()
  await server.stop()
  removeFolder(folder)
})

const FILE = 'fresh-secret'
const FILE_STEPS = ['openSync', 'writeFileSync', 'fsyncSync', 'closeSync', 'linkSync', 'rmSync'].flatMap(step =>
  ['before', 'after'].map(when => `${step} ${FILE} ${when}`),
)
/** What the secrets of a key are in the store, as their owner writes them. */
const secretsOf = async (id: string): Promise<readonly string[]> =>
  ((await service.keys.open(id))?.key.secrets ?? []).map(secret => Buffer.from(secret.reveal()).toString('base64'))

describe.each([
  ['the store', () => ['--store', store], ['exit']],
  [
    'a server',
    () => ['--server', server.origin, '--token-file', join(folder, 'token')],
    ['request rotate before', 'request rotate after', 'request keys before', 'request keys after', 'exit'],
  ],
] as const)('a command that keeps a secret in a file, on %s', (_where, options, more) => {
  const command = (args: readonly string[], killAt: string) =>
    run('countersign', ['keys', ...args, ...options(), '--json'], {
      cwd: folder,
      env: killAt === '' ? {} : { NODE_OPTIONS: `--import ${preload}`, KILL_AT: killAt },
    })

  it.each([...FILE_STEPS, ...more])('loses none that counts when it is killed at a step of rotate: %s', async step => {
    const file = join(folder, `${++count}-${FILE}`)
    const made = await service.keys.create({ name: 'test', address: '' }, 'default', { name: step })
    const { id } = made.key
    const killed = await command(['rotate', id, '--secret-out', file], step)
    const secrets = await secretsOf(id)
    expect(secrets).toContain(made.secret)
    const kept = existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined
    if (secrets.length > 1) expect(secrets[0]).toBe(kept)
    if (!step.startsWith('request keys')) expect([killed.code, killed.stdout]).toEqual([null, step === 'exit' ? expect.anything() : ''])
    // Under its name it is whole.
    if (kept !== undefined) expect(Buffer.from(kept, 'base64')).toHaveLength(60)
    // What was broken off is done again.
    const again = join(folder, `${++count}-${FILE}`)
    expect(await command(['rotate', id, '--secret-out', again], '')).toMatchObject({ code: 0 })
    expect((await secretsOf(id))[0]).toBe(readFileSync(again, 'utf8').trim())
    expect(await service.audit.verify()).toMatchObject({ broken: undefined })
  })

  it.each([...FILE_STEPS, ...more])('has every key that counts in its file when it is killed at a step of create: %s', async step => {
    const file = join(folder, `${++count}-${FILE}`)
    const name = `made ${count}`
    const killed = await command(['create', name, '--secret-out', file], step)
    if (!step.startsWith('request rotate')) expect(killed.code).toBe(null)
    const { keys } = await service.keys.list(undefined, { search: name, limit: 5 })
    expect(keys.length).toBeLessThanOrEqual(1)
    if (step === 'exit' || step.startsWith('request rotate')) expect(keys).toHaveLength(1)
    for (const { id } of keys) expect(await secretsOf(id)).toEqual([readFileSync(file, 'utf8').trim()])
    if (existsSync(file)) expect(Buffer.from(readFileSync(file, 'utf8').trim(), 'base64')).toHaveLength(60)
  })

  it('leaves no file where the store refuses', async () => {
    const before = readdirSync(folder)
    const { key } = await service.keys.create({ name: 'test', address: '' }, 'default', { name: 'gone' })
    await service.keys.setState({ name: 'test', address: '' }, undefined, key.id, 'revoked')
    expect(await command(['rotate', key.id, '--secret-out', 'refused-secret'], '')).toMatchObject({ code: 1, stdout: '' })
    const wrong = ['create', 'x', '--permission', 'no name', '--secret-out', 'refused-secret', '--save-profile', 'refused']
    const env = { XDG_CONFIG_HOME: join(folder, 'config') }
    expect(await run('countersign', ['keys', ...wrong, ...options()], { cwd: folder, env })).toMatchObject({ code: 1 })
    expect(readdirSync(folder).filter(name => !before.includes(name) && !/^(config|keys\.db-.*)$/.test(name))).toEqual([])
    expect(readdirSync(join(folder, 'config/countersign/profiles'))).toEqual([])
  })
})

describe('the first token', () => {
  const start = (args: readonly string[], output?: string) =>
    run('countersign', ['server', '--json', ...args], { cwd: folder, ...(output === undefined ? {} : { output }) })

  it('is not lost on a port that is taken', async () => {
    const own = ['--store', join(folder, 'taken.db')]
    const { port } = new URL(server.origin)
    expect(await start([...own, '--port', port])).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('"port-taken"') })
    const second = await startKeyServer(own)
    expect(second.token).toMatch(/^csa_/)
    expect(await second.stop()).toBe(0)
    const third = await startKeyServer(own)
    expect(third.token).toBeUndefined()
    expect(await third.stop()).toBe(0)
  })

  it.skipIf(!existsSync('/dev/full'))('does not count where it could not be shown (needs /dev/full)', async () => {
    const own = ['--store', join(folder, 'unshown.db')]
    for (let times = 0; times < 2; times++)
      expect(await start([...own, '--port', '0'], '/dev/full')).toMatchObject({ code: 2, stderr: expect.stringContaining('disk is full') })
    const shown = await startKeyServer(own)
    const headers = { authorization: `Bearer ${shown.token}` }
    const response = await fetch(`${shown.origin}/admin/v1/administrators`, { headers })
    expect(await response.json()).toMatchObject([{ name: 'bootstrap', disabled: false }])
    await shown.stop()
  })
})
