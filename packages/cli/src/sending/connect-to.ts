import type { Fetch } from 'countersign'
import { UsageError } from '../process/exit.ts'
import { isLocal, readUrl } from '../request/url.ts'

/**
 * A `fetch` that connects to another server than the URL names: the URL, its Host and what is signed stay as they are.
 * Whether it is by TLS is said by the origin that it connects to.
 *
 * @param text an origin, such as `http://localhost:8080` or `:8080`
 * @param url what is called: over TLS, or in the clear on this machine alone, where it is an https:// URL
 * @throws UsageError `url-malformed`, `connect-insecure`
 */
export async function connectingFetch(text: string, url: string): Promise<Fetch> {
  const { protocol, hostname, port, host, origin, href } = new URL(readUrl(text))
  if (href !== `${origin}/`)
    throw new UsageError('url-malformed', '--connect-to takes an origin, without a path: scheme, host and port, such as :8080.')
  if (protocol === 'http:' && /^https:/i.test(url) && !isLocal(host))
    throw new UsageError('connect-insecure', `A call of an https:// URL goes to ${host} by TLS alone: write --connect-to https://${host}.`)
  // Loaded here: Node's own fetch can't be told where to connect.
  const { Agent, buildConnector, fetch } = await import('undici')
  const connect = buildConnector({})
  // A socket takes an IPv6 address without the brackets that a URL has around it.
  const name = hostname.replace(/^\[(.*)\]$/, '$1')
  const place = { protocol, hostname: name, host: name, port: port || (protocol === 'https:' ? '443' : '80') }
  const dispatcher = new Agent({ connect: (options, done) => connect({ ...options, ...place }, done) })
  const sent = fetch as unknown as (input: unknown, init: object) => Promise<Response>
  return (input, init) => sent(input, { ...init, dispatcher })
}
