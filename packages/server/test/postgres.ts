import { execFile, execFileSync, spawn, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import pg from 'pg'

/** A PostgreSQL for one test file. */
export interface TestPostgres {
  /** Of a new, empty database. */
  newDatabase(): Promise<string>
  dump(url: string): string
  /** As docs/backup.md does it, while others go on: into a file, and from it into an empty database. */
  backUp(url: string, file: string): Promise<void>
  restore(file: string, url: string): void
  /** Takes the server away, and brings it back. */
  stop(): void
  start(): Promise<void>
  /** Has all its processes hang, with their connections open, and go on. */
  hang(): void
  goOn(): void
  close(): Promise<void>
}

/** Where Debian and others put the server's programs, which are not on the path. */
const FOLDERS = [
  ...(process.env['PATH'] ?? '').split(':'),
  ...(existsSync('/usr/lib/postgresql') ? readdirSync('/usr/lib/postgresql').map(version => `/usr/lib/postgresql/${version}/bin`) : []),
]
const folder = FOLDERS.find(one => existsSync(join(one, 'initdb')) && existsSync(join(one, 'pg_dump')))

export const hasPostgres = folder !== undefined

/** It does not run as root, so root runs it as Debian's own user for it. */
const asPostgres = process.getuid?.() === 0 ? ['runuser', '-u', 'postgres', '--'] : []

/** Makes a cluster in a temporary folder and starts it on a free port. */
export async function startPostgres(): Promise<TestPostgres> {
  if (folder === undefined) throw new Error('PostgreSQL is not installed.')
  const directory = mkdtempSync(join(tmpdir(), 'countersign-postgres-'))
  if (asPostgres.length > 0) execFileSync('chown', ['postgres', directory])
  chmodSync(directory, 0o700)
  const data = join(directory, 'data')
  const port = await freePort()
  const run = (program: string, args: readonly string[]): void => {
    const [command = '', ...rest] = [...asPostgres, join(folder, program), ...args]
    const { status, stderr } = spawnSync(command, rest, { encoding: 'utf8', cwd: '/' })
    if (status !== 0) throw new Error(`${program}: ${stderr}`)
  }
  run('initdb', ['-D', data, '-U', 'countersign', '-A', 'trust', '-E', 'UTF8', '--no-sync'])
  const url = (name: string): string => `postgres://countersign@127.0.0.1:${port}/${name}`
  /** Where PostgreSQL runs as another user, a process that stops and goes on with it. */
  let started: number | undefined
  const start = async (): Promise<void> => {
    const [command = '', ...rest] = [
      ...asPostgres,
      join(folder, 'postgres'),
      '-D',
      data,
      '-p',
      String(port),
      '-k',
      directory,
      '-c',
      'listen_addresses=127.0.0.1',
      // Nothing here has to outlive the machine, and a restart after a hard stop is quicker.
      '-c',
      'fsync=off',
    ]
    const child = spawn(command, rest, { stdio: 'ignore', detached: true, cwd: '/' })
    child.unref()
    started = child.pid
    for (let tries = 0; ; tries++) {
      const client = new pg.Client(url('postgres'))
      client.on('error', () => undefined)
      try {
        await client.connect()
        await client.end()
        return
      } catch (error) {
        if (tries > 250) throw error
        await sleep(100)
      }
    }
  }
  const stop = (): void => run('pg_ctl', ['-D', data, '-m', 'immediate', '-w', 'stop'])
  /** The first process, and those that it started. */
  const signal = (name: string): void => {
    const [first = ''] = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')
    const children = spawnSync('ps', ['-o', 'pid=', '--ppid', first], { encoding: 'utf8' })
      .stdout.split(/\s+/)
      .filter(pid => pid !== '')
    for (const pid of [first, ...children]) process.kill(Number(pid), name)
    if (name === 'SIGCONT' && started !== undefined) process.kill(started, name)
  }
  await start()
  let made = 0
  return {
    async newDatabase() {
      const client = new pg.Client(url('postgres'))
      await client.connect()
      const name = `test_${++made}`
      await client.query(`create database ${name}`)
      await client.end()
      return url(name)
    },
    dump: from => execFileSync(join(folder, 'pg_dump'), [from], { encoding: 'utf8', maxBuffer: 1e9 }),
    backUp: async (from, file) => void (await promisify(execFile)(join(folder, 'pg_dump'), ['--format=custom', `--file=${file}`, from])),
    restore: (file, to) => void execFileSync(join(folder, 'pg_restore'), [`--dbname=${to}`, '--no-owner', '--exit-on-error', file]),
    stop,
    start,
    hang: () => signal('SIGSTOP'),
    goOn: () => signal('SIGCONT'),
    async close() {
      stop()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
