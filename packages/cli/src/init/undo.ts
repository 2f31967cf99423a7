import { lstatSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { makeFolders } from '../process/folders.ts'

/** What has been made so far, to be taken away again when a later step fails. */
export interface Undo {
  /** Called in the reverse order of the steps. */
  add(step: () => void | Promise<void>): void
  /** Called when all is made. */
  keep(step: () => void): void
}

/**
 * Does all of it or nothing: when it fails, what it has made is taken away again, as far as the system lets it be.
 *
 * @throws what `work` throws
 */
export async function allOrNothing<T>(work: (undo: Undo) => Promise<T>): Promise<T> {
  const undone: (() => void | Promise<void>)[] = []
  const kept: (() => void)[] = []
  try {
    const result = await work({ add: step => undone.unshift(step), keep: step => kept.push(step) })
    for (const step of kept) step()
    return result
  } catch (error) {
    for (const step of undone) {
      try {
        await step()
      } catch {
        // The first error is what has to be mended.
      }
    }
    throw error
  }
}

/** Makes a folder with those above it. @throws UsageError `folder-unusable` */
export function makeFolderUndoably(path: string, undo: Undo): void {
  for (const folder of makeFolders(path)) undo.add(() => rmdirSync(folder))
}

/** Writes a file anew, never through a link. One that is there is put aside until all is made. */
export function writeUndoably(path: string, text: string, undo: Undo): void {
  if (isThere(path)) {
    const aside = `${path}.${process.pid}.old`
    renameSync(path, aside)
    undo.add(() => renameSync(aside, path))
    undo.keep(() => rmSync(aside))
  }
  writeFileSync(path, text, { flag: 'wx' })
  undo.add(() => rmSync(path))
}

/** A link that leads nowhere counts as well. */
export function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined
}
