import type { IncomingHeaders } from './headers.ts'

export type Line = readonly [name: string, value: string]

/** Headers as they came, a pair a line; for schemes that sign whichever the client chose. Names in any case. */
export function headerLines(headers: IncomingHeaders): readonly Line[] {
  // What is the caller's may be changed by it, so it is not remembered.
  if (isPairs(headers)) return headers.length > FEW_LINES ? ownLines([...headers]) : headers
  if (isFlat(headers)) {
    const lines: [string, string][] = []
    for (let index = 0; index + 1 < headers.length; index += 2) lines.push([headers[index] ?? '', headers[index + 1] ?? ''])
    return ownLines(lines)
  }
  if (typeof Headers !== 'undefined' && headers instanceof Headers) return ownLines([...headers])
  return ownLines(
    Object.entries(headers as { readonly [name: string]: string | readonly string[] | undefined }).flatMap(([name, value]) =>
      // Whoever hands on what a library made may have numbers in it.
      value === undefined ? [] : Array.isArray(value) ? value.map(one => [name, String(one)] as const) : [[name, String(value)] as const],
    ),
  )
}

/** The lines of one header, and what was made of them. */
interface Named {
  readonly lines: Line[]
  /** By what is put between them. */
  readonly combined: Map<string, string | undefined>
}

/** The lines by their names in lower case; undefined until the first is looked for. */
const indexes = /* @__PURE__ */ new WeakMap<readonly Line[], ReadonlyMap<string, Named> | undefined>()

/** With more lines than this, each header is not looked for among all of them, but by its name. */
const FEW_LINES = 32

/** Lines that nobody changes any more, so that they may be sorted by name where there are many. */
export function ownLines(lines: readonly Line[]): readonly Line[] {
  if (lines.length > FEW_LINES) indexes.set(lines, undefined)
  return lines
}

/** `unknown` for few lines, and for those that may be changed: look through them all. */
function namedIn(lines: readonly Line[], wanted: string): Named | undefined | 'unknown' {
  if (lines.length <= FEW_LINES || !indexes.has(lines)) return 'unknown'
  const index = indexes.get(lines) ?? sortByName(lines)
  return index.get(wanted)
}

function sortByName(lines: readonly Line[]): ReadonlyMap<string, Named> {
  const index = new Map<string, Named>()
  for (const line of lines) {
    const name = line[0].toLowerCase()
    const known = index.get(name)
    if (known === undefined) index.set(name, { lines: [line], combined: new Map() })
    else known.lines.push(line)
  }
  indexes.set(lines, index)
  return index
}

/** The lines that a header's can be among. */
function mayBeNamed(lines: readonly Line[], wanted: string): readonly Line[] {
  const named = namedIn(lines, wanted)
  return named === 'unknown' ? lines : (named?.lines ?? NO_LINES)
}

const NO_LINES: readonly Line[] = []

/** Every value of a header, trimmed and unfolded; `undefined` where there is none. @param wanted in lower case */
export function findLines(lines: readonly Line[] | undefined, wanted: string): readonly string[] | undefined {
  let found: string[] | undefined
  for (const [name, value] of mayBeNamed(lines ?? NO_LINES, wanted)) {
    if (!isNamed(name, wanted)) continue
    const trimmed = trimOws(value)
    if (found === undefined) found = [trimmed]
    else found.push(trimmed)
  }
  return found
}

function isNamed(name: string, wanted: string): boolean {
  return name === wanted || (name.length === wanted.length && name.toLowerCase() === wanted)
}

/** The first value of a header, for those that {@link findRepeated} has looked at. */
export function findLine(lines: readonly Line[], wanted: string): string | undefined {
  for (const [name, value] of mayBeNamed(lines, wanted)) if (isNamed(name, wanted)) return trimOws(value)
  return undefined
}

/**
 * The values of a header with `between` between them; `undefined` where there is none, or where a line break in one
 * could pass for another line.
 */
export function combineLines(lines: readonly Line[], name: string, between: string): string | undefined {
  const named = namedIn(lines, name)
  if (named === 'unknown') return combine(lines, name, between)
  if (named === undefined) return undefined
  const known = named.combined.get(between)
  if (known !== undefined) return known
  const combined = combine(named.lines, name, between)
  named.combined.set(between, combined)
  return combined
}

function combine(lines: readonly Line[], name: string, between: string): string | undefined {
  let combined: string | undefined
  for (const [given, value] of lines) {
    if (!isNamed(given, name)) continue
    const trimmed = trimOws(value)
    if (trimmed.includes('\n') || trimmed.includes('\r')) return undefined
    combined = combined === undefined ? trimmed : combined + between + trimmed
  }
  return combined
}

/**
 * Optional white space (RFC 9110 §5.6.3) is space and tab, and nothing else that Unicode calls a space. Folded lines
 * are unfolded first (RFC 9112 §5.2).
 */
export function trimOws(value: string): string {
  return value.includes('\n')
    ? value
        .split(/\r?\n(?=[ \t])/)
        .map(trimBlanks)
        .join(' ')
    : trimBlanks(value)
}

/** By hand, since a regular expression takes quadratic time for a long run of spaces inside. */
function trimBlanks(value: string): string {
  let start = 0
  let end = value.length
  while (start < end && isBlank(value.charCodeAt(start))) start++
  while (end > start && isBlank(value.charCodeAt(end - 1))) end--
  return start === 0 && end === value.length ? value : value.slice(start, end)
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9
}

/**
 * Fields that hold one value (RFC 9110): of two lines, one reader takes the first, another the last, so a signature
 * over both means nothing.
 */
const SINGLE_FIELDS: ReadonlySet<string> = new Set([
  'age',
  'authorization',
  'content-length',
  'content-location',
  'content-range',
  'content-type',
  'date',
  'etag',
  'expires',
  'from',
  'host',
  'if-modified-since',
  'if-range',
  'if-unmodified-since',
  'last-modified',
  'location',
  'max-forwards',
  'proxy-authorization',
  'range',
  'referer',
  'retry-after',
  'user-agent',
  'x-date',
])

export function isSingleField(name: string): boolean {
  return SINGLE_FIELDS.has(name)
}

/** The first of `names` that came in more than one line. */
export function findRepeated(lines: readonly Line[], names: readonly string[]): string | undefined {
  for (const wanted of names) {
    let isFound = false
    for (const [name] of mayBeNamed(lines, wanted)) {
      if (!isNamed(name, wanted)) continue
      if (isFound) return wanted
      isFound = true
    }
  }
  return undefined
}

function isPairs(headers: IncomingHeaders): headers is readonly Line[] {
  return Array.isArray(headers) && typeof headers[0] !== 'string'
}

function isFlat(headers: IncomingHeaders): headers is readonly string[] {
  return Array.isArray(headers)
}
