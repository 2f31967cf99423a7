/**
 * What servers do to a path before they choose what answers it, each in its own order and as often as it likes. A route
 * may name in `allow` what its upstream doesn't do.
 */
export const PATH_READINGS = [
  'escape-spelling',
  'parameters',
  'dot-segments',
  'double-slashes',
  'backslashes',
  'letter-case',
  'letter-shapes',
  'script-names',
] as const
export type PathReading = (typeof PATH_READINGS)[number]

const ESCAPE = /%([0-9a-f]{2})/gi
const ESCAPE_BUT_SLASHES = /%(?!2f|5c)([0-9a-f]{2})/gi

function decoded(path: string, escapes: RegExp): string {
  return path.replace(escapes, (_escape, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}

/** How names of scripts end. A server asks the script of `/index.php/admin` for `/admin` (PATH_INFO). */
const SCRIPT_END = '\\.(?:php\\d?|phtml|f?cgi|pl|py|aspx?|ashx|jspx?|cfml?|dll|exe)(?=/)'
const SCRIPT = new RegExp(SCRIPT_END, 'i')

/** Only the shapes of letters can lengthen a path, and only once, so applying the steps repeatedly ends. */
export const STEPS: readonly (readonly [PathReading, (path: string) => string])[] = [
  // Proxies, Go, PHP, Python, IIS; some leave the escapes of slashes (Tomcat, Apache).
  ['escape-spelling', path => decoded(path, ESCAPE)],
  ['escape-spelling', path => decoded(path, ESCAPE_BUT_SLASHES)],
  // Servers that decode before they cut the query off.
  ['escape-spelling', path => path.replace(/[?#].*$/s, '')],
  // `;x=1`, Java.
  ['parameters', path => path.replace(/;[^/]*/g, '')],
  ['dot-segments', withoutDots],
  // nginx, and most that serve files.
  ['double-slashes', path => path.replace(/\/{2,}/g, '/')],
  // `//x` is read as a host by whatever parses the target as a URL (PHP's parse_url, `new URL(target, base)`).
  ['double-slashes', path => path.replace(/^\/{2,}[^/]*/, '') || '/'],
  // IIS, and everything that reads URLs as browsers do.
  ['backslashes', path => path.replaceAll('\\', '/')],
  // Express, IIS.
  ['letter-case', path => path.toLowerCase()],
  // Go, Java, Python, IIS, each by its own tables.
  ['letter-shapes', inPlainLetters],
  ['script-names', path => behindScript(path)],
]

function behindScript(path: string): string {
  const found = SCRIPT.exec(path)
  return found === null ? path : path.slice(found.index + found[0].length)
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

/**
 * A path of bytes, its text in the letters that the most generous server reads: in one shape (`ａ`, the Kelvin sign),
 * without marks (`İ` is an `i` for Go), in one case by way of the capitals (so `ı` is an `i` too), without what can't
 * be seen or isn't UTF-8, with every slash and dot as such.
 */
function inPlainLetters(path: string): string {
  if (!/[\x80-\xff]/.test(path)) return path
  const text = utf8.decode(Buffer.from(path, 'latin1')).normalize('NFKD')
  const plain = text
    .replace(/[\p{M}\p{Default_Ignorable_Code_Point}\ufffd]/gu, '')
    .replace(/[\u2044\u2215\u29f8]/g, '/')
    .replace(/[\u2216\u29f5\u29f9]/g, '\\')
  return Buffer.from(plain.toUpperCase().toLowerCase()).toString('latin1')
}

/** RFC 3986 §5.2.4: an empty segment is one. */
function withoutDots(path: string): string {
  const kept: string[] = []
  const segments = path.split('/').slice(1)
  for (const [index, segment] of segments.entries()) {
    const isLast = index === segments.length - 1
    if (segment === '..') kept.pop()
    else if (segment !== '.') kept.push(segment)
    if (isLast && (segment === '.' || segment === '..')) kept.push('')
  }
  return `/${kept.join('/')}`
}

/** Refused unless it is allowed, whatever the routes are: segments that a server may resolve. */
const RESOLVED: readonly (readonly [PathReading, RegExp])[] = [
  ['dot-segments', /(^|\/)(\.|%2e){1,2}(\/|$)/i],
  ['double-slashes', /\/\//],
  ['backslashes', /\\|%5c/i],
]

/**
 * What no server should have to read, in any reading of a path: escapes of IIS (`%u0061`), UTF-8 that is longer than it
 * has to be (`%c0%ae` for a dot), and control characters.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const ODD = /%u|[\xc0\xc1]|\xe0[\x80-\x9f]|\xf0[\x80-\x8f]|\xf8[\x80-\x87]|\xfc[\x80-\x83]|[\x00-\x1f\x7f]/i
/** A dot or a space at the end of a segment, which Windows leaves off. */
const ENDS_ODDLY = /[. ](?=[/\\;]|$)/
const DOTS_ONLY = /(^|[/\\])\.{1,2}(?=[/\\;]|$)/g

/**
 * Fast path: no step changes a path without these. (`#` and raw bytes above 0x7f never get here: the verifier refuses
 * them as `malformed-target`.)
 */
const UNUSUAL = new RegExp(`[%;A-Z\\\\]|/[./]|[. ](?:/|$)|${SCRIPT_END}`)

/**
 * How many characters are read for one path at most. Of a path with escapes there are two or three readings; only those
 * that are made to have many have more.
 */
export const MAX_CHARACTERS = 32_768

export type Readings = { readonly readings: readonly string[] } | { readonly odd: string }

const NONE: ReadonlySet<PathReading> = new Set()

/**
 * All readings of a path: every combination of {@link PATH_READINGS}, until nothing changes any more.
 *
 * @param allowed readings that are not refused outright, but still followed
 * @param notDone readings that the upstream does not do: neither refused nor followed
 */
export function readingsOf(path: string, allowed: ReadonlySet<PathReading> = NONE, notDone: ReadonlySet<PathReading> = NONE): Readings {
  if (!UNUSUAL.test(path)) return { readings: [path] }
  for (const [name, pattern] of RESOLVED) if (!allowed.has(name) && !notDone.has(name) && pattern.test(path)) return { odd: name }
  const steps = STEPS.filter(([name]) => !notDone.has(name))
  const readings = new Set([path])
  let characters = 0
  // A set is read on while it grows.
  for (const reading of readings) {
    characters += reading.length
    if (characters > MAX_CHARACTERS) return { odd: 'too many readings' }
    if (ODD.test(reading) || ENDS_ODDLY.test(reading.replace(DOTS_ONLY, '$1'))) return { odd: 'characters that servers read differently' }
    if (leadsOut(reading)) return { odd: 'dot-segments above the root' }
    for (const [, step] of steps) readings.add(step(reading))
  }
  return { readings: [...readings] }
}

/** Whether its dots lead above the root, and so out of the folder that an upstream's path begins with. */
function leadsOut(path: string): boolean {
  if (!path.includes('..')) return false
  let depth = 0
  for (const segment of path.split('/').slice(1)) {
    if (segment === '..') depth--
    else if (segment !== '.') depth++
    if (depth < 0) return true
  }
  return false
}
