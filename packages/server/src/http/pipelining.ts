import type { IncomingMessage, RequestListener } from 'node:http'

/** Clients that send requests before the last one is answered send a few. */
export const MAX_PIPELINED = 64

type Socket = IncomingMessage['socket']

/**
 * A listener that works on so many requests of one connection at once. Node hands over all that came in one piece of 64
 * kB, thousands of them, before anybody else has a turn. Of a connection that sends more, those are answered, nothing
 * more is read, and it ends.
 */
export function boundPipelining(listener: RequestListener): RequestListener {
  const running = new WeakMap<Socket, number>()
  const flooded = new WeakSet<Socket>()
  return (request, response) => {
    const { socket } = request
    const others = running.get(socket) ?? 0
    if (others >= MAX_PIPELINED || flooded.has(socket)) {
      flooded.add(socket)
      socket.pause()
      return
    }
    running.set(socket, others + 1)
    response.once('close', () => {
      const left = (running.get(socket) ?? 1) - 1
      running.set(socket, left)
      if (left === 0 && flooded.has(socket)) socket.destroySoon()
    })
    listener(request, response)
  }
}
