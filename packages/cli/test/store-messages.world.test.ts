import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Connection from 'libsql'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createMasterKeyFile } from '../../server/src/index.ts'
import { hasPostgres } from '../../server/test/postgres.ts'
import { POSTGRESQL } from '../../server/test/stores.ts'
import { type Ran, removeFolder, run } from './command.ts'

const folder = mkdtempSync(join(tmpdir(), 'countersign-messages-'))
const whole = join(folder, 'whole.db')
const masterKeyFile = join(folder, 'master')
const GATEWAY = ['gateway', '--check', '--upstream', 'http://127.0.0.1:9', '--origin', 'https://api.example.com']
const READS = { 'keys list': ['keys', 'list'], 'audit verify': ['audit', 'verify'], 'gateway --check': GATEWAY } as const
const WRITES = { 'keys create': ['keys', 'create', 'x'], server: ['server', '--port', '0'] } as const
const ALL = { ...READS, ...WRITES }

/** Runs a command on a store; one that runs on is ended after it listens, with 0. */
async function on(store: string, args: readonly string[]): Promise<Ran> {
  const given = [...args, '--store', store, '--master-key-file', masterKeyFile]
  if (args[0] !== 'server') return run('countersign', given)
  const child = spawn(process.execPath, [new URL('../bin/countersign.js', import.meta.url).pathname, ...given])
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    if (stdout.includes('listens on')) child.kill('SIGTERM')
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
    if (stderr.includes('waiting:')) child.kill('SIGTERM')
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout, stderr }
}

const canMount = (() => {
  const at = join(folder, 'probe')
  mkdirSync(at)
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', at])
  if (status === 0) spawnSync('umount', [at])
  return status === 0
})()

beforeAll(async () => {
  createMasterKeyFile(masterKeyFile)
  for (let count = 0; count < 5; count++) expect((await on(whole, ['keys', 'create', `k${count}`])).code).toBe(0)
}, 60_000)
afterAll(() => removeFolder(folder))

interface Fault {
  readonly code: string
  /** What the message says to do. */
  readonly remedy: RegExp
  readonly make: (file: string) => undefined | (() => void)
  /** The commands that meet it. Default: all. */
  readonly commands?: readonly (keyof typeof ALL)[]
}

const disks: string[] = []
afterAll(() => {
  for (const disk of disks) spawnSync('umount', ['-l', disk])
})

/** A disk of so many kB, with a copy of the store on it. */
function diskFor(file: string, size: string): string {
  const disk = join(file, '..')
  mkdirSync(disk, { recursive: true })
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'none', disk])
  disks.push(disk)
  copyFileSync(whole, file)
  return disk
}

const FILES: { readonly [fault: string]: Fault } = {
  'cut to nothing': {
    code: 'store-missing',
    remedy: /check --store/,
    make: file => void writeFileSync(file, ''),
    commands: ['keys list', 'audit verify', 'gateway --check'],
  },
  'text in its place': {
    code: 'store-not-sqlite',
    remedy: /check --store/,
    make: file => void writeFileSync(file, 'name,age\n'.repeat(100)),
  },
  'a folder in its place': { code: 'store-unusable', remedy: /name a file/, make: file => void mkdirSync(file) },
  'of another program': {
    code: 'store-foreign',
    remedy: /check --store/,
    make(file) {
      const connection = new Connection(file)
      connection.exec('create table person (name)')
      connection.close()
      return undefined
    },
  },
  'of a newer version': {
    code: 'store-newer',
    remedy: /use that version, or a backup/,
    make(file) {
      copyFileSync(whole, file)
      const connection = new Connection(file)
      connection.exec("insert into kysely_migration values ('9999-later', 'x'); pragma wal_checkpoint(truncate)")
      connection.close()
      return undefined
    },
  },
  'damaged in its middle': {
    code: 'store-damaged',
    remedy: /countersign store restore/,
    make(file) {
      copyFileSync(whole, file)
      const bytes = readFileSync(file)
      bytes.fill(0xff, 4096 * 2, bytes.length - 4096)
      writeFileSync(file, bytes)
      return undefined
    },
  },
  'cut off in its middle': {
    code: 'store-damaged',
    remedy: /countersign store restore/,
    make(file) {
      copyFileSync(whole, file)
      truncateSync(file, Math.floor(statSync(file).size / 2 / 4096) * 4096)
      return undefined
    },
    commands: ['keys list', 'audit verify', 'gateway --check'],
  },
  'held by another process': {
    code: 'store-locked',
    remedy: /what has it open/,
    make(file) {
      copyFileSync(whole, file)
      const connection = new Connection(file)
      connection.pragma('journal_mode = WAL')
      connection.exec('begin exclusive')
      return () => {
        connection.exec('rollback')
        connection.close()
      }
    },
    commands: ['keys create'],
  },
}

describe('a key store that is', () => {
  const rows = Object.entries(FILES).flatMap(([fault, { commands = Object.keys(ALL) as (keyof typeof ALL)[] }]) =>
    commands.map(command => [fault, command] as const),
  )
  it.each(rows)('%s: %s names it, and says what to do', { timeout: 30_000 }, async (fault, command) => {
    const { code, remedy, make } = FILES[fault] as Fault
    const file = join(mkdtempSync(join(folder, 'fault-')), 'keys.db')
    const undo = make(file)
    try {
      const ran = await on(file, ALL[command])
      expect(ran.stderr).toContain(`[${code}]`)
      expect(ran.stderr).toContain(file)
      expect(ran.stderr).toMatch(remedy)
      expect(ran).toMatchObject({ code: 2, stdout: '' })
    } finally {
      undo?.()
    }
  })
})

describe.skipIf(!canMount)('a key store on a disk (needs a mount)', () => {
  it('that is full keeps what it had, says so, and goes on when there is room', async () => {
    const file = join(folder, 'full', 'keys.db')
    const disk = diskFor(file, '1m')
    try {
      spawnSync('dd', ['if=/dev/zero', `of=${join(disk, 'filler')}`, 'bs=4k'], { stdio: 'ignore' })
      const ran = await on(file, ['keys', 'create', 'x'])
      expect(ran).toMatchObject({ code: 2, stdout: '' })
      expect(ran.stderr).toMatch(/has no room on its disk.*make room.*\[store-full\]/)
      expect(ran.stderr).toContain(file)
      expect(ran.stderr).not.toContain('rollback')
      execFileSync('rm', [join(disk, 'filler')])
      expect((await on(file, ['keys', 'create', 'x'])).code).toBe(0)
      expect(JSON.parse((await on(file, ['keys', 'list', '--json'])).stdout).keys).toHaveLength(6)
      expect((await on(file, ['audit', 'verify'])).code).toBe(0)
    } finally {
      spawnSync('umount', ['-l', disk])
    }
  })

  it('that can only be read: nothing is changed, and it is said', async () => {
    const file = join(folder, 'read-only', 'keys.db')
    const disk = diskFor(file, '1m')
    try {
      execFileSync('mount', ['-o', 'remount,ro', disk])
      const ran = await on(file, ['keys', 'create', 'x'])
      expect(ran).toMatchObject({ code: 2, stdout: '' })
      expect(ran.stderr).toMatch(/can only be read.*\[store-read-only\]/)
      expect(ran.stderr).toContain(file)
    } finally {
      spawnSync('umount', ['-l', disk])
    }
  })
})

describe.skipIf(!hasPostgres)('a key store in PostgreSQL (needs PostgreSQL)', () => {
  let store = ''
  let silent = ''
  const silence = createServer(() => undefined)
  beforeAll(async () => {
    await POSTGRESQL.begin()
    ;({ store } = await POSTGRESQL.newStore())
    expect((await on(store, ['keys', 'create', 'k'])).code).toBe(0)
    await execute('create role crowded login connection limit 0')
    silence.listen(0, '127.0.0.1')
    await once(silence, 'listening')
    const address = silence.address()
    silent = `postgres://u:hush@127.0.0.1:${typeof address === 'object' ? address?.port : ''}/keys`
  }, 60_000)
  afterAll(async () => {
    silence.close()
    await POSTGRESQL.end()
  })

  async function execute(...statements: readonly string[]): Promise<void> {
    const client = new pg.Client(store)
    await client.connect()
    for (const statement of statements) await client.query(statement)
    await client.end()
  }

  const elsewhere = (change: (url: URL) => void): string => {
    const url = new URL(store)
    change(url)
    return url.href
  }
  const FAULTS: { readonly [fault: string]: readonly [where: () => string, code: string, remedy: RegExp] } = {
    'where nothing listens': [() => 'postgres://u:hush@127.0.0.1:1/keys', 'store-unreachable', /whether PostgreSQL runs/],
    'that says nothing': [() => silent, 'store-unreachable', /whether PostgreSQL runs/],
    'of an unknown user': [
      () =>
        elsewhere(url => {
          url.username = 'nobody'
          url.password = 'hush'
        }),
      'store-forbidden',
      /check user and password/,
    ],
    'of an unknown database': [
      () =>
        elsewhere(url => {
          url.pathname = '/nowhere'
          url.password = 'hush'
        }),
      'store-missing',
      /PostgreSQL on 127\.0\.0\.1:\d+ has no database nowhere: make it with createdb -h 127\.0\.0\.1 -p \d+ 'nowhere'/,
    ],
    'that has no connection left': [
      () =>
        elsewhere(url => {
          url.username = 'crowded'
          url.password = 'hush'
        }),
      'store-connections',
      /raise max_connections.*up to 21/,
    ],
  }
  const rows = Object.keys(FAULTS).flatMap(fault => Object.keys(ALL).map(command => [fault, command as keyof typeof ALL] as const))
  it.each(rows)('%s: %s says where, without the password, and what to do', { timeout: 30_000 }, async (fault, command) => {
    const [where, code, remedy] = FAULTS[fault] ?? []
    const ran = await on(where?.() ?? '', ALL[command])
    const isWaiting = command === 'server' && (code === 'store-unreachable' || code === 'store-connections')
    expect(ran.stderr).toContain(isWaiting ? 'waiting: ' : `[${code}]`)
    expect(ran.stderr).toMatch(/127\.0\.0\.1:\d+/)
    expect(ran.stderr).toMatch(remedy ?? /$^/)
    expect(ran.stderr).not.toContain('hush')
    expect(ran).toMatchObject({ code: isWaiting ? 0 : 2, stdout: '' })
  })

  it('that is a standby, or set so: nothing is changed, and it is said', async () => {
    const name = new URL(store).pathname.slice(1)
    await execute(`alter database ${name} set default_transaction_read_only = on`)
    try {
      const ran = await on(store, ['keys', 'create', 'x'])
      expect(ran).toMatchObject({ code: 2, stdout: '' })
      expect(ran.stderr).toMatch(/can only be read.*name the primary.*\[store-read-only\]/)
      expect((await on(store, ['keys', 'list'])).code).toBe(0)
    } finally {
      await execute('set default_transaction_read_only = off', `alter database ${name} reset default_transaction_read_only`)
    }
  })
})
