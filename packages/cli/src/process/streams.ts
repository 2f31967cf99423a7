import { readFileSync } from 'node:fs'
import { UsageError } from './exit.ts'

/** Standard input whole, as bytes. It can be read once. */
export async function readStandardInput(): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  for await (const piece of process.stdin) pieces.push(piece as Uint8Array)
  return Buffer.concat(pieces)
}

/** @throws UsageError `file-unreadable` */
export function readTextFile(path: string, what: string): string {
  return new TextDecoder().decode(readBytesFile(path, what))
}

/** @throws UsageError `file-unreadable` */
export function readBytesFile(path: string, what: string): Uint8Array {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new UsageError('file-unreadable', `The ${what} ${path} can't be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** For data: what a program behind a pipe wants. */
export function out(text: string | Uint8Array): void {
  process.stdout.write(text)
}

/** For people. */
export function tell(line: string): void {
  process.stderr.write(`${line}\n`)
}
