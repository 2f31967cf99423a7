import type { Loss } from '../contract/loss.ts'
import type { Call } from '../recipe/call.ts'
import { formEncode, parametersOf } from '../recipe/query-parameters.ts'
import { decodeAnySpelling } from '../wire/percent.ts'
import { pathOf, queryOf } from '../wire/url.ts'
import type { Spelling } from './held.ts'

/**
 * Whether a part of a call has its one spelling, so that no other call has the same message up to this loss.
 *
 * @returns `undefined` where there is nothing to look at: the loss is always accepted, or guarded elsewhere
 */
export function compileSpelling(part: string, loss: Loss, spelling: Spelling): ((call: Call) => boolean) | undefined {
  switch (loss) {
    case 'letter-case':
      return everyText(part, text => text === (spelling === 'upper' ? text.toUpperCase() : text.toLowerCase()))
    case 'line-or-list':
      return everyText(part, text => !text.includes(','))
    case 'escape-spelling':
      if (part.startsWith('query.')) return compileEscapedParameter(part.slice('query.'.length))
      return everyText(part, part === 'path' ? isEscapedPath : isEscapedQuery)
    case 'equal-names':
      return everyText(part, part.startsWith('header.') ? hasNoKeyTwice : hasNoNameTwice)
    case 'empty-parameters':
      return spelling === 'mark' ? hasNoBareMark : call => hasNoBareMark(call) && isWholeQuery(queryOf(call.target))
    case 'dot-segments':
      return everyText(part, path => !/\/\.\.?(?:\/|$)/.test(path))
    case 'double-slashes':
      return everyText(part, path => !path.includes('//'))
    case 'not-utf-8':
      return isUtf8Body
    default:
      return undefined
  }
}

/** The part whose text is looked at: of a member of a header, the header. */
export function wholeOf(part: string): string {
  return part.replace(/^(header\.[^;]*);key=.*$/, '$1')
}

/** A test of the text of a part, or of each text where it has several. */
function everyText(part: string, isCanonical: (text: string) => boolean): (call: Call) => boolean {
  if (part === 'path') return ({ target }) => isCanonical(pathOf(target))
  if (part === 'query') return ({ target }) => isCanonical(queryOf(target))
  if (part === 'body') return ({ body }) => isCanonical(typeof body === 'string' ? body : new TextDecoder().decode(body))
  if (part === 'header.*') return ({ covered, header }) => covered.every(name => isCanonical(header(name) ?? ''))
  const name = wholeOf(part).replace(/^header\./, '')
  return ({ header }) => isCanonical(header(name) ?? '')
}

/** Characters that `percentEncode` leaves as they are, by their code. */
const IS_PLAIN = /* @__PURE__ */ Array.from({ length: 128 }, (_, code) => /[A-Za-z0-9\-._~]/.test(String.fromCharCode(code)))
const [PERCENT, AMPERSAND, SLASH, EQUALS] = [0x25, 0x26, 0x2f, 0x3d]

/** Whether a path is what `percentEncode` writes of each segment: an escape only where one is needed, in upper case. */
function isEscapedPath(path: string): boolean {
  let isAscii = true
  for (let index = 0; index < path.length; index++) {
    const code = path.charCodeAt(index)
    if (code === SLASH || IS_PLAIN[code] === true) continue
    const byte = code === PERCENT ? escapedByte(path, index) : undefined
    if (byte === undefined) return false
    if (byte > 127) isAscii = false
    index += 2
  }
  return isAscii || decodeAnySpelling(path) !== undefined
}

/** The same of each name and each value of a query. */
function isEscapedQuery(query: string): boolean {
  let isAscii = true
  let isValue = false
  for (let index = 0; index < query.length; index++) {
    const code = query.charCodeAt(index)
    if (IS_PLAIN[code] === true) continue
    if (code === AMPERSAND) isValue = false
    else if (code === EQUALS && !isValue) isValue = true
    else {
      const byte = code === PERCENT ? escapedByte(query, index) : undefined
      if (byte === undefined) return false
      if (byte > 127) isAscii = false
      index += 2
    }
  }
  return isAscii || decodeAnySpelling(query) !== undefined
}

/**
 * The byte that an escape stands for; `undefined` for one in lower case, of a character that needs none, or cut off.
 */
function escapedByte(text: string, at: number): number | undefined {
  const byte = 16 * hexDigit(text.charCodeAt(at + 1)) + hexDigit(text.charCodeAt(at + 2))
  return byte >= 0 && IS_PLAIN[byte] !== true ? byte : undefined
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  return code >= 0x41 && code <= 0x46 ? code - 0x37 : Number.NaN
}

/** A parameter that is signed by itself (RFC 9421 §2.2.8) is written as it is signed. */
function compileEscapedParameter(wanted: string): (call: Call) => boolean {
  return call => {
    const found = parametersOf(call).get(wanted) ?? []
    return found.every(({ written, value }) => written === `${wanted}=${formEncode(value)}`)
  }
}

/**
 * Names are compared as a handler sees them: decoded, with a plus as a space. Parameters that are empty altogether are
 * one.
 */
function hasNoNameTwice(query: string): boolean {
  if (!query.includes('&')) return true
  const names: string[] = []
  let hasEmpty = false
  for (let start = 0; start <= query.length; ) {
    const next = query.indexOf('&', start)
    const end = next < 0 ? query.length : next
    const isEmpty = end === start
    if (!isEmpty || !hasEmpty) {
      const name = nameIn(query, start, end)
      if (names.length < FEW && names.includes(name)) return false
      names.push(name)
    }
    hasEmpty ||= isEmpty
    start = end + 1
  }
  return names.length <= FEW || new Set(names).size === names.length
}

/** Names are looked for one by one in so few. */
const FEW = 8

function nameIn(query: string, start: number, end: number): string {
  const equals = query.indexOf('=', start)
  const name = query.slice(start, equals < 0 || equals > end ? end : equals)
  if (!name.includes('%') && !name.includes('+')) return name
  const spaced = name.replace(/\+/g, ' ')
  return decodeAnySpelling(spaced) ?? spaced
}

/** The same of a structured field's members; what is quoted or in parentheses has no keys. */
function hasNoKeyTwice(text: string): boolean {
  if (!text.includes(',')) return true
  const members = without(without(text, '"', endOfString), '(', (rest, start) => rest.indexOf(')', start)).split(',')
  const keys = members.map(member => {
    const end = member.search(/[=;]/)
    return (end < 0 ? member : member.slice(0, end)).trim()
  })
  return new Set(keys).size === keys.length
}

/**
 * A text without what stands from each `open` to its end, in one pass: a regular expression would look for an end that
 * is not there again and again.
 *
 * @param endOf where the part ends that begins at `start`; -1 where it is open, and with it all that follow
 */
function without(text: string, open: string, endOf: (text: string, start: number) => number): string {
  let left = ''
  let from = 0
  for (let start = text.indexOf(open); start >= 0; start = text.indexOf(open, from)) {
    const end = endOf(text, start)
    if (end < 0) break
    left += text.slice(from, start)
    from = end + 1
  }
  return left + text.slice(from)
}

/** Of an open string, the quotes that follow are all escaped, so they open nothing that ends. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === '"') return at
  }
  return -1
}

function hasNoBareMark({ target }: Call): boolean {
  return target.indexOf('?') !== target.length - 1
}

/** Every parameter is `name=value`, and none is empty. */
function isWholeQuery(query: string): boolean {
  for (let start = 0; start < query.length; ) {
    const equals = query.indexOf('=', start)
    const end = query.indexOf('&', start)
    if (equals < 0 || (end >= 0 && end < equals) || end === query.length - 1) return false
    if (end < 0) return true
    start = end + 1
  }
  return true
}

/** Bytes that are no text, and a byte order mark, are lost where a body is read as text. */
function isUtf8Body({ body }: Call): boolean {
  if (body === undefined || typeof body === 'string') return true
  if (body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf) return false
  const decoder = new TextDecoder('utf-8', { fatal: true })
  try {
    // In slices, since no text is wanted.
    for (let start = 0; start < body.length; start += SLICE_BYTES)
      decoder.decode(body.subarray(start, start + SLICE_BYTES), { stream: true })
    decoder.decode()
    return true
  } catch {
    return false
  }
}

const SLICE_BYTES = 65_536
