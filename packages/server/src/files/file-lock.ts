import { rmSync, statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { ServerError } from '../errors.ts'
import { dropLeftovers, realPath } from './new-file.ts'

const AGAIN_MS = 20
/** So often in a row at most, it is tried again at once. */
const MOST_MOVES = 100

/**
 * Changes a file by what is in it while no other process on this machine does. Whose turn it is says the lock of an
 * empty SQLite file beside it: the system lets it go with its process, however that ends. What such a process had
 * begun to write is removed.
 *
 * @param waitMs how long to wait for one's turn. Default: not at all
 * @throws ServerError `file-busy`, `file-unwritable`
 */
export async function withFileLock<T>(path: string, work: () => Promise<T>, waitMs = 0): Promise<T> {
  const { default: Connection } = await import('libsql')
  const lock = `${realPath(path)}.lock`
  const end = performance.now() + waitMs

  /** @returns lets it go; `busy`: it is another's turn; `moved`: it wasn't the file that is there now */
  function tryLock(): (() => void) | 'busy' | 'moved' {
    const before = inodeOf(lock)
    const connection = new Connection(lock)
    // Whoever had it removed it, perhaps, and others lock a new one. One that is open keeps its number.
    const isThere = () => before !== undefined && inodeOf(lock) === before
    try {
      connection.exec('begin exclusive')
    } catch (error) {
      connection.close()
      if (codeOf(error).startsWith('SQLITE_BUSY')) return 'busy'
      // SQLite fails in its own way where the file is removed under it.
      if (!isThere()) return 'moved'
      throw error
    }
    if (isThere())
      return () => {
        rmSync(lock, { force: true })
        connection.close()
      }
    connection.close()
    return 'moved'
  }

  let unlock: (() => void) | undefined
  for (let moves = 0; unlock === undefined; ) {
    let tried: ReturnType<typeof tryLock>
    try {
      tried = tryLock()
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      throw new ServerError('file-unwritable', 500, `${path} can't be changed, since ${lock} can't be made beside it (${why}).`)
    }
    if (typeof tried === 'function') unlock = tried
    else if (tried === 'busy' || moves++ > MOST_MOVES) {
      if (performance.now() >= end) throw new ServerError('file-busy', 409, `Another command changes ${path}: wait until it is done.`)
      await sleep(AGAIN_MS)
    }
  }
  try {
    dropLeftovers(path)
    return await work()
  } finally {
    unlock()
  }
}

function inodeOf(path: string): bigint | undefined {
  return statSync(path, { bigint: true, throwIfNoEntry: false })?.ino
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
