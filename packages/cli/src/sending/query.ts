import { parse, stringify } from 'lossless-json'
import { UsageError } from '../process/exit.ts'

/**
 * The part of a JSON text that a JSON pointer names: a string as its characters, anything else as JSON, with all digits
 * of numbers.
 *
 * @throws UsageError `query-malformed`, `query-without-json`, `query-not-found`, `query-too-deep`
 * @see https://www.rfc-editor.org/rfc/rfc6901
 */
export function queryJson(text: string, pointer: string): string {
  checkPointer(pointer)
  let value: unknown
  try {
    // Of a name that comes twice the last counts, as everywhere.
    value = parse(text, undefined, { onDuplicateKey: ({ newValue }) => newValue })
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError('query-too-deep', 'The answer is nested too deep to be queried.')
    throw new UsageError('query-without-json', 'The answer is no JSON, so there is nothing to query: leave --query out to see it.')
  }
  for (const name of pointer.split('/').slice(1).map(unescaped)) {
    if (!isContainer(value) || !Object.hasOwn(value, name) || (Array.isArray(value) && !/^(0|[1-9]\d*)$/.test(name)))
      throw new UsageError('query-not-found', `The answer has nothing at ${pointer}: ${JSON.stringify(name)} is not there.`)
    value = value[name]
  }
  return typeof value === 'string' ? value : (stringify(value) ?? '')
}

/** @throws UsageError `query-malformed` */
export function checkPointer(pointer: string): void {
  if (pointer !== '' && !pointer.startsWith('/'))
    throw new UsageError('query-malformed', `--query takes a JSON pointer, such as /keys/0/id; got ${JSON.stringify(pointer)}.`)
}

function unescaped(name: string): string {
  return name.replaceAll('~1', '/').replaceAll('~0', '~')
}

/** An object or a list; numbers are objects of the library's, and hold nothing. */
function isContainer(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && (Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype)
}
