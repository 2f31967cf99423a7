import { ServerError } from '../errors.ts'

export interface UpstreamUrl {
  readonly origin: string
  /** What it is told as `Host`. */
  readonly host: string
  /** Put before every request target; without a slash at the end. */
  readonly basePath: string
}

/**
 * Reads where verified requests go. Its path goes before that of every request; what else a URL may have is refused.
 *
 * @throws ServerError `upstream-invalid`, which doesn't quote it: it may hold a password
 */
export function readUpstreamUrl(text: string): UpstreamUrl {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const problem = problemOf(text, url)
  if (problem !== undefined || url === undefined) throw new ServerError('upstream-invalid', 400, `The upstream is ${problem}.`)
  return { origin: url.origin, host: url.host, basePath: url.pathname.replace(/\/+$/, '') }
}

function problemOf(text: string, url: URL | undefined): string | undefined {
  if (url === undefined || !/^https?:$/.test(url.protocol)) return 'not a URL that begins with http:// or https://'
  if (url.username !== '' || url.password !== '') return 'a URL without a user and password; give those to the API in another way'
  if (text.includes('?') || text.includes('#')) return 'a URL without a query and a fragment: its path goes before that of every request'
  // Else it would be another path than the one that is written.
  if (/\/\.{1,2}(\/|$)|\/\/.*\/\/|%2e|\\/i.test(text)) return 'a URL without dot segments, empty segments and backslashes'
  return undefined
}
