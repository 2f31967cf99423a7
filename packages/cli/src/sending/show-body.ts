import { closeSync, openSync, writeFileSync } from 'node:fs'
import { UsageError } from '../process/exit.ts'
import { whyNot } from '../process/reasons.ts'
import { out, tell } from '../process/streams.ts'
import { showsColors } from '../text/paint.ts'
import { printableLines, printableText } from '../text/printable.ts'
import { prettyJson } from './json-text.ts'
import { checkPointer, queryJson } from './query.ts'

/** Above this, JSON is shown as it came, in bytes. */
const MOST_PRETTY_BYTES = 5_000_000

export interface BodyOptions {
  /** A file; `-` is standard output. */
  readonly output?: string | undefined
  /** A JSON pointer. */
  readonly query?: string | undefined
}

/**
 * Looks before a call is made whether its answer can be shown.
 *
 * @throws UsageError `query-malformed`, `file-unwritable`
 */
export function checkBodyOptions({ output, query }: BodyOptions): void {
  if (query !== undefined) checkPointer(query)
  if (output === undefined || output === '-') return
  try {
    closeSync(openSync(output, 'a'))
  } catch (error) {
    throw unwritable(output, error)
  }
}

/**
 * Writes the body of an answer: byte for byte, but on a terminal JSON is laid out to be read, and nothing is obeyed of
 * what a server sends.
 *
 * @throws UsageError `query-without-json`, `query-not-found`, `query-too-deep`, `file-unwritable`
 */
export function showBody(body: Uint8Array, { output, query }: BodyOptions): void {
  const chosen = query === undefined ? body : new TextEncoder().encode(`${queryJson(new TextDecoder().decode(body), query)}\n`)
  if (output !== undefined && output !== '-') writeTo(output, chosen)
  else if (process.stdout.isTTY) showOnTerminal(chosen)
  else out(chosen)
}

function showOnTerminal(body: Uint8Array): void {
  const text = new TextDecoder().decode(body)
  const pretty = body.length > MOST_PRETTY_BYTES ? undefined : prettyJson(text, showsColors())
  out(pretty === undefined ? printableText(text) : printableLines(pretty))
  if (body.length > 0 && (pretty !== undefined || body.at(-1) !== 10)) out('\n')
}

function writeTo(path: string, body: Uint8Array): void {
  try {
    writeFileSync(path, body)
  } catch (error) {
    throw unwritable(path, error)
  }
  tell(`${body.length} bytes written to ${path}`)
}

function unwritable(path: string, error: unknown): UsageError {
  return new UsageError('file-unwritable', `The answer can't be written to ${path}: ${whyNot(error)}`)
}
