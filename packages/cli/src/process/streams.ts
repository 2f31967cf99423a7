import { buffer } from 'node:stream/consumers'
import { UsageError } from './exit.ts'

/** Standard input whole, as bytes. It can be read once. */
export async function readStandardInput(): Promise<Uint8Array> {
  return await buffer(process.stdin)
}

/** @throws UsageError `stdin-twice`, when more than one thing is to be read from standard input */
export function checkStandardInput(...isRead: readonly boolean[]): void {
  if (isRead.filter(Boolean).length > 1)
    throw new UsageError('stdin-twice', 'Only one thing can come from standard input: put the other in a file.')
}

/** For data: what a program behind a pipe wants. */
export function out(text: string | Uint8Array): void {
  process.stdout.write(text)
}

/** As {@link out}, and waits until the system has taken it. @throws what the system says */
export function outWritten(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, error => (error === undefined || error === null ? resolve() : reject(error)))
  })
}

/** As {@link out}, and waits for a reader that is slower: for output of any length. */
export async function outInTurn(text: string): Promise<void> {
  if (!process.stdout.write(text)) await new Promise(resolve => process.stdout.once('drain', resolve))
}

/** For people. */
export function tell(line: string): void {
  process.stderr.write(`${line}\n`)
}
