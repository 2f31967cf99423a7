import { CountersignError } from './error.ts'

/** Turns a JSON value into the text that is signed and sent. */
export type JsonSerializer = (value: unknown) => string

/** `JSON.stringify`: no white space between items, Unicode as it is. */
export const compactJson: JsonSerializer = value => {
  const text: string | undefined = JSON.stringify(value)
  if (text === undefined) throw new CountersignError('body-not-signable', 'The body has no JSON form (a function, a symbol or undefined).')
  return text
}

/**
 * Python's `json.dumps(value)` with its defaults: `", "` and `": "` between items, everything outside ASCII escaped,
 * exponents with two digits. A JavaScript number without a fraction is written as a Python `int`; a `bigint` too.
 */
export const pythonJson: JsonSerializer = value => {
  const text = dumps(value, '')
  if (text === undefined) throw new CountersignError('body-not-signable', 'The body has no JSON form (a function, a symbol or undefined).')
  return text
}

function dumps(value: unknown, key: string): string | undefined {
  if (typeof value === 'object' && value !== null && 'toJSON' in value && typeof value.toJSON === 'function')
    return dumps(value.toJSON(key), key)
  switch (typeof value) {
    case 'string':
      return escaped(value)
    case 'number':
      return pythonNumber(value)
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
  for (const [name, member] of Object.entries(value)) {
    const text = dumps(member, name)
    if (text !== undefined) members.push(`${escaped(name)}: ${text}`)
  }
  return `{${members.join(', ')}}`
}

function escaped(text: string): string {
  // JSON.stringify leaves DEL and everything above ASCII as it is; Python escapes them.
  return JSON.stringify(text).replace(/[\u007f-\uffff]/g, char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function pythonNumber(value: number): string {
  if (!Number.isFinite(value)) throw new CountersignError('body-not-signable', `${value} has no JSON form.`)
  if (Number.isInteger(value) && Math.abs(value) < 1e21) return String(value)
  const size = Math.abs(value)
  const text = size < 1e-4 ? value.toExponential() : String(value)
  return text.replace(/e([+-])(\d)$/, 'e$10$2')
}
