import type { Server } from 'node:http'
import { isIPv6, Server as NetServer } from 'node:net'

/** How often Node looks for connections that are late. Its own half a minute would be added to every timeout. */
export const CHECK_CONNECTIONS_MS = 1_000
/** Headers are in within 10 s: this, and at most one interval more. */
export const HEADERS_TIMEOUT_MS = 9_000

/** Makes a server listen, and says on which port it does. */
export function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : port)
    })
  })
}

/** An address as URLs have it: those of IPv6 in brackets. */
export function urlHostOf(address: string): string {
  return isIPv6(address) ? `[${address}]` : address
}

/**
 * Takes no new connections, and waits until those that are busy have ended.
 *
 * @param idleMs how long idle connections are kept, for a request that is on its way. Default: not at all
 */
export function closeServer(server: Server, idleMs = 0): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(() => server.closeIdleConnections(), idleMs)
    // The `close` of HTTP's servers closes idle connections as well, and a request on one of them is lost.
    NetServer.prototype.close.call(server, () => {
      clearTimeout(timer)
      resolve()
    })
    if (idleMs === 0) server.closeIdleConnections()
  })
}
