import { CountersignError } from '../contract/error.ts'

/** Turns a JSON value into the text that is signed and sent. */
export type JsonSerializer = (value: unknown) => string

/**
 * `JSON.stringify`: no white space between items, Unicode as it is.
 *
 * @throws CountersignError `body-not-signable`
 */
export const compactJson: JsonSerializer = value => serialised(() => JSON.stringify(value))

/**
 * Python's `json.dumps(value)` with its defaults: `", "` and `": "` between items, everything outside ASCII escaped,
 * exponents with two digits, `NaN` and `Infinity` as they are.
 *
 * What JavaScript can't know: whether `1` is Python's `1` or `1.0`. It is written as the `int` that Python reads from
 * `JSON.stringify(value)` (but −0 is `-0.0`, which only a `float` can be); for the other, give `pythonFloat(1)`, and
 * for an `int` above 2^53 a `bigint`. An object puts keys that are whole numbers first; give a `Map` to keep them in
 * order.
 *
 * @throws CountersignError `body-not-signable`
 */
export const pythonJson: JsonSerializer = value => serialised(() => dumps(value, ''))

/** A number that Python has as a `float`: `pythonFloat(1)` is written as `1.0` by {@link pythonJson}. */
export function pythonFloat(value: number): PythonFloat {
  return new PythonFloat(value)
}

class PythonFloat {
  readonly value: number

  constructor(value: number) {
    this.value = value
  }

  /** For other serialisers. */
  toJSON(): number {
    return this.value
  }
}

export type { PythonFloat }

function serialised(write: () => string | undefined): string {
  try {
    const text = write()
    if (text !== undefined) return text
  } catch (cause) {
    throw new CountersignError(
      'body-not-signable',
      `The body has no JSON form: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    )
  }
  throw new CountersignError('body-not-signable', 'The body has no JSON form.')
}

function dumps(value: unknown, key: string): string | undefined {
  if (value instanceof PythonFloat) return pythonNumber(value.value, true)
  if (typeof value === 'object' && value !== null && 'toJSON' in value && typeof value.toJSON === 'function')
    return dumps(value.toJSON(key), key)
  switch (typeof value) {
    case 'string':
      return escaped(value)
    case 'number':
      return pythonNumber(value, false)
    case 'bigint':
    case 'boolean':
      return String(value)
    case 'object':
      break
    default:
      return undefined
  }
  if (value === null) return 'null'
  if (Array.isArray(value)) return `[${value.map((item, index) => dumps(item, String(index)) ?? 'null').join(', ')}]`
  const members: string[] = []
  for (const [name, member] of value instanceof Map ? value : Object.entries(value)) {
    const text = dumps(member, String(name))
    if (text !== undefined) members.push(`${escaped(String(name))}: ${text}`)
  }
  return `{${members.join(', ')}}`
}

function escaped(text: string): string {
  // JSON.stringify leaves DEL and everything above ASCII as it is; Python escapes them.
  return JSON.stringify(text).replace(/[\u007f-\uffff]/g, char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/**
 * Python's `repr` of a float: the shortest digits that read as the same number, an exponent below 1e-4 and from 1e16.
 */
function pythonNumber(value: number, isFloat: boolean): string {
  if (Object.is(value, -0)) return '-0.0'
  if (!Number.isFinite(value)) return String(value)
  const size = Math.abs(value)
  if (Number.isInteger(value) && size < 1e21 && !isFloat) return String(value)
  const text = size !== 0 && (size < 1e-4 || size >= 1e16) ? value.toExponential() : String(value)
  return isFloat && Number.isInteger(value) && size < 1e16 ? `${text}.0` : text.replace(/e([+-])(\d)$/, 'e$10$2')
}
