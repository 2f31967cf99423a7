import { writeFileSync } from 'node:fs'
import { UsageError } from './exit.ts'

/** A new file that only its owner can read; one that is there is left alone. */
export function writeNewSecretFile(path: string, secret: string): void {
  try {
    writeFileSync(path, `${secret}\n`, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    throw new UsageError(
      'file-unwritable',
      `The secret can't be written to ${path}: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}
