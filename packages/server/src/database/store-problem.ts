import { statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { errorCodeOf, ServerError } from '../errors.ts'
import { BUSY_TIMEOUT_MS, PROCESS_CONNECTIONS } from './connections.ts'
import { isPostgres, POSTGRES_URL_IS } from './store-url.ts'

/** What a database or the system says, and what that is for whoever runs the store. */
interface Problem {
  /** Codes of SQLite, PostgreSQL (SQLSTATE) or the system, or what comes without one. */
  readonly of: RegExp
  readonly code: string
  readonly status: number
  /** Behind the name of the store; as a function, the whole sentence. */
  readonly says: string | ((place: PostgresPlace) => string)
}

const SQLITE: readonly Problem[] = [
  {
    of: /^(SQLITE_FULL|ENOSPC|EDQUOT)/,
    code: 'store-full',
    status: 507,
    says: 'has no room on its disk, and nothing was changed: make room, and do it again.',
  },
  {
    of: /^(SQLITE_READONLY|EROFS|EACCES|EPERM)/,
    code: 'store-read-only',
    status: 500,
    says: 'can only be read: whoever runs this needs the right to write the file, and files beside it in its folder.',
  },
  {
    of: /^(SQLITE_BUSY|SQLITE_LOCKED)/,
    code: 'store-locked',
    status: 503,
    says: `is held by another process for more than ${BUSY_TIMEOUT_MS / 1000} s: see what has it open, a shell of sqlite3 perhaps, and do it again.`,
  },
  {
    of: /^SQLITE_CORRUPT/,
    code: 'store-damaged',
    status: 500,
    says: 'is damaged: put a backup in its place with countersign store restore.',
  },
  {
    of: /^SQLITE_NOTADB/,
    code: 'store-not-sqlite',
    status: 500,
    says: 'is not a database of SQLite. It was left as it is; check --store.',
  },
  {
    of: /^(SQLITE_CANTOPEN|ENOENT|ENOTDIR|EISDIR)/,
    code: 'store-unusable',
    status: 500,
    says: 'can’t be opened: its folder has to be there, and whoever runs this has to be let write into it.',
  },
  {
    of: /^(SQLITE_IOERR|EIO)/,
    code: 'store-unusable',
    status: 500,
    says: 'can’t be read or written: look at its disk, and whether the file is on a network drive.',
  },
]

const POSTGRESQL: readonly Problem[] = [
  {
    of: /^ERR_INVALID_URL/,
    code: 'store-unknown',
    status: 500,
    says: `has a URL that can’t be read: ${POSTGRES_URL_IS}.`,
  },
  {
    of: /^(ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|ENOTFOUND|EAI_AGAIN|08|57P)|timeout exceeded|timeout expired|read timeout|Connection terminated|not queryable/,
    code: 'store-unreachable',
    status: 503,
    says: 'does not answer: see whether PostgreSQL runs there, and whether this machine may reach it.',
  },
  {
    of: /^53300/,
    code: 'store-connections',
    status: 503,
    says: `has no connection left: raise max_connections there, or put a pool such as PgBouncer in front. Each process takes up to ${PROCESS_CONNECTIONS}.`,
  },
  {
    of: /^57014/,
    code: 'store-slow',
    status: 503,
    says: 'took too long, so the statement was given up: look at its load and its locks, and do it again.',
  },
  {
    of: /^28/,
    code: 'store-forbidden',
    status: 500,
    says: 'does not let this user in: check user and password in --store, and pg_hba.conf.',
  },
  {
    of: /^42501/,
    code: 'store-forbidden',
    status: 500,
    says: 'does not let this user do that: it has to own the tables of the store, or be granted them.',
  },
  {
    of: /^3D000/,
    code: 'store-missing',
    status: 500,
    says: place => `PostgreSQL on ${place.host} has no database ${place.database}: make it with ${createdb(place)}, or check --store.`,
  },
  { of: /^25006/, code: 'store-read-only', status: 500, says: 'can only be read, as a standby is: name the primary in --store.' },
  {
    of: /^(53100|53200)/,
    code: 'store-full',
    status: 507,
    says: 'has no room left, and nothing was changed: make room on its machine, and do it again.',
  },
  { of: /^XX00[12]/, code: 'store-damaged', status: 500, says: 'is damaged: restore a backup with pg_restore, as docs/backup.md says.' },
  {
    of: /SSL|^DEPTH_ZERO|^SELF_SIGNED|^UNABLE_TO|^CERT_|^ERR_TLS/,
    code: 'store-tls',
    status: 500,
    says: 'and this machine don’t agree on TLS: look at sslmode and sslrootcert in --store.',
  },
]

/**
 * An error of a database with the name of the store and what to do about it. Others stay as they are: those of a
 * statement, such as a duplicate, are for who made it.
 *
 * @param store its URL or file; what is said has no password
 */
export function storeProblem(error: unknown, kind: 'sqlite' | 'postgres', store: string): unknown {
  if (error instanceof ServerError || !(error instanceof Error)) return error
  const said = [errorCodeOf(error), error.message].filter(text => text !== undefined)
  // Where a disk has no room for what SQLite makes beside its file, it speaks of a fault of the disk.
  if (kind === 'sqlite' && said.some(text => text.startsWith('SQLITE_IOERR')) && hasNoRoom(store)) said.push('SQLITE_FULL')
  const problem = (kind === 'sqlite' ? SQLITE : POSTGRESQL).find(({ of }) => said.some(text => of.test(text)))
  if (problem === undefined) return error
  const { code, status, says } = problem
  const message = typeof says === 'string' ? `The key store ${storeName(store)} ${says}` : says(postgresPlace(store))
  return new ServerError(code, status, message, error)
}

/** What SQLite makes beside its file at the least. */
const LEAST_ROOM = 65_536

/** Where SQLite speaks of a fault of the disk. */
export function hasNoRoom(file: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(dirname(file))
    return bavail * bsize < LEAST_ROOM
  } catch {
    return false
  }
}

const AWAY: ReadonlySet<string> = new Set(['store-unreachable', 'store-locked', 'store-connections', 'store-slow'])

/** Whether the store is away, and may come back by itself. */
export function isStoreAway(error: unknown): boolean {
  const code = errorCodeOf(error)
  return code !== undefined && AWAY.has(code)
}

/** The store as messages name it. */
export function storeName(store: string): string {
  if (!isPostgres(store)) return store
  const { database, host } = postgresPlace(store)
  return database === '' ? 'in PostgreSQL' : `${database} in PostgreSQL on ${host}`
}

interface PostgresPlace {
  readonly database: string
  /** For people, with its port. */
  readonly host: string
  readonly hostname: string
  readonly port: string
}

/** Nothing of a URL that can't be read: what it holds may be the password. */
function postgresPlace(store: string): PostgresPlace {
  if (!URL.canParse(store)) return { database: '', host: 'this machine', hostname: '', port: '' }
  const { host, hostname, port, pathname, username } = new URL(store)
  // PostgreSQL's own default.
  const database = decoded(pathname.slice(1)) || decoded(username)
  return { database, host: host === '' ? 'this machine' : host, hostname: hostname.replaceAll(/[[\]]/g, ''), port }
}

/** The command that makes the database, for a shell. */
function createdb({ database, hostname, port }: PostgresPlace): string {
  const where = [hostname === '' ? '' : ` -h ${hostname}`, port === '' ? '' : ` -p ${port}`].join('')
  return `createdb${where} '${database.replaceAll("'", String.raw`'\''`)}'`
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
