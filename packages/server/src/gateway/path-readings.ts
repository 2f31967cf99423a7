/**
 * Segments that an upstream may resolve, and their encodings: `.`, `..` and empty ones, and those that end in a dot,
 * which Windows leaves off. What a route says of a path has to be true upstream as well.
 */
const UNSAFE = /(^|\/)(\.|%2e){1,2}(\/|$)|\/\/|\\|%5c|\.(\/|$)/i
const UNUSUAL = /[%;A-Z]/
const ESCAPE = /%([0-9a-f]{2})/gi

/** The longest chain of encodings that is followed: `%252561` has three. */
const MAX_DECODINGS = 4

/**
 * What no server should have to read, in a path whose escapes are resolved: escapes of IIS (`%u0061`), UTF-8 that is
 * longer than it has to be (`%c0%ae` for a dot), control characters, and a dot or space at the end of a segment.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const ODD = /%u|[\xc0\xc1]|\xe0[\x80-\x9f]|\xf0[\x80-\x8f]|\xf8[\x80-\x87]|\xfc[\x80-\x83]|[\x00-\x1f\x7f]|[. ]([/\\;]|$)/i

/**
 * A path as servers read it: without regard to case (Express), with its escapes resolved, once or again (proxies),
 * without parameters of segments (`;x=1`, Java), with dots and empty segments resolved. In lower case, as all are
 * compared.
 *
 * @returns `undefined` for one that is written so that it can't be said
 */
export function readingsOf(path: string): readonly string[] | undefined {
  if (UNSAFE.test(path)) return undefined
  if (!UNUSUAL.test(path)) return [path]
  const readings: string[] = []
  let decoded = path
  for (let count = 0; count <= MAX_DECODINGS; count++) {
    if (ODD.test(decoded)) return undefined
    const lower = decoded.toLowerCase()
    readings.push(lower, resolved(lower), resolved(lower.replace(/;[^/]*/g, '')))
    const next = decoded.replace(ESCAPE, (_escape, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    if (next === decoded) return readings
    decoded = next
  }
  return undefined
}

function resolved(path: string): string {
  const segments: string[] = []
  for (const segment of path.split(/[/\\]+/)) {
    if (segment === '..') segments.pop()
    else if (segment !== '.' && segment !== '') segments.push(segment)
  }
  return `/${segments.join('/')}`
}
