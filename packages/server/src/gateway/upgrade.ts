import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { announcedLength } from 'countersign/node'

/**
 * What is sent upstream is a GET for a WebSocket, so nothing else may be asked for; a body would go into the WebSocket.
 */
export function asksForWebSocket(request: IncomingMessage): boolean {
  return request.method === 'GET' && request.headers.upgrade?.toLowerCase() === 'websocket' && announcedLength(request) === 0
}

/**
 * Sends the head of a response that is an upgrade, and then passes on the bytes of both sides.
 *
 * @param head what the client sent behind its request
 */
export function tunnel(response: ServerResponse, head: Buffer, upstream: Duplex): void {
  const { socket } = response
  if (socket === null) {
    upstream.destroy()
    return
  }
  response.flushHeaders()
  response.detachSocket(socket)
  upstream.on('error', () => socket.destroy())
  // What was read of the upstream before it ended is still on its way to the client.
  upstream.on('close', () => socket.destroySoon())
  socket.on('close', () => upstream.destroy())
  if (head.length > 0) upstream.write(head)
  socket.pipe(upstream).pipe(socket)
}
