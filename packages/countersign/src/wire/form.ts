import { utf8 } from './encoding.ts'

/**
 * Form-encoded bodies, `name=value` joined by `&`, read byte by byte: whoever sends one has proven nothing yet, so it
 * costs no memory and no more time than its length.
 */
export type FormBody = string | Uint8Array | undefined

const [AMPERSAND, EQUALS, PERCENT, QUESTION_MARK] = [0x26, 0x3d, 0x25, 0x3f]
/** No value that is read from a form is longer, in bytes. */
const MAX_VALUE_LENGTH = 4096

/** Bytes that say that a body is something else, such as JSON. */
const IS_FOREIGN = /* @__PURE__ */ Array.from({ length: 256 }, (_, code) => /[\t-\r "<>\\^`{|}]/.test(String.fromCharCode(code)))

export function isForm(body: FormBody): boolean {
  const bytes = bytesOf(body)
  let start = 0
  let hasEquals = false
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index] ?? 0
    if (IS_FOREIGN[byte] === true) return false
    if (byte === EQUALS && !hasEquals) {
      if (index === start) return false
      hasEquals = true
    } else if (byte === AMPERSAND) {
      if (!hasEquals) return false
      start = index + 1
      hasEquals = false
    }
  }
  return hasEquals || start === bytes.length
}

/**
 * The value of a parameter of a form: `undefined` when it is not there, the empty text when it comes twice, empty, or
 * too long.
 */
export function readForm(body: FormBody, name: string): string | undefined {
  const bytes = bytesOf(body)
  let value: string | undefined
  for (let start = 0; start < bytes.length; ) {
    const next = bytes.indexOf(AMPERSAND, start)
    const end = next < 0 ? bytes.length : next
    if (beginsWith(bytes, start, name) && bytes[start + name.length] === EQUALS) {
      const from = start + name.length + 1
      if (value !== undefined || end - from > MAX_VALUE_LENGTH) return ''
      value = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(from, end))
    }
    start = end + 1
  }
  return value
}

/**
 * Whether a parser of forms would find a parameter of this name, however it is escaped.
 *
 * @param name of letters, digits and the characters . _ ~ -
 */
export function holdsParameter(body: FormBody, name: string): boolean {
  const bytes = bytesOf(body)
  let start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
  // Some parsers take a whole query.
  if (bytes[start] === QUESTION_MARK) start++
  for (; start < bytes.length; start++) {
    if (isNamed(bytes, start, name)) return true
    const next = bytes.indexOf(AMPERSAND, start)
    if (next < 0) return false
    start = next
  }
  return false
}

export function addToForm(text: string, name: string, value: string): string {
  return `${name}=${value}${text === '' ? '' : `&${text}`}`
}

function bytesOf(body: FormBody): Uint8Array {
  return typeof body === 'string' ? utf8(body) : (body ?? NO_BYTES)
}

const NO_BYTES = /* @__PURE__ */ new Uint8Array()

function beginsWith(bytes: Uint8Array, start: number, name: string): boolean {
  for (let index = 0; index < name.length; index++) if (bytes[start + index] !== name.charCodeAt(index)) return false
  return true
}

function isNamed(bytes: Uint8Array, start: number, name: string): boolean {
  let at = start
  for (let index = 0; index < name.length; index++) {
    const code = name.charCodeAt(index)
    if (bytes[at] === code) at++
    else if (bytes[at] === PERCENT && Number.parseInt(String.fromCharCode(bytes[at + 1] ?? 0, bytes[at + 2] ?? 0), 16) === code) at += 3
    else return false
  }
  return at >= bytes.length || bytes[at] === EQUALS || bytes[at] === AMPERSAND
}
