import { readBytesFile, readTextFile } from '../process/files.ts'
import { readStandardInput } from '../process/streams.ts'

/** The file that a curl line names behind an @. */
export function readBodyFile(path: string): Uint8Array {
  return readBytesFile(path, 'body file')
}

/** Text, the text of `@file`, or with `-` that of standard input. */
export async function readPastedText(source: string): Promise<string> {
  if (source === '-') return new TextDecoder().decode(await readStandardInput())
  return source.startsWith('@') ? readTextFile(source.slice(1), 'curl line') : source
}
