import { percentEncode } from '../message.ts'

/** A header line, its name in lower case. */
export type Line = readonly [name: string, value: string]

/**
 * The path of a canonical request. Services other than S3 have dot segments and double slashes taken out, and what is on the wire encoded once
 * more; S3 has it as it is, each segment encoded once.
 */
export function canonicalPath(path: string, isS3: boolean): string {
  if (path === '/') return path
  if (isS3)
    return path
      .split('/')
      .map(segment => percentEncode(decoded(segment)))
      .join('/')
  return normalizedPath(path).split('/').map(percentEncode).join('/')
}

/** RFC 3986 §6.2.2.3, and no empty segments. */
function normalizedPath(path: string): string {
  const segments: string[] = []
  const parts = path.split('/')
  for (const part of parts) {
    if (part === '..') segments.pop()
    else if (part !== '' && part !== '.') segments.push(part)
  }
  const last = parts.at(-1)
  const endsInFolder = segments.length > 0 && (last === '' || last === '.' || last === '..')
  return `/${segments.join('/')}${endsInFolder && last === '' ? '/' : ''}`
}

/** The query of a canonical request: names and values encoded alike, sorted by name, then by value. @param leaveOut a name, decoded */
export function canonicalQuery(query: string, leaveOut?: string): string {
  if (query === '') return ''
  const pairs: [name: string, value: string][] = []
  for (const pair of query.split('&')) {
    if (pair === '') continue
    const equals = pair.indexOf('=')
    const name = decoded(equals < 0 ? pair : pair.slice(0, equals))
    if (name !== leaveOut) pairs.push([percentEncode(name), percentEncode(equals < 0 ? '' : decoded(pair.slice(equals + 1)))])
  }
  return pairs
    .sort(([nameA, valueA], [nameB, valueB]) => (nameA === nameB ? compare(valueA, valueB) : compare(nameA, nameB)))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
}

/** The lines of the signed headers, in the order of their names, each with a newline behind it: trimmed, inner white space to one space. */
export function canonicalHeaders(lines: readonly Line[], signed: readonly string[]): string {
  let text = ''
  for (const name of signed) {
    let value: string | undefined
    for (const [own, raw] of lines) {
      if (own !== name) continue
      const trimmed = collapse(raw)
      value = value === undefined ? trimmed : `${value},${trimmed}`
    }
    text += `${name}:${value ?? ''}\n`
  }
  return text
}

function collapse(value: string): string {
  return /^\s|\s$|\s\s/.test(value) ? value.trim().replace(/\s+/g, ' ') : value
}

function decoded(text: string): string {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
