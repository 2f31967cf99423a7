import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { expect, it } from 'vitest'
import { responseToUpgrade } from '../../http/upgrade.ts'
import { tunnel } from './tunnel.ts'

async function connectTo(server: Server): Promise<Socket> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  client.write('GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n')
  return client
}

it.each(['client', 'upstream'])('a tunnel of which only one side closes ends once nothing passes any more: the %s', async first => {
  // An upstream that answers no end with its own.
  const upstream = new Duplex({
    allowHalfOpen: true,
    autoDestroy: false,
    read: () => undefined,
    write: (_piece, _encoding, done) => done(),
  })
  const server = createServer()
  server.on('upgrade', (request, _socket, head: Buffer) => {
    const response = responseToUpgrade(request)
    response.writeHead(101, ['connection', 'upgrade', 'upgrade', 'websocket'])
    tunnel(response, head, upstream, 50)
    if (first === 'upstream') upstream.push(null)
  })
  const client = await connectTo(server)
  await once(client, 'data')
  if (first === 'client') client.end()
  await Promise.all([once(upstream, 'close'), once(client, 'close')])
  server.close()
})

it('a tunnel hands a slow client all that the upstream sent before it closed', async () => {
  const last = Buffer.alloc(32_000_000, 'x')
  const upstream = new Duplex({ read: () => undefined, write: (_piece, _encoding, done) => done() })
  const server = createServer()
  server.on('upgrade', (request, _socket, head: Buffer) => {
    const response = responseToUpgrade(request)
    response.writeHead(101, ['connection', 'upgrade', 'upgrade', 'websocket'])
    tunnel(response, head, upstream, 10_000)
    // As one piece, which is more than the system takes at once.
    upstream.push(last)
    upstream.push(null)
    upstream.end()
  })
  const client = await connectTo(server)
  await once(upstream, 'close')
  let length = 0
  client.on('data', (piece: Buffer) => {
    length += piece.length
  })
  await once(client, 'close')
  expect(length).toBeGreaterThan(last.length)
  server.close()
})
