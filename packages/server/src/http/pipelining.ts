import type { IncomingMessage, RequestListener } from 'node:http'

/** Default of `maxPipelined`, in requests. Clients that send before the last answer is there send a few. */
export const MAX_PIPELINED = 64

type Socket = IncomingMessage['socket']

export interface PipeliningOptions {
  /** How many requests of one connection are worked on at once. Default: 64. */
  readonly maxPipelined?: number | undefined
  /** Told of every request that is dropped, and whether it is the first one of its connection. */
  readonly onDropped?: ((socket: Socket, isFirst: boolean) => void) | undefined
}

const running = new WeakMap<Socket, number>()

/** How many requests of a connection are worked on. */
export function requestsOf(socket: Socket): number {
  return running.get(socket) ?? 0
}

/**
 * Limits a connection to `maxPipelined` requests at once. Node hands over all that came in one piece of 64 kB,
 * thousands of them, before anybody else has a turn. If a connection sends more, those running are answered, nothing
 * else is read, and it is closed.
 */
export function boundPipelining(
  listener: RequestListener,
  { maxPipelined = MAX_PIPELINED, onDropped = () => undefined }: PipeliningOptions = {},
): RequestListener {
  const flooded = new WeakSet<Socket>()
  return (request, response) => {
    const { socket } = request
    const others = running.get(socket) ?? 0
    const isFlooded = flooded.has(socket)
    if (others >= maxPipelined || isFlooded) {
      flooded.add(socket)
      socket.pause()
      onDropped(socket, !isFlooded)
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
