import { mkdirSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { errorCodeOf } from '../errors.ts'

/**
 * Makes a folder with those above it, for its owner alone. One by one: with `recursive`, Node goes on for ever where
 * the system makes no folder and says that it is not there, as in `/proc`.
 */
export function makeFolders(path: string): void {
  const missing: string[] = []
  for (let folder = resolve(path); !isThere(folder) && folder !== dirname(folder); folder = dirname(folder)) missing.unshift(folder)
  for (const folder of missing) {
    try {
      mkdirSync(folder, { mode: 0o700 })
    } catch (error) {
      // Another process may have been first.
      if (errorCodeOf(error) !== 'EEXIST') throw error
    }
  }
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined
}
