import type { Server } from 'node:http'

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

/** Takes no new connections, and waits until those that are busy have ended. */
export function closeServer(server: Server): Promise<void> {
  return new Promise(resolve => {
    server.close(() => resolve())
    server.closeIdleConnections()
  })
}
