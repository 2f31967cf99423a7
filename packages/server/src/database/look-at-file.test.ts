import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Connection from 'libsql'
import { afterAll, describe, expect, it } from 'vitest'
import { openKeyService } from '../service.ts'
import { migrations } from './migrations.ts'

const folder = mkdtempSync(join(tmpdir(), 'countersign-look-'))
afterAll(() => rmSync(folder, { recursive: true }))

const STEPS = Object.keys(await migrations.getMigrations())
const masterKey = Buffer.alloc(32, 7).toString('base64')

/** A file of another program, open for others to read. */
function foreign(name: string, ...statements: readonly string[]): string {
  const file = join(folder, name)
  const connection = new Connection(file)
  for (const sql of statements) connection.exec(sql)
  connection.close()
  return file
}

describe.each([true, false])('opening a key store, which must exist: %s', mustExist => {
  const cases: readonly (readonly [string, string, () => string])[] = [
    ['tables of another program', 'store-foreign', () => foreign(`other-${mustExist}.db`, 'create table person (name)')],
    [
      'tables of another program, in WAL mode',
      'store-foreign',
      () => {
        const file = join(folder, `wal-${mustExist}.db`)
        const connection = new Connection(file)
        connection.pragma('journal_mode = WAL')
        connection.exec('create table person (name)')
        return file
      },
    ],
    [
      'tables of another program that has steps too',
      'store-foreign',
      () => foreign(`steps-${mustExist}.db`, 'create table kysely_migration (name)', "insert into kysely_migration values ('0001-theirs')"),
    ],
    [
      'a step of a newer version',
      'store-newer',
      () =>
        foreign(
          `newer-${mustExist}.db`,
          'create table kysely_migration (name)',
          'create table audit_head (id)',
          `insert into kysely_migration values ${[...STEPS, '9999-newer'].map(name => `('${name}')`).join(', ')}`,
        ),
    ],
    [
      'text',
      'store-not-sqlite',
      () => {
        const file = join(folder, `text-${mustExist}.db`)
        writeFileSync(file, 'name,age\n', { mode: 0o644 })
        return file
      },
    ],
  ]
  it.each(cases)('refuses a file with %s, and leaves it and its folder as they are', async (_, code, make) => {
    const file = make()
    const [bytes, mode, names] = [readFileSync(file), statSync(file).mode, readdirSync(folder)]
    for (const key of [masterKey, undefined])
      await expect(openKeyService({ store: file, masterKey: key, mustExist })).rejects.toMatchObject({ code })
    expect(readFileSync(file).equals(bytes)).toBe(true)
    expect([statSync(file).mode, readdirSync(folder)]).toEqual([mode, names])
  })

  it.each(['mysql', 'file', 'sqlite', 'https', 'libsql+ws'])('refuses %s://…, and makes no folder of that name', async kind => {
    const store = `${kind}://${folder}/user:hunter2@host-${mustExist}`
    const refused: unknown = await openKeyService({ store, mustExist }).catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: 'store-unknown', message: expect.stringContaining('postgres://') })
    expect(String(refused)).not.toContain('hunter2')
    expect(existsSync(`${kind}:`)).toBe(false)
  })

  it('refuses a folder', async () => {
    const store = join(folder, `folder-${mustExist}`)
    mkdirSync(store)
    await expect(openKeyService({ store, mustExist })).rejects.toMatchObject({ code: 'store-unusable' })
    expect(existsSync(`${store}.master-key`)).toBe(false)
  })
})

describe('a key store that must exist', () => {
  it('is not made, nor its folder and its master key', async () => {
    for (const store of [join(folder, 'none.db'), join(folder, 'deep/er/none.db'), ':memory:'])
      await expect(openKeyService({ store, mustExist: true })).rejects.toMatchObject({ code: 'store-missing', status: 500 })
    for (const name of ['none.db', 'none.db.master-key', 'deep']) expect(existsSync(join(folder, name)), name).toBe(false)
    expect(existsSync(':memory:.master-key')).toBe(false)
  })

  it('is not an empty file, which becomes one where it may be made', async () => {
    const store = join(folder, 'empty.db')
    writeFileSync(store, '')
    await expect(openKeyService({ store, masterKey, mustExist: true })).rejects.toMatchObject({ code: 'store-missing' })
    expect(statSync(store).size).toBe(0)
    await (await openKeyService({ store, masterKey })).close()
    await (await openKeyService({ store, masterKey, mustExist: true })).close()
  })

  it('is opened where it is there, while it is open elsewhere, and with tables that others have added', async () => {
    const store = join(folder, 'ours ?#%20.db')
    const first = await openKeyService({ store, masterKey })
    foreign('ours ?#%20.db', 'create table _litestream_seq (id)')
    await (await openKeyService({ store, masterKey, mustExist: true })).close()
    await first.close()
  })

  it('is opened where all of it is still in the file beside it', async () => {
    const store = join(folder, 'young.db')
    const first = await openKeyService({ store, masterKey })
    // As a kill would leave it.
    const copy = join(folder, 'killed.db')
    for (const end of ['', '-wal']) copyFileSync(`${store}${end}`, `${copy}${end}`)
    await first.close()
    const again = await openKeyService({ store: copy, masterKey, mustExist: true })
    expect(await again.administrators.organisations(undefined)).toEqual([])
    await again.close()
  })
})

it.runIf(process.platform !== 'win32')('a file that may not be read is named, with what is needed', async () => {
  const store = join(folder, 'closed.db')
  await (await openKeyService({ store, masterKey })).close()
  chmodSync(folder, 0o755)
  chmodSync(store, 0)
  const isRoot = process.geteuid?.() === 0
  if (isRoot) process.seteuid?.(65_534)
  try {
    await expect(openKeyService({ store, masterKey, mustExist: true })).rejects.toMatchObject({
      code: 'store-unreadable',
      message: expect.stringMatching(/closed\.db can't be read: .* right to read it/) as string,
    })
  } finally {
    if (isRoot) process.seteuid?.(0)
  }
})

it.runIf(process.platform === 'linux')('a folder that the system does not make is an error and not endless', async () => {
  await expect(openKeyService({ store: '/proc/countersign/keys.db', masterKey })).rejects.toMatchObject({ syscall: 'mkdir' })
})
