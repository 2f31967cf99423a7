import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface Balancer {
  readonly port: number
  /** New connections lead there; those that are open are closed, as when a server is gone. */
  leadTo(port: number): void
  /** Those that are open carry nothing any more, and are not closed: a host that is gone without a word. */
  goDead(): void
  close(): Promise<void>
}

/** One address in front of servers that take each other's place: a load balancer, or a name in the DNS. */
export async function startBalancer(first: number): Promise<Balancer> {
  let target = first
  const open = new Set<Socket>()
  const server = createServer(client => {
    const behind = connect(target, '127.0.0.1')
    for (const socket of [client, behind]) {
      open.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        open.delete(socket)
        client.destroy()
        behind.destroy()
      })
    }
    client.pipe(behind).pipe(client)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const closeAll = (): void => {
    for (const socket of open) socket.destroy()
  }
  return {
    port: (server.address() as AddressInfo).port,
    leadTo(port) {
      target = port
      closeAll()
    },
    goDead() {
      for (const socket of open) socket.unpipe().pause()
    },
    async close() {
      closeAll()
      server.close()
      await once(server, 'close')
    },
  }
}
