import { type IncomingMessage, ServerResponse } from 'node:http'

/** The response to an upgrade request, which Node leaves to us: it is answered like every other request. */
export function responseToUpgrade(request: IncomingMessage): ServerResponse {
  const { socket } = request
  const response = new ServerResponse(request)
  response.shouldKeepAlive = false
  // Node has taken its own listeners off.
  socket.on('error', () => socket.destroy())
  try {
    response.assignSocket(socket)
  } catch {
    // Another request of the connection still runs, and nobody could tell the answers apart.
    socket.destroy()
    response.destroy()
    return response
  }
  socket.on('drain', () => response.emit('drain'))
  // A client that ends its side before it is answered has left.
  socket.on('end', () => {
    if (response.socket !== null) socket.destroy()
  })
  response.on('finish', () => {
    // Bytes that nobody read would reset the connection before the answer is there.
    socket.resume()
    socket.destroySoon()
  })
  return response
}
