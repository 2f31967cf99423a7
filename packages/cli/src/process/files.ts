import { readFileSync, rmSync } from 'node:fs'
import { writeBeside, writeNewFile } from '@countersign/server/files'
import { UsageError } from './exit.ts'
import { whyNot } from './reasons.ts'

/** @throws UsageError `file-unreadable` */
export function readTextFile(path: string, what: string): string {
  return new TextDecoder().decode(readBytesFile(path, what))
}

/** @throws UsageError `file-unreadable` */
export function readBytesFile(path: string, what: string): Uint8Array {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new UsageError('file-unreadable', `The ${what} ${path} can't be read: ${whyNot(error)}`)
  }
}

/**
 * A new file that only its owner can read, down to the disk; one that is there is left alone.
 *
 * @returns what takes it away again
 */
export function writeNewSecretFile(path: string, secret: string): () => void {
  try {
    writeNewFile(path, `${secret}\n`)
  } catch (error) {
    throw new UsageError('file-unwritable', `The secret can't be written to ${path}: ${whyNot(error)}`)
  }
  return () => rmSync(path, { force: true })
}

/**
 * Puts a secret in the place of the one in a file: whole on the disk, or the old one stays.
 *
 * @throws UsageError `file-unwritable`
 */
export function replaceSecretFile(path: string, secret: string): void {
  try {
    writeBeside(path, `${secret}\n`).replace()
  } catch (error) {
    throw new UsageError('file-unwritable', `The secret can't be written to ${path}: ${whyNot(error)}`)
  }
}
