import { accessSync, constants, mkdirSync, rmdirSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { UsageError } from './exit.ts'
import { whyNot } from './reasons.ts'

/**
 * Looks whether a folder can be written into, or made, without making it.
 *
 * @throws UsageError `folder-unusable`
 */
export function checkFolder(path: string): void {
  const [nearest] = split(path)
  try {
    // As a folder: a file fails with its slash.
    accessSync(`${nearest}/.`, constants.W_OK | constants.X_OK)
  } catch (error) {
    throw unusable(path, error)
  }
}

/**
 * Makes a folder with those above it. One by one: with `recursive`, Node goes on for ever where the system makes no
 * folder and says that it is not there, as in `/proc`.
 *
 * @returns those that were made, the outermost first
 * @throws UsageError `folder-unusable`
 */
export function makeFolders(path: string, mode?: number): readonly string[] {
  checkFolder(path)
  const made: string[] = []
  try {
    for (const folder of split(path)[1]) if (makeFolder(folder, mode)) made.push(folder)
  } catch (error) {
    for (const folder of made.reverse()) rmdirSync(folder)
    throw unusable(path, error)
  }
  return made
}

/** @returns false where another process was first */
function makeFolder(path: string, mode: number | undefined): boolean {
  try {
    mkdirSync(path, { mode })
    return true
  } catch (error) {
    if (isThere(path)) return false
    throw error
  }
}

/** The nearest of the folder and those above it that is there, and those that are not, the outermost first. */
function split(path: string): readonly [nearest: string, missing: readonly string[]] {
  const missing: string[] = []
  let nearest = resolve(path)
  while (!isThere(nearest) && nearest !== dirname(nearest)) {
    missing.unshift(nearest)
    nearest = dirname(nearest)
  }
  return [nearest, missing]
}

/** Below a file nothing is, so that the file is found. */
function isThere(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined
  } catch {
    return false
  }
}

function unusable(path: string, error: unknown): UsageError {
  return new UsageError('folder-unusable', `The folder ${path} can't be written to: ${whyNot(error)}`)
}
