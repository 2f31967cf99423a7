import type { Socket } from 'node:net'

/** How long what a client still sends is read after the answer, in milliseconds. */
export const LINGER_MS = 1_000

/**
 * Has a connection of Node's HTTP server closed in two steps once its last answer is sent (RFC 9112 §9.6): closed at
 * once, it would be reset if the client still sends, and the client would lose the answer. What still comes is dropped,
 * and not read as a request.
 */
export function lingerAtEnd(socket: Socket): void {
  socket.destroySoon = () => {
    socket.end()
    // Node's parser gives up the connection to whoever listens for its bytes, and is taken off.
    socket.on('data', ignore)
    socket.removeAllListeners('data').on('data', ignore)
    socket.resume()
    const timer = setTimeout(() => socket.destroy(), LINGER_MS)
    socket.once('close', () => clearTimeout(timer))
  }
}

function ignore(): void {}
