import type { IncomingHeaders } from './headers.ts'

/** Headers as they came, a pair a line; for schemes that sign whichever the client chose. */
export function headerLines(headers: IncomingHeaders): readonly (readonly [string, string])[] {
  if (isPairs(headers)) return headers
  if (isFlat(headers)) {
    const lines: [string, string][] = []
    for (let index = 0; index + 1 < headers.length; index += 2) lines.push([headers[index] ?? '', headers[index + 1] ?? ''])
    return lines
  }
  if (typeof Headers !== 'undefined' && headers instanceof Headers) return [...headers]
  return Object.entries(headers as { readonly [name: string]: string | readonly string[] | undefined }).flatMap(([name, value]) =>
    value === undefined ? [] : typeof value === 'string' ? [[name, value] as const] : value.map(one => [name, one] as const),
  )
}

function isPairs(headers: IncomingHeaders): headers is readonly (readonly [string, string])[] {
  return Array.isArray(headers) && typeof headers[0] !== 'string'
}

function isFlat(headers: IncomingHeaders): headers is readonly string[] {
  return Array.isArray(headers)
}
