import { findLines, headerLines, trimOws } from '../wire/header-lines.ts'
import type { IncomingHeaders } from '../wire/headers.ts'
import { compileAddresses, isAddress } from './address.ts'

/** Whether an address is one of the proxies that are believed; see {@link compileTrustedProxies}. */
export type TrustedProxies = (address: string) => boolean

/**
 * Reads the addresses and CIDR ranges of the proxies in front of an API.
 *
 * @throws CountersignError `option-invalid` for anything but an address or a range
 */
export function compileTrustedProxies(ranges: readonly string[]): TrustedProxies {
  return compileAddresses(ranges)
}

/**
 * The address of the client that a request comes from: the socket's, unless that is a trusted proxy's. Then what the
 * proxies wrote is read from the right, each entry by the proxy behind it, up to the first address that is no trusted
 * proxy's. If all are, it is the leftmost. Whatever stands further left, anybody may have written.
 *
 * `X-Forwarded-For` and `Forwarded` (RFC 7239) are read. A proxy hands on the one that it doesn't write as the client
 * sent it, so if both are there they have to agree.
 *
 * @returns `undefined` where nothing that can be believed tells: an entry that is no address (`unknown`), say. A key
 * that is bound to addresses is then refused.
 *
 * @example
 * ```ts
 * const trusted = compileTrustedProxies(['10.0.0.0/8'])
 * clientAddress('10.0.0.1', { 'x-forwarded-for': '8.8.8.8, 192.0.2.7, 10.0.0.2' }, trusted) // 192.0.2.7
 * ```
 */
export function clientAddress(socketAddress: string | undefined, headers: IncomingHeaders, trusted: TrustedProxies): string | undefined {
  if (socketAddress === undefined || !trusted(socketAddress)) return socketAddress
  const lines = headerLines(headers)
  const listed = findLines(lines, 'x-forwarded-for')
  const forwarded = findLines(lines, 'forwarded')
  if (listed === undefined && forwarded === undefined) return socketAddress
  const byList = listed === undefined ? undefined : fromRight(listed.join(',').split(','), socketAddress, trusted)
  if (forwarded === undefined) return byList
  const byForwarded = fromRight(readForwarded(forwarded.join(',')) ?? [''], socketAddress, trusted)
  return listed === undefined || byList === byForwarded ? byForwarded : undefined
}

function fromRight(entries: readonly string[], socketAddress: string, trusted: TrustedProxies): string | undefined {
  let client: string = socketAddress
  for (let at = entries.length - 1; at >= 0 && trusted(client); at--) {
    const address = addressOf(trimOws(entries[at] ?? ''))
    if (address === undefined) return undefined
    client = address
  }
  return client
}

/** Some proxies write the port, too: `192.0.2.7:4711`, `[2001:db8::1]:4711`. */
function addressOf(entry: string): string | undefined {
  const [, bracketed, bare = entry] = /^(?:\[([^\]]*)\]|(\d+\.\d+\.\d+\.\d+))(?::\d{1,5})?$/.exec(entry) ?? []
  const address = bracketed ?? bare
  if (bracketed !== undefined && !bracketed.includes(':')) return undefined
  return isAddress(address) ? address : undefined
}

/** The members `for` of a list (RFC 7239 §4), one an element; `undefined` where it is not such a list. */
function readForwarded(list: string): readonly string[] | undefined {
  const clients: string[] = []
  let client: string | undefined
  const pair = new RegExp(PAIR, 'y')
  for (let at = 0; ; at = pair.lastIndex) {
    pair.lastIndex = at
    const [whole, name, token, quoted, end] = pair.exec(list) ?? []
    if (whole === undefined) return undefined
    if (name?.toLowerCase() === 'for') {
      if (client !== undefined) return undefined
      client = token ?? quoted
    }
    if (end !== ';') {
      // An element that doesn't say for whom hides the client, as `unknown` does.
      clients.push(client ?? '')
      client = undefined
    }
    if (pair.lastIndex === list.length && end === '') return clients
  }
}

/** `name=token` or `name="text"`, and what is behind it. No escapes: an address needs none. */
const PAIR = '[ \\t]*([!#$%&\'*+.^_`|~0-9A-Za-z-]+)=(?:([!#$%&\'*+.^_`|~0-9A-Za-z-]+)|"([^"\\\\]*)")[ \\t]*([;,]|$)'

/**
 * The host that was called, where the one that is connected is a trusted proxy that has replaced `Host`: the last name
 * in `X-Forwarded-Host`. It can only choose among known origins.
 */
export function forwardedHost(connected: string | undefined, headers: IncomingHeaders, isTrusted: TrustedProxies): string | undefined {
  if (connected === undefined || !isTrusted(connected)) return undefined
  return findLines(headerLines(headers), 'x-forwarded-host')?.join(',').split(',').at(-1)?.trim()
}
