import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ownDeclaration } from '../src/init/scheme-file.ts'
import { type RunningKeyServer, removeFolder, run, startKeyServer } from './command.ts'

const folder = mkdtempSync(join(tmpdir(), 'countersign-own-scheme-'))
const declaration = join(folder, 'mine.json')
let server: RunningKeyServer

beforeAll(async () => {
  writeFileSync(declaration, JSON.stringify(ownDeclaration('mine')))
  server = await startKeyServer(['--store', join(folder, 'served.db'), '--scheme', declaration])
  writeFileSync(join(folder, 'token'), `${server.token}\n`, { mode: 0o600 })
})
afterAll(async () => {
  await server.stop()
  removeFolder(folder)
})

describe.each([
  ['a file', () => ['--store', join(folder, 'own.db')]],
  ['a server', () => ['--server', server.origin, '--token-file', join(folder, 'token')]],
] as const)('keys of a scheme of one’s own, on %s', (where, options) => {
  const env = { XDG_CONFIG_HOME: join(folder, 'config') }
  const keys = (...args: readonly string[]) => run('countersign', ['keys', ...args, ...options(), '--json'], { env, cwd: folder })

  it('are made, changed and rotated with its declaration, and sign by their profile', async () => {
    const profile = where.replace(' ', '-')
    const made = await keys('create', 'Orders', '-s', './mine.json', '--save-profile', profile)
    expect(made).toMatchObject({ code: 0 })
    const { id, scheme } = JSON.parse(made.stdout).key
    expect(scheme).toBe('mine')
    for (const [verb, ...more] of [['show'], ['rotate', '-s', './mine.json'], ['disable']] as const)
      expect(await keys(verb, 'Orders', ...more)).toMatchObject({
        stderr: expect.stringContaining(
          `There is no key Orders. The id of a key is wanted: Orders is the name of ${id}. [key-unknown]`,
        ) as string,
      })
    expect((await keys('show', 'Nobody')).stderr).toContain('countersign keys list has the ids.')
    expect(await keys('update', id, '-s', './mine.json', '--address', '10.0.0.0/8')).toMatchObject({ code: 0 })
    expect(await keys('rotate', id, '-s', './mine.json')).toMatchObject({ code: 0 })
    const signed = await run('countersign', ['sign', 'https://api.example.com/orders', '--profile', profile], { env })
    expect(signed.stdout).toContain(`mine-key: ${id}`)
    expect(await keys('create', 'Orders', '-s', './none.json')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('[scheme-unreadable]'),
    })
  })
})

it('a server lists it among the schemes that a key can be for', async () => {
  const answer = await fetch(`${server.origin}/admin/v1/schemes`, { headers: { authorization: `Bearer ${server.token}` } })
  expect(await answer.json()).toContainEqual({ name: 'mine', title: 'Calls of mine', keys: 'secret', used: false })
})

it('settings say where the keys are, and which schemes and permissions they can have', async () => {
  const permissions = [{ name: 'orders:read', title: 'Read orders' }]
  const routes = [{ path: '/', schemes: ['mine'] }]
  writeFileSync(join(folder, 'settings.json'), JSON.stringify({ store: 'settled.db', schemes: ['mine.json'], permissions, routes }))
  const keys = (...args: readonly string[]) => run('countersign', ['keys', ...args, '--config', 'settings.json'], { cwd: folder })
  expect(await keys('create', 'Orders', '-s', 'mine', '--permission', 'orders:read')).toMatchObject({ code: 0 })
  expect((await keys('list')).stdout).toMatch(/Orders +active +mine +orders:read/)
})

it('a server reads the same settings, and describes what they have', async () => {
  const settled = await startKeyServer(['--config', 'settings.json', '--store', join(folder, 'settled-server.db')], {}, folder)
  const read = async (path: string) =>
    await (await fetch(`${settled.origin}/admin/v1/${path}`, { headers: { authorization: `Bearer ${settled.token}` } })).json()
  const schemes = (await read('schemes')) as { name: string; used: boolean }[]
  expect(schemes.filter(({ used }) => used).map(({ name }) => name)).toEqual(['mine'])
  expect(await read('permissions')).toEqual([{ name: 'orders:read', title: 'Read orders', description: '', opens: [] }])
  const described = (await (await fetch(`${settled.origin}/openapi.json`)).json()) as { info: { description: string } }
  expect(described.info.description).toMatch(/mine\. Their permissions are: orders:read \(Read orders\)\./)
  await settled.stop()
})

describe('countersign gateway --check', () => {
  const GOOD = { upstream: 'http://127.0.0.1:9', origin: 'https://api.example.com', store: 'checked.db', schemes: ['mine.json'] }
  const routed = { ...GOOD, routes: [{ path: '/', schemes: ['mine'] }] }

  it('ends with 0 where the gateway would start, and else with 2 and what is wrong', async () => {
    await run('countersign', ['keys', 'create', 'k', '--store', 'checked.db'], { cwd: folder })
    const cases: readonly [object, string][] = [
      [routed, 'would start'],
      [{ ...routed, prt: 1 }, 'did you mean port?'],
    ]
    for (const [settings, said] of cases) {
      writeFileSync(join(folder, 'checked.json'), JSON.stringify(settings))
      const checked = await run('countersign', ['gateway', '--config', 'checked.json', '--check'], { cwd: folder })
      expect([checked.code, checked.stderr]).toEqual([said === 'would start' ? 0 : 2, expect.stringContaining(said)])
    }
  })
})
