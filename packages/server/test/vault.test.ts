import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { openKeyService } from '../src/index.ts'
import { rotateMasterKey, wrapMasterKeys } from '../src/rotation/rotate-master-key.ts'
import { masterKeysOfFile, masterKeysOfText } from '../src/seal/key-file.ts'
import { createMasterKeyFile } from '../src/seal/master-keys.ts'
import { vaultFromEnvironment } from '../src/seal/vault.ts'
import { startTransit, type TestTransit } from './transit.ts'

const ACTOR = { name: 'test', address: '' }
const KEY = { mount: 'transit', name: 'countersign' }
const folder = mkdtempSync(join(tmpdir(), 'countersign-vault-'))
let transit: TestTransit
let next = 0

beforeEach(async () => {
  transit = await startTransit()
  vi.stubEnv('VAULT_ADDR', transit.address)
  vi.stubEnv('VAULT_TOKEN', transit.token)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await transit.stop()
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A store with a key in it, whose master key Vault has wrapped. */
async function wrappedStore() {
  const store = join(folder, `keys-${next++}.db`)
  const file = `${store}.master-key`
  const service = await openKeyService({ store })
  await service.administrators.createOrganisation(ACTOR, { id: 'acme', name: 'Acme', kind: 'organisation' })
  const made = await service.keys.create(ACTOR, 'acme', { name: 'k' })
  await service.close()
  const plain = readFileSync(file, 'utf8').trim()
  await wrapMasterKeys(file, KEY)
  return { store, file, plain, keyId: made.key.id }
}

async function opens(store: string, keyId: string): Promise<boolean> {
  const service = await openKeyService({ store })
  try {
    return (await service.source.find(keyId)) !== undefined
  } finally {
    await service.close()
  }
}

describe('a master key that Vault wraps', () => {
  it('stands in its file as Vault’s text alone, and opens the store by Vault', async () => {
    const { store, file, plain, keyId } = await wrappedStore()
    const text = readFileSync(file, 'utf8')
    expect(text).toMatch(/^vault:\/\/transit\/countersign#vault:v1:[A-Za-z0-9+/=]+\n$/)
    expect(text).not.toContain(plain)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(await opens(store, keyId)).toBe(true)
    expect(await opens(store, keyId)).toBe(true)
  })

  it('is wrapped anew by the newest version of the key, and unwrapped again', async () => {
    const { store, file, plain, keyId } = await wrappedStore()
    transit.rotate()
    await wrapMasterKeys(file, KEY)
    expect(readFileSync(file, 'utf8')).toContain('#vault:v2:')
    expect(await opens(store, keyId)).toBe(true)
    expect(await wrapMasterKeys(file, undefined)).toMatchObject({ changed: true })
    expect(readFileSync(file, 'utf8')).toBe(`${plain}\n`)
    await transit.stop()
    expect(await opens(store, keyId)).toBe(true)
    // There is nothing to unwrap any more, and the file stays as it is.
    const { ino } = statSync(file)
    expect(await wrapMasterKeys(file, undefined)).toMatchObject({ changed: false })
    expect(statSync(file).ino).toBe(ino)
  })

  it('is taken from a variable as well, and in a namespace', async () => {
    const { file } = await wrappedStore()
    vi.stubEnv('VAULT_NAMESPACE', 'team/one')
    const keys = await masterKeysOfText(readFileSync(file, 'utf8'))
    expect(keys.current()).toEqual((await masterKeysOfFile(file)).current())
    expect(transit.asked.at(-1)).toEqual({ path: '/v1/transit/decrypt/countersign', namespace: 'team/one' })
  })

  it('is rotated while a server works, and never lies there as it is', async () => {
    const { store, file, keyId } = await wrappedStore()
    const server = await openKeyService({ store })
    try {
      const report = await rotateMasterKey(server.database, file, ACTOR)
      expect(report.resealed).toBeGreaterThan(0)
      expect(readFileSync(file, 'utf8')).toMatch(/^vault:\/\/transit\/countersign#vault:v1:[A-Za-z0-9+/=]+\n$/)
      const made = await server.keys.create(ACTOR, 'acme', { name: 'later' })
      for (const id of [keyId, made.key.id]) expect(await opens(store, id)).toBe(true)
    } finally {
      await server.close()
    }
  })

  it('is changed by one command at a time: no new key is overwritten', async () => {
    const { store, file, keyId } = await wrappedStore()
    const service = await openKeyService({ store })
    const works = [
      () => rotateMasterKey(service.database, file, ACTOR),
      () => wrapMasterKeys(file, KEY),
      () => wrapMasterKeys(file, undefined),
    ]
    for (const first of works) {
      const both = await Promise.allSettled([first(), ...works.filter(work => work !== first).map(work => work())])
      expect(both.map(one => (one.status === 'rejected' ? (one.reason as { code: string }).code : 'done'))).toEqual([
        'done',
        'file-busy',
        'file-busy',
      ])
      expect(await opens(store, keyId)).toBe(true)
    }
    await service.close()
  })

  it('leaves nothing of a command that was killed while it wrote, once the file is changed again', async () => {
    const { store, file } = await wrappedStore()
    const service = await openKeyService({ store })
    const [left, other] = [`${file}.0123456789ab.new`, `${file}.backup.new`]
    for (const work of [() => rotateMasterKey(service.database, file, ACTOR), () => wrapMasterKeys(file, KEY)]) {
      for (const path of [left, other]) writeFileSync(path, 'a key')
      await work()
      expect([existsSync(left), existsSync(other)]).toEqual([false, true])
    }
    await service.close()
  })

  it('is rotated while a server can’t ask Vault: nothing that it acknowledges is lost', async () => {
    const { store, file } = await wrappedStore()
    const server = await openKeyService({ store })
    try {
      // The server's own token has ended.
      vi.stubEnv('VAULT_TOKEN', 'hvs.ended')
      const vault = vaultFromEnvironment({ VAULT_ADDR: transit.address, VAULT_TOKEN: transit.token })
      await rotateMasterKey(server.database, file, ACTOR, { vault })
      await expect(server.keys.create(ACTOR, 'acme', { name: 'meanwhile' })).rejects.toMatchObject({ code: 'vault-forbidden' })
      vi.stubEnv('VAULT_TOKEN', transit.token)
      const made = await server.keys.create(ACTOR, 'acme', { name: 'later' })
      expect(await opens(store, made.key.id)).toBe(true)
    } finally {
      await server.close()
    }
  })

  it('goes on in a server that runs while Vault is away, also when the file is touched', async () => {
    const { store, file, keyId } = await wrappedStore()
    const server = await openKeyService({ store })
    try {
      await transit.stop()
      writeFileSync(file, `${readFileSync(file, 'utf8')}\n`)
      expect(await server.source.find(keyId)).toBeDefined()
      expect((await server.keys.create(ACTOR, 'acme', { name: 'more' })).secret).toBeDefined()
      // Another wrapping can't be looked into: what is known opens what there is, and seals nothing.
      const before = readFileSync(file, 'utf8')
      writeFileSync(file, 'vault://transit/countersign#vault:v1:AAAA\n')
      server.source.forget(keyId)
      expect(await server.source.find(keyId)).toBeDefined()
      await expect(server.keys.create(ACTOR, 'acme', { name: 'still more' })).rejects.toMatchObject({ code: 'vault-unreachable' })
      writeFileSync(file, before)
      await transit.start()
      const made = await server.keys.create(ACTOR, 'acme', { name: 'still more' })
      expect(await server.source.find(made.key.id)).toBeDefined()
    } finally {
      await server.close()
    }
  })

  it('is unwrapped once, and not for each secret', async () => {
    const { store, keyId } = await wrappedStore()
    const before = transit.asked.length
    const server = await openKeyService({ store })
    for (let count = 0; count < 5; count++) await server.keys.create(ACTOR, 'acme', { name: `k${count}` })
    await server.source.find(keyId)
    await server.close()
    expect(transit.asked.length - before).toBe(1)
  })

  it.each<[string, (file: string) => void | Promise<void>, string]>([
    ['Vault is away', () => transit.stop(), 'vault-unreachable'],
    ['Vault is sealed', () => void Object.assign(transit, { isSealed: true }), 'vault-sealed'],
    ['the token is not let', () => void vi.stubEnv('VAULT_TOKEN', 'hvs.another'), 'vault-forbidden'],
    ['something else answers', () => void Object.assign(transit, { isOther: true }), 'vault-failed'],
    ['its certificate is not there', () => void vi.stubEnv('VAULT_CACERT', join(folder, 'none.pem')), 'vault-ca-unreadable'],
    ['the token ends in a line break', () => void vi.stubEnv('VAULT_TOKEN', `${transit.token}\n`), 'vault-token-malformed'],
    ['the token has a space', () => void vi.stubEnv('VAULT_TOKEN', `Bearer ${transit.token}`), 'vault-token-malformed'],
    ['the token has a letter of no header', () => void vi.stubEnv('VAULT_TOKEN', `${transit.token}…`), 'vault-token-malformed'],
    ['the file has two tokens', () => void twoTokens(), 'vault-token-malformed'],
    ['the namespace ends in a line break', () => void vi.stubEnv('VAULT_NAMESPACE', 'team\n'), 'vault-namespace-malformed'],
    ['there is no address', () => void vi.stubEnv('VAULT_ADDR', ''), 'vault-unset'],
    ['the address is none', () => void vi.stubEnv('VAULT_ADDR', 'vault.example.com'), 'vault-unset'],
    [
      'there is no token',
      () => {
        vi.stubEnv('VAULT_TOKEN', '')
        vi.stubEnv('VAULT_TOKEN_FILE', join(folder, 'none'))
      },
      'vault-token-missing',
    ],
    [
      'the key has another name',
      file => writeFileSync(file, readFileSync(file, 'utf8').replace('/countersign#', '/other#')),
      'vault-key-missing',
    ],
    [
      'the engine is mounted elsewhere',
      file => writeFileSync(file, readFileSync(file, 'utf8').replace('//transit/', '//elsewhere/')),
      'vault-key-missing',
    ],
    ['the text is damaged', file => writeFileSync(file, readFileSync(file, 'utf8').replace(/.{8}\n/, 'AAAAAAA=\n')), 'vault-failed'],
    ['the line is cut off', file => writeFileSync(file, readFileSync(file, 'utf8').slice(0, 30)), 'master-key-malformed'],
    ['it is another store’s', file => createOther(file), 'master-key-wrong'],
  ])('opens nothing where %s, and says so without a secret', async (_, spoil, code) => {
    const { store, file, plain } = await wrappedStore()
    await spoil(file)
    const error: unknown = await openKeyService({ store }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code })
    const said = `${String(error)} ${JSON.stringify(error)} ${error instanceof Error ? error.stack : ''}`
    for (const secret of [plain, transit.token, 'hvs.another']) expect(said).not.toContain(secret)
  })

  it.each<[string, (sent: string) => string]>([
    ['as it came', sent => sent],
    ['in JSON once more', sent => JSON.stringify(sent)],
    ['with slashes escaped', sent => sent.replaceAll('/', '\\/')],
  ])('says nothing of what it sent where something else answers with that, %s', async (_, echo) => {
    const { file } = await wrappedStore()
    await wrapMasterKeys(file, undefined)
    const plain = Buffer.from(readFileSync(file, 'utf8').trim(), 'base64url')
    transit.echo = echo
    const error: unknown = await wrapMasterKeys(file, KEY).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'vault-failed', message: expect.stringContaining('bad request') as string })
    const said = `${String(error)} ${JSON.stringify(error)} ${error instanceof Error ? error.stack : ''}`.replaceAll('\\', '')
    for (const secret of [plain.toString('base64'), plain.toString('base64url'), transit.token]) expect(said).not.toContain(secret)
  })

  function twoTokens(): void {
    vi.stubEnv('VAULT_TOKEN', '')
    vi.stubEnv('VAULT_TOKEN_FILE', join(folder, 'two'))
    writeFileSync(join(folder, 'two'), `${transit.token}\n${transit.token}\n`)
  }

  async function createOther(file: string): Promise<void> {
    rmSync(file)
    createMasterKeyFile(file)
    await wrapMasterKeys(file, KEY)
  }

  it('reads the token from a file anew for each call', async () => {
    const file = join(folder, 'token')
    const vault = vaultFromEnvironment({ VAULT_ADDR: transit.address, VAULT_TOKEN_FILE: file })
    writeFileSync(file, 'hvs.old\n')
    await expect(vault.wrap(KEY, Buffer.from('x'))).rejects.toMatchObject({ code: 'vault-forbidden' })
    writeFileSync(file, `${transit.token}\n`)
    expect(Buffer.from(await vault.unwrap(KEY, await vault.wrap(KEY, Buffer.from('x')))).toString()).toBe('x')
  })

  it('stays as it is where Vault can’t wrap it', async () => {
    const file = join(folder, 'plain')
    createMasterKeyFile(file)
    const before = readFileSync(file, 'utf8')
    transit.isSealed = true
    await expect(wrapMasterKeys(file, KEY)).rejects.toMatchObject({ code: 'vault-sealed' })
    expect(readFileSync(file, 'utf8')).toBe(before)
  })
})
