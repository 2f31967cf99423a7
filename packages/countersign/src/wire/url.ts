import { CountersignError } from '../contract/error.ts'

/**
 * What RFC 3986 allows in a path and a query, so never `{`, `"`, `[`, `#` or a space; for a regular expression's `[…]`.
 * Readers and the guards of boundaries both use these.
 */
export const TARGET_CHARACTERS = "A-Za-z0-9\\-._~:/?@!$&'()*+,;=%"

/** A request target in origin form. */
const TARGET = /* @__PURE__ */ new RegExp(`^/[${TARGET_CHARACTERS}]*$`)

const NOT_IN_TARGET = /* @__PURE__ */ new RegExp(`[^${TARGET_CHARACTERS}]`, 'g')

const ABSOLUTE = /^(https?|wss?):\/\/[^/?#\s]+/i

/**
 * Scheme, host and port as they arrive: in lower case, and without the scheme's own port, which clients leave out of
 * `Host`; for a regular expression.
 */
export const ORIGIN_PATTERN = '(?:https?|wss?)://[a-z0-9\\-._~:[\\]]+(?<!^(?:https|wss):.*:0*443|^(?:http|ws):.*:0*80)'

/** A URL that arrives as it is typed: absolute, only {@link TARGET_CHARACTERS} in path and query, no fragment. */
const SIGNABLE = /* @__PURE__ */ new RegExp(`^${ORIGIN_PATTERN}/[${TARGET_CHARACTERS}]*$`)

export function isStrictTarget(target: string): boolean {
  return TARGET.test(target)
}

/** In characters; what most servers and proxies take. */
export const DEFAULT_MAX_TARGET_LENGTH = 8192

export interface SplitUrl {
  /** Scheme, host and port as they were typed. */
  readonly origin: string
  /** Path and query; `/` when nothing was typed. */
  readonly target: string
}

/**
 * Takes an absolute URL apart without changing a character of it.
 *
 * @throws CountersignError `url-not-signable`
 */
export function splitUrl(url: string): SplitUrl {
  const origin = ABSOLUTE.exec(url)?.[0]
  if (origin === undefined) throw new CountersignError('url-not-signable', 'The URL is not absolute: begin it with https://.')
  const target = url.slice(origin.length)
  return { origin, target: target.startsWith('/') ? target : `/${target}` }
}

/**
 * Refuses a URL that can't arrive as it was typed.
 *
 * @param signsOrigin whether scheme and host are signed as they are typed: then they have to be as a verifier knows
 * them
 * @returns the URL, with the slash that a request has where no path was typed
 * @throws CountersignError `url-not-signable`
 */
export function checkSignableUrl(url: string, signsOrigin = false): string {
  if (SIGNABLE.test(url)) return url
  const { origin, target } = splitUrl(url)
  const [bad] = target.match(NOT_IN_TARGET) ?? []
  if (bad !== undefined)
    throw new CountersignError('url-not-signable', `The URL holds ${JSON.stringify(bad)}: percent-encode it, and leave a fragment out.`)
  if (SIGNABLE.test(`${signsOrigin ? origin : origin.toLowerCase().replace(/:\d+$/, '')}/`)) return origin + target
  throw new CountersignError('url-not-signable', 'Write scheme and host of the URL in lower case, without a user name or default port.')
}

/**
 * The URL exactly as `fetch` puts it on the wire, with the few characters that it leaves alone but RFC 3986 does not
 * allow percent-encoded, and without the fragment.
 */
export function wireUrl(url: string | URL): string {
  const { origin, pathname, search } = new URL(url)
  return origin + (pathname + search).replace(NOT_IN_TARGET, encodeURIComponent)
}

export function pathOf(target: string): string {
  const mark = target.indexOf('?')
  return mark < 0 ? target : target.slice(0, mark)
}

/** Without the `?`. */
export function queryOf(target: string): string {
  const mark = target.indexOf('?')
  return mark < 0 ? '' : target.slice(mark + 1)
}

/** Host and port of an origin. */
export function hostOf(origin: string): string {
  return origin.slice(origin.indexOf('://') + 3)
}
