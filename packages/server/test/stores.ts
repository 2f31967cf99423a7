import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hasPostgres, startPostgres, type TestPostgres } from './postgres.ts'

/** A back end to run a suite on. */
export interface Backend {
  readonly name: 'SQLite' | 'PostgreSQL'
  /** What its tests are called; names what it needs where that is missing. */
  readonly title: string
  readonly isHere: boolean
  begin(): Promise<void>
  end(): Promise<void>
  /** A new, empty store. */
  newStore(): Promise<{ readonly store: string; readonly masterKeyFile: string }>
  /** Everything that stands in it, as text. */
  dump(store: string): string
  readonly postgres: TestPostgres | undefined
}

export const SQLITE = backend('SQLite', true)
export const POSTGRESQL = backend('PostgreSQL', hasPostgres)

function backend(name: Backend['name'], isHere: boolean): Backend {
  let folder = ''
  let made = 0
  let postgres: TestPostgres | undefined
  return {
    name,
    isHere,
    title: isHere ? name : `${name} (needs PostgreSQL)`,
    get postgres() {
      return postgres
    },
    async begin() {
      folder = mkdtempSync(join(tmpdir(), 'countersign-store-'))
      if (name === 'PostgreSQL' && isHere) postgres = await startPostgres()
    },
    async end() {
      await postgres?.close()
      rmSync(folder, { recursive: true, force: true })
    },
    async newStore() {
      const own = join(folder, `store-${++made}`)
      execFileSync('mkdir', ['-p', own])
      return { store: postgres === undefined ? join(own, 'keys.db') : await postgres.newDatabase(), masterKeyFile: join(own, 'master.key') }
    },
    dump(store) {
      if (postgres !== undefined) return postgres.dump(store)
      const own = join(store, '..')
      return readdirSync(own)
        .filter(file => file.startsWith('keys.db'))
        .map(file => readFileSync(join(own, file), 'latin1'))
        .join('')
    },
  }
}
