import { generateKeyPairSync } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openKeyService } from '@countersign/server/store'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RunningKeyServer, removeFolder, run, startKeyServer } from './command.ts'

const folder = mkdtempSync(join(tmpdir(), 'countersign-keys-'))
const inFolder = (file: string): string => join(folder, file)
let server: RunningKeyServer
let where: readonly string[] = []

beforeAll(async () => {
  server = await startKeyServer(['--store', inFolder('served.db')])
  writeFileSync(inFolder('token'), `${server.token}\n`, { mode: 0o600 })
})
afterAll(async () => {
  expect(await server.stop()).toBe(0)
  removeFolder(folder)
})

const env = { XDG_CONFIG_HOME: inFolder('config') }
const keys = (...args: readonly string[]) => run('countersign', ['keys', ...args, ...where], { env, cwd: folder })
const json = async (...args: readonly string[]) => JSON.parse((await keys(...args, '--json')).stdout)

describe.each([
  ['a file', () => ['--store', inFolder('own.db')]],
  ['a server', () => ['--server', server.origin, '--token-file', inFolder('token')]],
] as const)('countersign keys, on %s', (_, options) => {
  beforeAll(() => {
    where = options()
  })

  it('makes a key, shows its secret once, and lists it without', async () => {
    const { code, stdout, stderr } = await keys(
      'create',
      'Trading',
      '--permission',
      'balance',
      '--permission',
      'web3',
      '--label',
      'team=desk',
    )
    expect(code).toBe(0)
    const [, id, secret] = /^key {9}(csk_\S+)\nsecret {6}(\S{80})\n$/.exec(stdout) ?? []
    expect(stderr).toContain('shown this once')
    const list = await keys('list', '--search', 'trad')
    expect(list.stdout).toMatch(new RegExp(`^ID .*\\n${id} +Trading +active +qredo-v1 +balance web3 +never\\n$`))
    const store = inFolder(where[0] === '--store' ? 'own.db' : 'served.db')
    const service = await openKeyService({ store, mustExist: true })
    service.days.used(id ?? '', 'the-secret')
    service.refusals.refused({ failure: { code: 'bad-signature', keyId: id ?? '' }, request: { method: 'GET', target: '/x', headers: {} } })
    await service.close()
    const day = new Date().toISOString().slice(0, 10)
    expect((await json('show', id ?? '')).days).toEqual([
      { day, calls: 1, refusals: 1, secrets: [{ id: 'the-secret', calls: 1, refusals: 0 }] },
    ])
    const shown = await keys('show', id ?? '')
    expect(shown.stdout).toContain('team=desk')
    expect(shown.stdout).toMatch(new RegExp(`^used {10}${day}: 1 calls, 1 refused$`, 'm'))
    expect(list.stdout + shown.stdout).not.toContain(secret)
  })

  it('says in the list which keys end soon, and which have ended', async () => {
    const later = (ms: number): string => new Date(Date.now() + ms).toISOString()
    const day = 86_400_000
    for (const [name, expires] of [
      ['Ending soon', later(2 * day)],
      ['Ending later', later(40 * day)],
      ['Ending ended', later(-3 * day - 1000)],
    ] as const)
      expect((await keys('create', name, '--expires', expires, '--secret-out', inFolder(`${name}${where[0]}`))).code).toBe(0)
    const lines = (await keys('list', '--search', 'Ending')).stdout.split('\n')
    const stateOf = (name: string): string => lines.find(line => line.includes(name))?.split(/ {2,}/)[2] ?? ''
    expect(stateOf('Ending soon')).toMatch(/^active, ends in 2 days$/)
    expect(stateOf('Ending later')).toBe('active')
    expect(stateOf('Ending ended')).toBe('expired, ended 3 days ago')
  })

  it('keeps the secret in a file or a profile instead, that only its owner can read', async () => {
    const file = inFolder(`secret-${where.length}`)
    const made = await keys('create', 'Kept', '--secret-out', file, '--save-profile', `kept${where.length}`, '--json')
    expect(JSON.parse(made.stdout)).toMatchObject({ secret: null })
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const secret = readFileSync(file, 'utf8').trim()
    expect(made.stdout + made.stderr).not.toContain(secret)
    const sign = ['sign', 'https://api.example.com/x', '-t', '1647356399']
    const byProfile = await run('countersign', [...sign, '--profile', `kept${where.length}`], { env })
    const byFile = await run('countersign', [...sign, '-k', JSON.parse(made.stdout).key.id, '--secret-file', file], { env })
    expect(byProfile.stdout).toBe(byFile.stdout)
    expect(await keys('create', 'Again', '--secret-out', file)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('[file-unwritable]'),
    })
  })

  it('makes and rotates no key whose secret could not be kept', async () => {
    const { key } = await json('create', 'Owner', '--save-profile', `owner${where.length}`)
    const count = (await json('list')).keys.length
    const [profile, file] = [['--save-profile', `owner${where.length}`], inFolder(`secret-${where.length}`)]
    const cases: readonly [readonly string[], string][] = [
      [['create', 'Again', ...profile], '[already-there]'],
      [['create', 'Again', '--secret-out', file], '[file-unwritable]'],
      [['create', 'Again', '--secret-out', inFolder('none/secret')], '[file-unwritable]'],
      [['rotate', key.id, '--secret-out', file], '[file-unwritable]'],
      [['rotate', key.id, '--save-profile', `kept${where.length}`], '[already-there]'],
    ]
    for (const [args, code] of cases)
      expect(await keys(...args), args.join(' ')).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(code) })
    expect((await json('list')).keys).toHaveLength(count)
    expect((await json('show', key.id)).secrets).toHaveLength(1)
    // Its own profile gets the new secret.
    expect(await keys('rotate', key.id, ...profile)).toMatchObject({ code: 0 })
  })

  it('changes, rotates, disables, enables and revokes', async () => {
    const { key } = await json('create', 'Life', '--permission', 'balance', '--expires', '2099-01-01')
    expect(
      await json('update', key.id, '--permission', 'read_only', '--address', '10.0.0.0/8', '--expires', 'never', '--fund', 'f1'),
    ).toMatchObject({
      permissions: ['read_only'],
      addresses: ['10.0.0.0/8'],
      expiresAt: null,
      fundId: 'f1',
    })
    expect(await json('update', key.id, '--no-permissions', '--no-addresses')).toMatchObject({ permissions: [], addresses: [] })
    expect((await json('rotate', key.id, '--overlap', '2h')).key.secrets).toHaveLength(2)
    // Nobody has used the new one, so another one takes its place.
    const chosen = Buffer.alloc(40, 7 + where.length).toString('base64')
    writeFileSync(inFolder('chosen'), `${chosen}\n`)
    const again = await json('rotate', key.id, '--secret-file', inFolder('chosen'))
    expect(again).toMatchObject({ secret: null, key: { secrets: [{ lastUsedAt: null }, {}] } })
    const unchanged = await run('countersign', ['keys', 'rotate', key.id, '--secret-file', '-', ...where], {
      env,
      cwd: folder,
      input: chosen,
    })
    expect(unchanged).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('[secret-unchanged]') })
    expect(unchanged.stderr).not.toContain(chosen)
    expect((await keys('show', key.id)).stdout).toMatch(/^secret {8}\S+, of \S+, not used yet$/m)
    expect((await json('rotate', key.id, '--overlap', '0')).key.secrets).toHaveLength(1)
    expect(await json('disable', key.id)).toMatchObject({ state: 'disabled' })
    expect(await json('enable', key.id)).toMatchObject({ state: 'active' })
    expect(await keys('revoke', key.id)).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes') })
    expect(await json('show', key.id)).toMatchObject({ state: 'active' })
    expect(await json('revoke', key.id, '--yes')).toMatchObject({ state: 'revoked' })
    expect(await keys('enable', key.id)).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('[key-revoked]') })
  })

  it('takes over a key from elsewhere, and prints a public key', async () => {
    writeFileSync(inFolder('old'), `${Buffer.alloc(40, 7).toString('base64')}\n`)
    const id = `old/${where.length}?x`
    expect(await json('import', id, '--secret-file', inFolder('old'), '--name', 'Old')).toMatchObject({ id, imported: true, name: 'Old' })
    expect(await json('show', id)).toMatchObject({ id })
    const pem = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'pem' }).toString()
    writeFileSync(inFolder('public.pem'), pem)
    const { key, secret } = await json('create', 'Partner', '--scheme', 'qredo-partner', '--public-key-file', inFolder('public.pem'))
    expect(secret).toBeNull()
    expect((await keys('export-public', key.id)).stdout).toBe(pem)
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const newer = other.publicKey.export({ type: 'spki', format: 'pem' }).toString()
    writeFileSync(inFolder('newer.pem'), newer)
    expect((await json('rotate', key.id, '--public-key-file', inFolder('newer.pem'))).key.publicKeys).toHaveLength(2)
    expect((await keys('export-public', key.id)).stdout).toBe(newer)
    const secretPem = other.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    writeFileSync(inFolder('private.pem'), secretPem)
    const refused = await keys('create', 'Partner', '--scheme', 'qredo-partner', '--public-key-file', inFolder('private.pem'))
    expect(refused).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('[public-key-private]') })
    expect(refused.stderr).not.toContain(secretPem.split('\n')[1])
    expect(await keys('export-public', id)).toMatchObject({ code: 2, stderr: expect.stringContaining('[public-key-missing]') })
  })

  it('says what is wrong', async () => {
    expect(await keys('show', 'nobody')).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('[key-unknown]') })
    expect(await keys('create', 'x', '--permission', 'two words')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('[permission-malformed]'),
    })
    expect(await keys('create', 'x', '--expires', 'soon')).toMatchObject({ code: 2, stderr: expect.stringContaining('[moment-malformed]') })
    expect(await keys('create', 'x', '--label', 'y')).toMatchObject({ code: 2, stderr: expect.stringContaining('[label-malformed]') })
    expect(await keys('update', 'x')).toMatchObject({ code: 2, stderr: expect.stringContaining('[change-missing]') })
    expect(await keys('rotate', 'x', '--overlap', '1y')).toMatchObject({ code: 2, stderr: expect.stringContaining('[time-malformed]') })
  })

  it('lists page by page', async () => {
    const { keys: first, next } = await json('list', '--limit', '2')
    const { keys: second } = await json('list', '--limit', '2', '--cursor', next)
    expect(new Set([...first, ...second].map(({ id }: { id: string }) => id)).size).toBe(4)
  })
})

describe('a store that is not there', () => {
  const upstream = ['--upstream', 'http://127.0.0.1:9', '--origin', 'https://api.example.com', '--port', '0']
  const commands: readonly (readonly string[])[] = [
    ['keys', 'list'],
    ['keys', 'show', 'x'],
    ['keys', 'update', 'x', '--name', 'y'],
    ['keys', 'rotate', 'x'],
    ['keys', 'enable', 'x'],
    ['keys', 'disable', 'x'],
    ['keys', 'revoke', 'x', '--yes'],
    ['keys', 'export-public', 'x'],
    ['audit', 'verify'],
    ['audit', 'export'],
    ['migration', 'report'],
    ['admins', 'list'],
    ['admins', 'disable', 'x'],
    ['master-key', 'rotate'],
    ['gateway', ...upstream],
    ['gateway', ...upstream.slice(0, 4), '--workers', '2', '--redis', 'redis://127.0.0.1:1'],
  ]
  it.each(commands.map(args => [args.slice(0, 2).join(' '), args] as const))(
    'is not made by %s, which says what makes one',
    async (_, args) => {
      const cwd = mkdtempSync(inFolder('empty-'))
      for (const store of [[], ['--store', 'deep/er/nope.db']]) {
        const { code, stdout, stderr } = await run('countersign', [...args, ...store], { cwd, env: { COUNTERSIGN_STORE: undefined } })
        expect([code, stdout]).toEqual([2, ''])
        expect(stderr).toMatch(/^countersign: There is no key store at .*countersign keys create.* \[store-missing\]\n$/)
      }
      expect(readdirSync(cwd)).toEqual([])
    },
  )

  it.each([
    ['keys create', ['keys', 'create', 'x']],
    ['keys import', ['keys', 'import', 'x', '--secret-stdin']],
    ['admins create', ['admins', 'create', 'x', '--role', 'operator']],
  ])('is made by %s', async (_, args) => {
    const cwd = mkdtempSync(inFolder('empty-'))
    const input = Buffer.alloc(40, 7).toString('base64')
    expect(await run('countersign', args, { cwd, input, env: { COUNTERSIGN_STORE: undefined } })).toMatchObject({ code: 0 })
    expect(readdirSync(cwd)).toEqual(expect.arrayContaining(['countersign.db', 'countersign.db.master-key']))
  })

  it('may be no folder and no other file, which is said plainly by whatever command', async () => {
    const cwd = mkdtempSync(inFolder('odd-'))
    mkdirSync(join(cwd, 'folder'))
    writeFileSync(join(cwd, 'text'), 'name,age\n')
    for (const args of [
      ['keys', 'list'],
      ['keys', 'create', 'x'],
      ['server', '--port', '0'],
      ['gateway', ...upstream],
    ])
      for (const [store, code] of [
        ['folder', '[store-unusable]'],
        ['text', '[store-not-sqlite]'],
        ['text/keys.db', '[path-unusable]'],
      ] as const)
        expect(await run('countersign', [...args, '--store', store], { cwd }), `${args.join(' ')} ${store}`).toMatchObject({
          code: 2,
          stdout: '',
          stderr: expect.stringMatching(new RegExp(`^countersign: .*\\${code.slice(0, -1)}\\]\n$`)),
        })
    expect(readdirSync(cwd)).toEqual(['folder', 'text'])
    expect(readFileSync(join(cwd, 'text'), 'utf8')).toBe('name,age\n')
  })
})

describe('the key server', () => {
  it('works while the command changes the same file, and both see it', async () => {
    where = ['--store', inFolder('served.db')]
    const { key } = await json('create', 'By the command')
    const headers = { authorization: `Bearer ${server.token}` }
    const response = await fetch(`${server.origin}/admin/v1/keys/${key.id}`, { headers })
    expect(await response.json()).toMatchObject({ name: 'By the command' })
    await fetch(`${server.origin}/admin/v1/keys/${key.id}/revoke`, { method: 'POST', headers })
    expect(await json('show', key.id)).toMatchObject({ state: 'revoked' })
  })

  it('says where it put the master key, once, and refuses to start without it', async () => {
    const own = ['--store', inFolder('first.db')]
    const first = await run('countersign', ['keys', 'create', 'x', ...own])
    expect(first.stderr).toContain(`The master key is in ${inFolder('first.db.master-key')}`)
    expect((await run('countersign', ['keys', 'list', ...own])).stderr).toBe('')
    expect(statSync(inFolder('first.db.master-key')).mode & 0o777).toBe(0o600)
    const other = { COUNTERSIGN_MASTER_KEY: Buffer.alloc(32, 1).toString('base64') }
    expect(await run('countersign', ['keys', 'list', ...own], { env: other })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('[master-key-wrong]'),
    })
    await expect(startKeyServer(own, other)).rejects.toThrow('[master-key-wrong]')
    await expect(startKeyServer([...own, '--master-key-file', inFolder('none')])).rejects.toThrow('[master-key-missing]')
    expect(existsSync(inFolder('none'))).toBe(false)
  })

  it('has its master key rotated while it works, and its log checked and exported', async () => {
    where = ['--store', inFolder('served.db')]
    const { key } = await json('create', 'Before')
    const rotated = await run('countersign', ['master-key', 'rotate', '--json', ...where])
    expect(JSON.parse(rotated.stdout)).toMatchObject({ resumed: false })
    const headers = { authorization: `Bearer ${server.token}` }
    const response = await fetch(`${server.origin}/admin/v1/keys/${key.id}/rotate`, { method: 'POST', headers, body: '{}' })
    expect(response.status).toBe(200)
    expect(await run('countersign', ['audit', 'verify', ...where])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^whole: \d+ entries, head [0-9a-f]{64}\n$/),
    })
    const remote = ['--server', server.origin, '--token-file', inFolder('token')]
    const head = (await run('countersign', ['audit', 'head', ...remote])).stdout.trim()
    expect(head).toMatch(/^\d+:[0-9a-f]{64}$/)
    for (const options of [where, remote]) {
      expect(await run('countersign', ['audit', 'verify', '--head', head, ...options])).toMatchObject({ code: 0 })
      const other = await run('countersign', ['audit', 'verify', '--head', 'f'.repeat(64), ...options])
      const malformed = await run('countersign', ['audit', 'verify', '--head', 'f', ...options])
      expect(malformed).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('[head-malformed]') })
      expect(other).toMatchObject({ code: 1, stdout: expect.stringContaining('kept head') })
      const pruned = await run('countersign', ['audit', 'prune', '--before', '2020-01-01', '--json', ...options])
      expect(JSON.parse(pruned.stdout)).toMatchObject({ removed: 0 })
      expect((await run('countersign', ['audit', 'prune', '--before', '2999-01-01', ...options])).stderr).toContain('[prune-too-young]')
    }
    const exported = async (...options: readonly string[]) => (await run('countersign', ['audit', 'export', ...options])).stdout
    const lines = (await exported(...where)).trim().split('\n')
    expect(lines.map(line => JSON.parse(line).action)).toContain('master-key.rotate')
    expect(await exported(...remote)).toBe(await exported(...where))
    const ofOrganisation = ['--organisation', 'default']
    const own = await exported(...where, ...ofOrganisation)
    expect(await exported(...remote, ...ofOrganisation)).toBe(own)
    expect(own.trim().split('\n').length).toBeLessThan(lines.length)
  })

  it.each([
    ['is cut off', 'application/jsonl', '{"sequence":1}\n{"seq', true, '[network]'],
    ['ends within a line', 'application/jsonl', '{"sequence":1}\n{"seq', false, '[answer-cut-off]'],
    ['ends between two lines, as through a proxy that speaks HTTP/1.0', 'application/jsonl', '{"sequence":1}\n', false, '[answer-cut-off]'],
    ['is a page', 'text/html', '<p>Hello</p>', false, '[answer-malformed]'],
  ])('has an exported log that %s reported, with what had come', async (_, type, body, isCut, code) => {
    const stand = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': type, 'countersign-last-sequence': '2' })
      response.write(body, () => (isCut ? setImmediate(() => response.destroy()) : response.end()))
    })
    await new Promise<void>(resolve => stand.listen(0, '127.0.0.1', resolve))
    const { port } = stand.address() as AddressInfo
    try {
      const ran = await run('countersign', ['audit', 'export', '--server', `http://127.0.0.1:${port}`, '--token-file', inFolder('token')])
      expect(ran.code).not.toBe(0)
      expect(ran.stderr).toContain(code)
      expect(ran.stderr + ran.stdout).not.toContain(server.token)
      expect(ran.stdout).toBe(type === 'text/html' ? '' : '{"sequence":1}\n')
    } finally {
      stand.close()
    }
  })

  it('bounds an organisation, and renews a token through the server', async () => {
    const store = ['--store', inFolder('served.db')]
    const remote = ['--server', server.origin, '--token-file', inFolder('token')]
    const organisations = (...args: readonly string[]) => run('countersign', ['organisations', ...args])
    const none = { code: 0, stdout: 'none\n' }
    for (const options of [store, remote]) {
      const set = await organisations('ceilings', 'default', '--max-administrators', '0', ...options)
      expect(set).toMatchObject({ code: 0, stdout: 'maxAdministrators=0\n' })
      const refused = await run('countersign', ['admins', 'create', 'Bob', '--organisation', 'default', ...store])
      expect(refused).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('[ceiling-reached]') })
      expect((await organisations('list', ...options)).stdout).toContain('maxAdministrators=0')
      expect(await organisations('ceilings', 'default', '--lift', ...options)).toMatchObject(none)
    }
    const own = inFolder('own.token')
    const made = await run('countersign', ['admins', 'create', 'Bob', '--token-out', own, '--expires', '2099-01-01', '--json', ...store])
    expect(JSON.parse(made.stdout).administrator.expiresAt).toBe('2099-01-01T00:00:00.000Z')
    const old = readFileSync(own, 'utf8')
    expect(await run('countersign', ['admins', 'renew', '--server', server.origin, '--token-file', own])).toMatchObject({
      code: 0,
      stdout: '',
    })
    expect(readFileSync(own, 'utf8')).not.toBe(old)
    expect(statSync(own).mode & 0o777).toBe(0o600)
    expect((await run('countersign', ['keys', 'list', '--server', server.origin, '--token-file', own])).code).toBe(0)
  })

  it('has administrators made on the store, when a token was lost', async () => {
    const store = ['--store', inFolder('served.db')]
    const made = JSON.parse((await run('countersign', ['admins', 'create', 'Alice', '--role', 'operator', '--json', ...store])).stdout)
    const list = () =>
      run('countersign', ['keys', 'list', '--server', server.origin, '--json'], { env: { COUNTERSIGN_ADMIN_TOKEN: made.token } })
    expect((await list()).code).toBe(0)
    expect((await run('countersign', ['admins', 'list', ...store])).stdout).toMatch(/Alice +operator +all +active/)
    expect(await run('countersign', ['admins', 'disable', made.administrator.id, ...store])).toMatchObject({ code: 0, stdout: '' })
    expect(await list()).toMatchObject({ code: 1, stderr: expect.stringContaining('[token-wrong]') })
  })

  it('wants a token, and says so', async () => {
    expect(await run('countersign', ['keys', 'list', '--server', server.origin])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('[token-missing]'),
    })
    const wrong = { COUNTERSIGN_ADMIN_TOKEN: `csa_${'x'.repeat(12)}_${'y'.repeat(43)}` }
    expect(await run('countersign', ['keys', 'list', '--server', server.origin], { env: wrong })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('[token-wrong]'),
    })
    expect(await run('countersign', ['keys', 'list', '--server', 'http://127.0.0.1:9'], { env: wrong })).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('[network]'),
    })
  })
})
