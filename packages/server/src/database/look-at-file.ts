import { existsSync, type Stats, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import Connection from 'libsql'
import { errorCodeOf, ServerError } from '../errors.ts'
import { BUSY_TIMEOUT_MS } from './connections.ts'
import { foreign, isStoreBySteps, STEPS_TABLE } from './steps.ts'

/**
 * Looks at a file of SQLite before anything is made or changed: whether it is there, where it has to be, and whether it
 * is a key store.
 *
 * @throws ServerError `store-missing`, `store-unusable`, `store-unreadable`, `store-not-sqlite`, `store-newer`,
 * `store-foreign`, `store-damaged`; what the driver throws where it can't be loaded
 */
export async function lookAtFile(file: string, mustExist: boolean): Promise<void> {
  // Where the driver is left out, that is said first.
  new Connection(':memory:').close()
  const stats = file === ':memory:' ? undefined : statsOf(file)
  if (stats?.isDirectory() === true) throw new ServerError('store-unusable', 500, `The key store ${file} is a folder: name a file in it.`)
  if (stats?.isFile() === false) throw new ServerError('store-unusable', 500, `The key store ${file} is not a regular file.`)
  const isEmpty = stats === undefined || stats.size === 0 || !(await isOurs(file))
  if (isEmpty && mustExist)
    throw new ServerError(
      'store-missing',
      500,
      `There is no key store ${stats === undefined ? 'at' : stats.size === 0 ? 'in the empty file' : 'in'} ${file}: check --store, or make one with countersign keys create or countersign init.`,
    )
}

function statsOf(file: string): Stats | undefined {
  try {
    return statSync(file)
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

interface Found {
  readonly tables: readonly string[]
  readonly steps: readonly string[]
}

/** @returns false for a database without tables */
async function isOurs(file: string): Promise<boolean> {
  // So no lock is taken and no file is made beside it; the driver lets go of a file only when the process ends.
  const alone = find(file, 'immutable=1')
  // What a process that is at work, or was killed, has written may be in the file beside it.
  const found = (alone?.steps.length ?? 0) > 0 || !existsSync(`${file}-wal`) ? alone : find(file, 'mode=ro')
  if (found === undefined)
    throw new ServerError(
      'store-damaged',
      500,
      `The file ${file} is damaged: move it away, with its -wal and -shm files, and put a backup in its place with countersign store restore.`,
    )
  if (found.tables.length === 0) return false
  if (!found.tables.includes(STEPS_TABLE)) throw foreign(`The file ${file}`)
  return isStoreBySteps(found.steps, `The file ${file}`)
}

/** @returns undefined where it is damaged */
function find(file: string, how: string): Found | undefined {
  let connection: Connection.Database | undefined
  try {
    connection = new Connection(`${pathToFileURL(resolve(file)).href}?${how}`)
    connection.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`)
    const tables = namesOf(connection, "select name from sqlite_master where type = 'table'")
    return { tables, steps: tables.includes(STEPS_TABLE) ? namesOf(connection, `select name from ${STEPS_TABLE}`) : [] }
  } catch (error) {
    const code = errorCodeOf(error)
    if (code === 'SQLITE_NOTADB')
      throw new ServerError('store-not-sqlite', 500, `The file ${file} is not a database of SQLite. It was left as it is; check --store.`)
    if (code?.startsWith('SQLITE_CORRUPT') === true) return undefined
    // The driver has no code where it can't open a file: 14 is SQLITE_CANTOPEN.
    if (error instanceof Error && /: 14\b/.test(error.message)) throw unreadable(file, error)
    throw error
  } finally {
    connection?.close()
  }
}

function unreadable(file: string, cause: unknown): ServerError {
  return new ServerError(
    'store-unreadable',
    500,
    `The file ${file} can't be read: whoever runs this needs the right to read it, and to write into its folder.`,
    cause,
  )
}

function namesOf(connection: Connection.Database, sql: string): readonly string[] {
  return connection
    .prepare(sql)
    .all()
    .map(row => String((row as { readonly name: unknown }).name))
}
