import { readFileSync, writeFileSync } from 'node:fs'
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

/** A new file that only its owner can read; one that is there is left alone. */
export function writeNewSecretFile(path: string, secret: string): void {
  try {
    writeFileSync(path, `${secret}\n`, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    throw new UsageError('file-unwritable', `The secret can't be written to ${path}: ${whyNot(error)}`)
  }
}
