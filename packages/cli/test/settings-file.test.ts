import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { removeFolder, run } from './command.ts'

const DECLARATION = {
  name: 'shop',
  title: 'Shop',
  algorithm: 'hmac-sha256',
  secret: { encoding: 'base64' },
  timestamp: { formats: ['milliseconds'] },
  message: '{timestamp}\n{method}\n{url}\n{body|sha256|hex}',
  signature: { encoding: 'base64' },
  headers: { 'shop-key': '{keyId}', 'shop-timestamp': '{timestamp}', 'shop-signature': '{signature}' },
}
const SETTINGS = {
  upstream: 'http://127.0.0.1:8080',
  origin: 'http://127.0.0.1:4590',
  store: 'shop.db',
  masterKeyFile: 'keys/shop.key',
  schemes: ['shop.json'],
  routes: [{ path: '/', schemes: ['shop'] }],
}

/** The folder above the one with the settings. */
const above = mkdtempSync(join(tmpdir(), 'countersign-settings-'))
const below = join(above, 'shop')
const CONFIG = join('shop', 'shop.yaml')
const countersign = (...args: readonly string[]) => run('countersign', args, { cwd: above })

function write(settings: object, name = 'shop.yaml'): void {
  writeFileSync(join(below, name), JSON.stringify(settings))
}

beforeAll(async () => {
  mkdirSync(join(below, 'keys'), { recursive: true })
  writeFileSync(join(below, 'shop.json'), JSON.stringify(DECLARATION))
  write(SETTINGS)
  expect((await countersign('master-key', 'create', join('shop', 'keys', 'shop.key'))).code).toBe(0)
}, 60_000)
beforeEach(() => write(SETTINGS))
afterAll(() => removeFolder(above))

describe('a file of settings in another folder', () => {
  it('has one store and one master key, wherever commands with --config are run', async () => {
    expect(await countersign('keys', 'create', 'Orders', '--config', CONFIG)).toMatchObject({ code: 0 })
    const listed = await run('countersign', ['keys', 'list', '--config', 'shop.yaml'], { cwd: below })
    expect(listed.stdout).toContain('Orders')
    expect((await countersign('gateway', '--config', CONFIG, '--check')).stderr).toContain('The gateway would start.')
    // Not a second store, with a master key of its own.
    expect(readdirSync(above)).toEqual(['shop'])
    expect(readdirSync(below).filter(name => name.endsWith('.master-key'))).toEqual([])
  })

  it('is taken by every command that works on a store', async () => {
    expect(await countersign('keys', 'create', 'Kept', '--config', CONFIG, '-s', 'shop')).toMatchObject({ code: 0 })
    for (const args of [
      ['store', 'check'],
      ['store', 'backup', 'copy.db'],
      ['audit', 'head'],
      ['audit', 'verify'],
      ['audit', 'export'],
      ['audit', 'prune', '--before', '2020-01-01'],
      ['admins', 'list'],
      ['organisations', 'list'],
      ['migration', 'report', '--from', 'shop'],
      ['master-key', 'rotate'],
      ['master-key', 'unwrap'],
    ]) {
      const { code, stderr } = await countersign(...args, '--config', CONFIG)
      expect([args, code, stderr]).toEqual([args, 0, args[1] === 'unwrap' ? expect.stringContaining('nothing to do') : expect.any(String)])
    }
    write({ ...SETTINGS, store: 'restored/shop.db' }, 'restored.yaml')
    const restored = join('shop', 'restored.yaml')
    expect(await countersign('store', 'restore', 'copy.db', '--config', restored)).toMatchObject({ code: 0 })
    rmSync(join(above, 'copy.db'))
    expect(readdirSync(above)).toEqual(['shop'])
    expect(readdirSync(join(below, 'restored'))).toEqual(['shop.db'])
  })

  it.each([
    [
      'one scheme',
      [
        { path: '/', schemes: ['shop'] },
        { path: '/more', schemes: ['shop'] },
      ],
      [],
      'shop',
      '',
    ],
    [
      'one scheme, and another is asked for',
      [{ path: '/', schemes: ['shop'] }],
      ['-s', 'github'],
      'github',
      'takes github: the gateway refuses',
    ],
    ['several schemes, and one of them is asked for', [{ path: '/', schemes: ['shop', 'qredo-v1'] }], ['-s', 'qredo-v1'], 'qredo-v1', ''],
    ['several schemes', [{ path: '/', schemes: ['shop', 'qredo-v1'] }], [], undefined, 'take shop, qredo-v1: say which one the key is for'],
    ['what is the default, for want of routes', undefined, [], 'qredo-v1', ''],
    ['what is the default, and another is asked for', undefined, ['-s', 'shop'], 'shop', 'takes shop: the gateway refuses'],
  ])('whose gateway takes %s: a key is made for that, or it is told', async (_, routes, flags, scheme, told) => {
    const { routes: _routes, ...others } = SETTINGS
    write({ ...others, ...(routes === undefined ? {} : { routes }) })
    for (const command of [
      ['keys', 'create', 'Key'],
      ['keys', 'import', `id-${Math.random()}`, '--secret-file', 'secret'],
    ]) {
      writeFileSync(join(above, 'secret'), 'c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0')
      const { code, stdout, stderr } = await countersign(...command, '--config', CONFIG, '--json', ...flags)
      rmSync(join(above, 'secret'))
      expect([code, stderr]).toEqual([scheme === undefined ? 2 : 0, told === '' ? '' : expect.stringContaining(told)])
      const made = stdout === '' ? {} : JSON.parse(stdout)
      expect((made.key ?? made).scheme).toBe(scheme)
    }
  })

  it('has its scheme found from a profile, in any folder', async () => {
    const env = { XDG_CONFIG_HOME: join(below, 'profiles') }
    const made = await run('countersign', ['keys', 'create', 'Mine', '--config', CONFIG, '--save-profile', 'mine'], { cwd: above, env })
    expect(made).toMatchObject({ code: 0 })
    const signed = await run('countersign', ['sign', 'GET', 'http://127.0.0.1:4590/', '--profile', 'mine'], { cwd: tmpdir(), env })
    expect([signed.code, signed.stdout]).toEqual([0, expect.stringContaining('shop-signature')])
  })

  it('is told of with whole paths', async () => {
    rmSync(join(below, 'nowhere.db'), { force: true })
    write({ ...SETTINGS, store: 'nowhere.db' })
    const { code, stderr } = await countersign('gateway', '--config', CONFIG, '--check')
    expect([code, stderr]).toEqual([2, expect.stringContaining(`There is no key store at ${join(below, 'nowhere.db')}`)])
  })

  it.each([
    ['gateway', { workers: 2 }, '--workers of the command'],
    ['keys list', { workers: 2 }, '--workers of countersign gateway'],
    ['server', { workers: 2 }, '--workers of countersign gateway'],
    ['gateway', { check: true }, '--check of the command'],
    ['server', { json: true }, '--json of the command'],
    ['keys list', { organisation: 'acme' }, '--organisation of the command'],
  ])('of %s that has %j among its settings is told that this is the flag %s', async (command, more, flag) => {
    write({ ...SETTINGS, ...more })
    const { code, stderr } = await countersign(...command.split(' '), '--config', CONFIG)
    expect([code, stderr]).toEqual([expect.any(Number), expect.stringContaining(`this isn't a setting but the flag ${flag}.`)])
    expect(code).not.toBe(0)
  })

  it('gives way to flags, which count from where one stands', async () => {
    const made = await countersign('keys', 'create', 'Own', '--config', CONFIG, '-s', 'shop', '--store', 'own.db')
    expect(made).toMatchObject({ code: 0 })
    expect(readdirSync(above).filter(name => name.endsWith('.db'))).toEqual(['own.db'])
  })
})
