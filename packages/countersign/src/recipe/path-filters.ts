import { decodeAnySpelling, percentEncode } from '../wire/percent.ts'
import type { Capabilities } from './compile.ts'
import { textFilters } from './text-filters.ts'

/** The filters of paths and header values, for schemes that write them in a canonical form. */
export const pathFilters: NonNullable<Capabilities['filter']> = (recipe, value) => {
  const { filter, with: argument } = recipe
  switch (filter) {
    case 'percent-encode':
      return argument === '' ? call => encodeText(value(call)) : call => encodeSegments(value(call), argument)
    case 're-encode':
      return call => reEncodeSegments(value(call), argument)
    case 'normalize':
      return call => normalizePath(value(call))
    case 'collapse':
      return call => collapse(value(call))
    default:
      return textFilters(recipe, value)
  }
}

/**
 * Whether every escape stands for UTF-8. One that does not can't be told from its own text, `%FF` from `%25FF`, once it
 * is encoded again.
 */
export function isDecodable(text: string): boolean {
  return decodeAnySpelling(text) !== undefined
}

/** Leaves text as it is whose escapes stand for nothing; see {@link isDecodable}. */
export function decodeEscapes(text: string): string {
  return decodeAnySpelling(text) ?? text
}

/** Most text needs no encoding, which is quicker to see than to do. */
export function encodeText(text: string): string {
  return /^[A-Za-z0-9\-._~]*$/.test(text) ? text : percentEncode(text)
}

/**
 * Encodes what stands between `separator`, as on the wire already or not: all of it at once, since each of thousands of
 * segments would cost a call. What was `%2F` before is `%252F`.
 */
function encodeSegments(path: string, separator: string): string {
  return isPlain(path) ? path : percentEncode(path).replaceAll(percentEncode(separator), separator)
}

/** Encodes each segment once, whichever way it was spelled. */
export function reEncodeSegments(path: string, separator: string): string {
  if (isPlain(path)) return path
  return path
    .split(separator)
    .map(segment => percentEncode(decodeEscapes(segment)))
    .join(separator)
}

function isPlain(path: string): boolean {
  return /^[A-Za-z0-9\-._~/]*$/.test(path)
}

/** RFC 3986 §6.2.2.3, and no empty segments. */
function normalizePath(path: string): string {
  if (!/\/[./]/.test(path)) return path
  const segments: string[] = []
  const parts = path.split('/')
  for (const part of parts) {
    if (part === '..') segments.pop()
    else if (part !== '' && part !== '.') segments.push(part)
  }
  return `/${segments.join('/')}${segments.length > 0 && parts.at(-1) === '' ? '/' : ''}`
}

/**
 * Runs of white space to one space, and none at the ends. Only spaces and tabs: a no-break space is a character of the
 * value.
 */
function collapse(value: string): string {
  return /^[ \t]|[ \t]$|\t| {2}/.test(value) ? value.replace(/[ \t]+/g, ' ').replace(/^ | $/g, '') : value
}
