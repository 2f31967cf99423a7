/**
 * The headers of a request that came in: Node's `rawHeaders` (names and values in turn, every line as it came), pairs,
 * a `Headers` object, or a record. The first two show a header that came twice; the others have merged it.
 */
export type IncomingHeaders = readonly string[] | readonly (readonly [string, string])[] | Headers | { readonly [name: string]: string | readonly string[] | undefined }

/** More values than one under a name is `duplicate`. */
export type HeaderValue = string | undefined | typeof DUPLICATE

export const DUPLICATE: unique symbol = Symbol('duplicate header')

/**
 * Reads the wanted headers in one pass, into the order of `names` (lower case).
 */
export function compileHeaderReader(names: readonly string[]): (headers: IncomingHeaders) => HeaderValue[] {
  const lengths = new Set(names.map(name => name.length))
  const positions = new Map(names.map((name, index) => [name, index]))

  function put(values: HeaderValue[], name: string, value: string): void {
    if (!lengths.has(name.length)) return
    const index = positions.get(name) ?? positions.get(name.toLowerCase())
    if (index === undefined) return
    values[index] = values[index] === undefined ? value : DUPLICATE
  }

  return headers => {
    const values: HeaderValue[] = new Array(names.length).fill(undefined)
    if (isList(headers)) {
      for (let index = 0; index < headers.length; index++) {
        const entry = headers[index]
        if (typeof entry !== 'string') put(values, entry?.[0] ?? '', entry?.[1] ?? '')
        else if (index % 2 === 0) put(values, entry, String(headers[index + 1] ?? ''))
      }
    } else if (isHeaders(headers)) {
      for (let index = 0; index < names.length; index++) values[index] = headers.get(names[index] ?? '') ?? undefined
    } else {
      for (const [name, value] of Object.entries(headers)) {
        if (typeof value === 'string') put(values, name, value)
        else for (const one of value ?? []) put(values, name, one)
      }
    }
    return values
  }
}

function isList(headers: IncomingHeaders): headers is readonly string[] | readonly (readonly [string, string])[] {
  return Array.isArray(headers)
}

function isHeaders(headers: object): headers is Headers {
  return typeof Headers !== 'undefined' && headers instanceof Headers
}
