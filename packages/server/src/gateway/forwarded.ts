import type { IncomingMessage } from 'node:http'
import { clientAddress, compileTrustedProxies, forwardedHost } from 'countersign'

/** Where a request comes from, and where it was sent, as far as that can be believed. */
export interface ForwardedFrom {
  /** The client's; `undefined` where a trusted proxy doesn't say. */
  readonly address: string | undefined
  /** Where a trusted proxy has replaced `Host`, the host that was called. It only chooses among the known origins. */
  readonly host: string | undefined
  /** For the upstream, as the public origin has them. */
  readonly forwardedHost: string
  readonly forwardedProto: 'http' | 'https'
}

export interface ForwardedReaderOptions {
  readonly origin: string | readonly string[]
  readonly trustedProxies: readonly string[] | undefined
}

/** @throws CountersignError `option-invalid` */
export function createForwardedReader({ origin, trustedProxies }: ForwardedReaderOptions): (request: IncomingMessage) => ForwardedFrom {
  const isTrusted = trustedProxies === undefined ? undefined : compileTrustedProxies(trustedProxies)
  const origins = (typeof origin === 'string' ? [origin] : origin).map(readOrigin)
  const [first] = origins
  // Whatever a call says, it was verified for the only origin that there is.
  const onlyHost = origins.length === 1 && first?.host.startsWith('*') === false ? first.host : undefined
  const onlyProto = new Set(origins.map(({ proto }) => proto)).size === 1 ? first?.proto : undefined
  return ({ socket, rawHeaders, headers }) => {
    const isProxied = isTrusted !== undefined && socket.remoteAddress !== undefined && isTrusted(socket.remoteAddress)
    const host = isTrusted === undefined ? undefined : forwardedHost(socket.remoteAddress, rawHeaders, isTrusted)
    const proto = isProxied ? lastOf(headers['x-forwarded-proto'])?.toLowerCase() : undefined
    return {
      address: isTrusted === undefined ? socket.remoteAddress : clientAddress(socket.remoteAddress, rawHeaders, isTrusted),
      host,
      forwardedHost: onlyHost ?? host ?? headers.host ?? '',
      forwardedProto: onlyProto ?? (proto === 'https' || proto === 'http' ? proto : 'encrypted' in socket ? 'https' : 'http'),
    }
  }
}

/** What the nearest proxy wrote. */
function lastOf(value: string | string[] | undefined): string | undefined {
  return value === undefined ? undefined : String(value).split(',').at(-1)?.trim()
}

/** A WebSocket's origin is reached by HTTP as well. */
function readOrigin(origin: string): { readonly host: string; readonly proto: 'http' | 'https' } {
  const [, scheme = '', host = ''] = /^(\w+):\/\/([^/]*)/.exec(origin) ?? []
  return { host, proto: /^(https|wss)$/.test(scheme) ? 'https' : 'http' }
}
