import { closeSync, constants, lstatSync, openSync, readFileSync, rmSync, truncateSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { DEFAULT_STORE } from '../keys/store-options.ts'
import type { Undo } from './undo.ts'

const HEADING = '# countersign: secrets, key stores and master keys'
/** SQLite has two more files beside its own while it is open. */
const LINES = ['*.secret', '*.master-key', DEFAULT_STORE, `${DEFAULT_STORE}-*`, '.sandbox/']
/** Not through a link that was put there meanwhile; Windows has none of it. */
const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0)

export function gitignoreFile(folder: string): string {
  return join(folder, '.gitignore')
}

/**
 * Adds what must not be committed to `.gitignore`, where it is not there. What stood there stays byte for byte, in
 * whatever encoding.
 *
 * @returns the lines that were added
 */
export function ignoreSecrets(folder: string, undo: Undo): readonly string[] {
  const file = gitignoreFile(folder)
  const isThere = lstatSync(file, { throwIfNoEntry: false }) !== undefined
  // A character a byte, since only ASCII is looked for.
  const before = isThere ? readFileSync(file, 'latin1') : ''
  const known = new Set(before.split(/\r?\n/).map(line => line.trim()))
  const missing = LINES.filter(line => !known.has(line))
  if (missing.length === 0) return []
  const gap = before === '' ? '' : before.endsWith('\n') ? '\n' : '\n\n'
  const descriptor = openSync(file, APPEND, 0o666)
  undo.add(() => (isThere ? truncateSync(file, before.length) : rmSync(file)))
  try {
    writeSync(descriptor, `${gap}${[...(known.has(HEADING) ? [] : [HEADING]), ...missing].join('\n')}\n`)
  } finally {
    closeSync(descriptor)
  }
  return missing
}
