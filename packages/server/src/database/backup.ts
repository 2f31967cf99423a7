import { chmodSync, closeSync, copyFileSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import Connection from 'libsql'
import { errorCodeOf, ServerError } from '../errors.ts'
import { BUSY_TIMEOUT_MS } from './connections.ts'
import { lookAtFile } from './look-at-file.ts'
import { makeFolders } from './make-folders.ts'
import { hasNoRoom, storeProblem } from './store-problem.ts'
import { isPostgres } from './store-url.ts'

/**
 * Copies a key store on SQLite into a new file that only its owner can read: all that was acknowledged before, whole,
 * while others work on it. A copy of the file alone would lack what is in the file beside it.
 *
 * @throws ServerError `backup-postgres`, `backup-exists`, `file-unwritable`, and those of {@link lookAtFile}
 */
export async function backUpStore(store: string, file: string): Promise<void> {
  refusePostgres(store)
  refuseExisting(file)
  await lookAtFile(store, true)
  await written(file, store, temporary => {
    const connection = new Connection(store)
    try {
      connection.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`)
      connection.prepare('vacuum into ?').run(temporary)
    } finally {
      connection.close()
    }
  })
}

/**
 * Makes a key store of a backup. Its master key has to be put back by itself.
 *
 * @throws ServerError `backup-postgres`, `backup-exists`, `file-unwritable`, `store-damaged`, and those of
 * {@link lookAtFile}
 */
export async function restoreStore(file: string, store: string): Promise<void> {
  refusePostgres(store)
  // What a store that was there had written beside its file would be read as this one's.
  for (const path of [store, `${store}-wal`, `${store}-shm`]) refuseExisting(path)
  await lookAtFile(file, true)
  await written(store, file, temporary => {
    copyFileSync(file, temporary)
    checkPages(temporary)
  })
}

/** @throws ServerError `store-damaged` where pages of the file can't be read, or don't fit together */
export function checkPages(file: string): void {
  const connection = new Connection(file)
  try {
    const [first] = connection.pragma('integrity_check') as readonly { readonly integrity_check: string }[]
    if (first?.integrity_check === 'ok') return
    throw new ServerError(
      'store-damaged',
      500,
      `The file ${file} is damaged (${first?.integrity_check}): put a backup in its place with countersign store restore.`,
    )
  } finally {
    connection.close()
  }
}

/** Under another name until it is whole and on the disk. */
async function written(file: string, source: string, write: (temporary: string) => void): Promise<void> {
  const temporary = `${file}.${process.pid}.new`
  try {
    makeFolders(dirname(file))
    rmSync(temporary, { force: true })
    // Made first, so that nobody else can read it while it is written.
    closeSync(openSync(temporary, 'wx', 0o600))
    write(temporary)
    chmodSync(temporary, 0o600)
    const opened = openSync(temporary, 'r')
    fsyncSync(opened)
    closeSync(opened)
    renameSync(temporary, file)
  } catch (error) {
    drop(temporary)
    throw unwritable(file, error) ?? storeProblem(error, 'sqlite', source)
  }
}

/** Where its folder can't be looked into, nothing was written. */
function drop(temporary: string): void {
  try {
    rmSync(temporary, { force: true })
  } catch {
    // What kept it from being written is told.
  }
}

const FULL = [507, 'there is no room left on its disk'] as const
const UNWRITABLE = [
  [/^(EROFS|EACCES|EPERM)/, [403, 'whoever runs this may not write there']],
  [/^ENOTDIR/, [400, 'a part of the path is a file, and not a folder']],
] as const

function unwritable(file: string, error: unknown): ServerError | undefined {
  const code = errorCodeOf(error) ?? ''
  const isFull = /^(SQLITE_FULL|ENOSPC|EDQUOT|EFBIG)/.test(code) || (code.startsWith('SQLITE_IOERR') && hasNoRoom(file))
  const [status, why] = isFull ? FULL : (UNWRITABLE.find(([of]) => of.test(code))?.[1] ?? [])
  if (status === undefined) return undefined
  return new ServerError('file-unwritable', status, `${file} can't be written: ${why}. Nothing of it was left; give another path.`, error)
}

function refusePostgres(store: string): void {
  if (isPostgres(store))
    throw new ServerError('backup-postgres', 400, 'PostgreSQL has its own backups, pg_dump and pg_restore: docs/backup.md says how.')
}

function refuseExisting(path: string): void {
  if (existsSync(path))
    throw new ServerError('backup-exists', 400, `There is something at ${path} already: give another path, or move it away.`)
}
