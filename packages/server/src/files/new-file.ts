import { randomBytes } from 'node:crypto'
import {
  closeSync,
  constants,
  copyFileSync,
  fsyncSync,
  linkSync,
  openSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** Written to the disk under a name beside its own, and not yet under its own. */
export interface WrittenFile {
  /** Where it is until it has its name. */
  readonly temporary: string
  /** Gives it its name; fails with `EEXIST` where there is something of that name already. */
  name(): void
  /** Gives it its name, in the place of what has it; where that fails, nothing of it is left. */
  replace(): void
  /** Leaves nothing of it. */
  drop(): void
}

/** The end of a temporary name. */
const LEFTOVER = /^\.[0-9a-f]{12}\.new$/

/** Systems of files without links say one of these. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'])

/**
 * Writes a file that only its owner can read, down to the disk: a full disk shows here, before anything depends on it.
 * Another process sees it whole under its name, or not at all.
 */
export function writeBeside(given: string, text: string): WrittenFile {
  // A link stays one, and leads to what was written.
  const path = realPath(given)
  const temporary = `${path}.${randomBytes(6).toString('hex')}.new`
  const drop = (): void => rmSync(temporary, { force: true })
  try {
    const file = openSync(temporary, 'wx', 0o600)
    try {
      writeFileSync(file, text)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
  } catch (error) {
    drop()
    throw error
  }
  return {
    temporary,
    name() {
      try {
        linkSync(temporary, path)
      } catch (error) {
        if (!NO_LINKS.has(codeOf(error))) throw error
        copyFileSync(temporary, path, constants.COPYFILE_EXCL)
        syncPath(path)
      }
      drop()
      syncPath(dirname(path))
    },
    replace() {
      try {
        renameSync(temporary, path)
      } catch (error) {
        drop()
        throw error
      }
      syncPath(dirname(path))
    },
    drop,
  }
}

/** A new file that only its owner can read, on the disk under its name or not at all. @throws `EEXIST`, `ENOSPC`, … */
export function writeNewFile(path: string, text: string): void {
  const written = writeBeside(path, text)
  try {
    written.name()
  } catch (error) {
    written.drop()
    throw error
  }
}

/**
 * Removes what a process left that was killed while it wrote a file: it may have secrets in it. For a file that is
 * written by one process at a time.
 */
export function dropLeftovers(given: string): void {
  const path = realPath(given)
  const [folder, name] = [dirname(path), basename(path)]
  for (const other of readdirSync(folder))
    if (other.startsWith(`${name}.`) && LEFTOVER.test(other.slice(name.length))) rmSync(join(folder, other), { force: true })
}

/** Where a link leads to; a file that isn't there is where its path says. */
export function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

/** Also for a folder: only then is a new name in it there after a loss of power. */
function syncPath(path: string): void {
  // Windows opens no folders, and writes their names by itself.
  if (process.platform === 'win32') return
  const file = openSync(path, 'r')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
