import { canonicalBase64 } from '../base64-spelling.ts'
import { BASE64, KEY, next, TOKEN } from './fields-grammar.ts'

/**
 * Structured Field Values for HTTP (RFC 9651, which obsoletes RFC 8941): what `Signature-Input`, `Signature` and the
 * digest fields are written in. Strict: anything that the parsing algorithm of §4.2 fails on is `undefined`.
 */
export type BareItem =
  | { readonly type: 'integer' | 'decimal' | 'date'; readonly value: number }
  | { readonly type: 'string' | 'token' | 'display'; readonly value: string }
  /** In base64, as it is always written: what came may lack padding, or have bits in it that no byte uses (§4.2.7). */
  | { readonly type: 'bytes'; readonly value: string }
  | { readonly type: 'boolean'; readonly value: boolean }

export type Parameters = readonly (readonly [name: string, value: BareItem])[]

export interface Item {
  readonly item: BareItem
  readonly parameters: Parameters
}

export interface InnerList {
  readonly items: readonly Item[]
  readonly parameters: Parameters
}

export type Member = Item | InnerList
export type List = readonly Member[]
export type Dictionary = ReadonlyMap<string, Member>

export function isInnerList(member: Member): member is InnerList {
  return 'items' in member
}

export function parseList(text: string): List | undefined {
  return parseWhole(text, cursor => {
    const members: Member[] = []
    if (cursor.at === text.length) return members
    do members.push(parseMember(cursor))
    while (nextMember(cursor))
    return members
  })
}

/** Of several members with one key, the last counts, in the place of the first (§4.2.2). */
export function parseDictionary(text: string): Dictionary | undefined {
  return parseWhole(text, cursor => {
    const members = new Map<string, Member>()
    if (cursor.at === text.length) return members
    do {
      const key = parseKey(cursor)
      if (skip(cursor, '=')) members.set(key, parseMember(cursor))
      else members.set(key, { item: TRUE, parameters: parseParameters(cursor) })
    } while (nextMember(cursor))
    return members
  })
}

export function parseItem(text: string): Item | undefined {
  return parseWhole(text, parseItemAt)
}

/** Text and a place in it. */
interface Cursor {
  readonly text: string
  at: number
}

class Malformed extends Error {}

const TRUE: BareItem = { type: 'boolean', value: true }
const NO_PARAMETERS: Parameters = []

function parseWhole<T>(text: string, parse: (cursor: Cursor) => T): T | undefined {
  const cursor: Cursor = { text, at: 0 }
  skipSpaces(cursor)
  try {
    const value = parse(cursor)
    skipSpaces(cursor)
    return cursor.at === text.length ? value : undefined
  } catch (error) {
    if (error instanceof Malformed) return undefined
    throw error
  }
}

/** Goes on to the next member: a comma, and not a trailing one. */
function nextMember(cursor: Cursor): boolean {
  skipBlanks(cursor)
  if (cursor.at === cursor.text.length) return false
  if (!skip(cursor, ',')) throw new Malformed()
  skipBlanks(cursor)
  if (cursor.at === cursor.text.length) throw new Malformed()
  return true
}

function parseMember(cursor: Cursor): Member {
  return cursor.text.charAt(cursor.at) === '(' ? parseInnerList(cursor) : parseItemAt(cursor)
}

function parseInnerList(cursor: Cursor): InnerList {
  cursor.at++
  const items: Item[] = []
  for (;;) {
    skipSpaces(cursor)
    if (skip(cursor, ')')) return { items, parameters: parseParameters(cursor) }
    items.push(parseItemAt(cursor))
    const next = cursor.text.charAt(cursor.at)
    if (next !== ' ' && next !== ')') throw new Malformed()
  }
}

function parseItemAt(cursor: Cursor): Item {
  const item = parseBareItem(cursor)
  return { item, parameters: parseParameters(cursor) }
}

function parseParameters(cursor: Cursor): Parameters {
  if (cursor.text.charCodeAt(cursor.at) !== 59) return NO_PARAMETERS
  const parameters = new Map<string, BareItem>()
  while (skip(cursor, ';')) {
    skipSpaces(cursor)
    const key = parseKey(cursor)
    const value = skip(cursor, '=') ? parseBareItem(cursor) : TRUE
    parameters.set(key, value)
  }
  return [...parameters]
}

const NEXT_KEY = next(KEY)
/** In digits: of an integer, and of a decimal before and behind its point (§4.2.4). */
export const MAX_INTEGER_DIGITS = 15
export const MAX_WHOLE_DIGITS = 12
export const MAX_FRACTION_DIGITS = 3
const NUMBER = /-?(\d+)(?:\.(\d+))?/y
const STRING = /"((?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"/y
const NEXT_TOKEN = next(TOKEN)
const BYTES = next(new RegExp(`:(${BASE64.source}):`))
const BOOLEAN = /\?([01])/y
const DISPLAY = /%"((?:[\x20-\x21\x23-\x24\x26-\x7e]|%[0-9a-f]{2})*)"/y

function parseKey(cursor: Cursor): string {
  return match(cursor, NEXT_KEY)[0]
}

function parseBareItem(cursor: Cursor): BareItem {
  const char = cursor.text.charAt(cursor.at)
  if (char === '"') {
    const [, value = ''] = match(cursor, STRING)
    return { type: 'string', value: value.includes('\\') ? value.replace(/\\(.)/g, '$1') : value }
  }
  if (char === ':') {
    const value = canonicalBase64(match(cursor, BYTES)[1] ?? '')
    if (value === undefined) throw new Malformed()
    return { type: 'bytes', value }
  }
  if (char === '?') return { type: 'boolean', value: match(cursor, BOOLEAN)[1] === '1' }
  if (char === '@') {
    cursor.at++
    const number = parseNumber(cursor)
    if (number.type !== 'integer') throw new Malformed()
    return { type: 'date', value: number.value }
  }
  if (char === '%') return { type: 'display', value: decodeDisplay(match(cursor, DISPLAY)[1] ?? '') }
  if (char === '-' || (char >= '0' && char <= '9')) return parseNumber(cursor)
  return { type: 'token', value: match(cursor, NEXT_TOKEN)[0] }
}

function parseNumber(cursor: Cursor): BareItem & { readonly value: number } {
  const [text, whole = '', fraction] = match(cursor, NUMBER)
  if (whole.length > (fraction === undefined ? MAX_INTEGER_DIGITS : MAX_WHOLE_DIGITS)) throw new Malformed()
  if ((fraction?.length ?? 0) > MAX_FRACTION_DIGITS) throw new Malformed()
  // There is one zero.
  return { type: fraction === undefined ? 'integer' : 'decimal', value: Number(text) || 0 }
}

function decodeDisplay(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new Malformed()
  }
}

function match(cursor: Cursor, pattern: RegExp): RegExpExecArray {
  pattern.lastIndex = cursor.at
  const found = pattern.exec(cursor.text)
  if (found === null) throw new Malformed()
  cursor.at = pattern.lastIndex
  return found
}

function skip(cursor: Cursor, char: string): boolean {
  if (cursor.text.charAt(cursor.at) !== char) return false
  cursor.at++
  return true
}

function skipSpaces(cursor: Cursor): void {
  while (cursor.text.charAt(cursor.at) === ' ') cursor.at++
}

/** OWS: spaces and tabs. */
function skipBlanks(cursor: Cursor): void {
  while (cursor.text.charAt(cursor.at) === ' ' || cursor.text.charAt(cursor.at) === '\t') cursor.at++
}
