import { UsageError } from '../process/exit.ts'
import { readBytesFile, readStandardInput, readTextFile } from '../process/streams.ts'

/** The file that a curl line names behind an @. */
export function readBodyFile(path: string): Uint8Array {
  return readBytesFile(path, 'body file')
}

/** Text, the text of `@file`, or with `-` that of standard input. */
export async function readPastedText(source: string): Promise<string> {
  if (source === '-') return new TextDecoder().decode(await readStandardInput())
  return source.startsWith('@') ? readTextFile(source.slice(1), 'curl line') : source
}

/** @throws UsageError `number-malformed` */
export function readCount(value: string | undefined, option: string): number | undefined {
  if (value === undefined) return undefined
  if (!/^[1-9]\d{0,8}$/.test(value))
    throw new UsageError('number-malformed', `${option} wants a number from 1, not ${JSON.stringify(value)}.`)
  return Number(value)
}
