import { randomBytes } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { type FrameBoundary, frameBoundary } from './frame-boundary.ts'

/** Why the gateway ends a WebSocket, RFC 6455 §7.4.1. */
const CLOSE_CODES = { 'going-away': 1001, 'key-ended': 1008 } as const
type CloseReason = keyof typeof CLOSE_CODES

/** A WebSocket that is open. */
export interface Tunnel {
  /** Tells both sides why, in a close frame, and cuts what is still open after {@link CLOSE_GRACE_MS}. */
  end(reason: CloseReason): void
  readonly closed: Promise<void>
}

/** How long both sides have to close once they are told why, in milliseconds. */
export const CLOSE_GRACE_MS = 400

/**
 * Sends the head of a response that is an upgrade, and then passes on the bytes of both sides.
 *
 * @param head what the client sent behind its request
 * @param halfClosedMs how long nothing may pass once one side has closed
 */
export function tunnel(response: ServerResponse, head: Buffer, upstream: Duplex, halfClosedMs: number): Tunnel | undefined {
  const { socket } = response
  if (socket === null) {
    upstream.destroy()
    return undefined
  }
  response.flushHeaders()
  response.detachSocket(socket)
  upstream.on('error', () => socket.destroy())
  // What was read of the upstream before it ended is still on its way to the client.
  upstream.on('close', () => socket.destroySoon())
  socket.on('close', () => upstream.destroy())
  const [toUpstream, toClient] = [frameBoundary(), frameBoundary()]
  if (head.length > 0) {
    toUpstream.passed(head)
    upstream.write(head)
  }
  socket.on('data', toUpstream.passed)
  upstream.on('data', toClient.passed)
  socket.pipe(upstream).pipe(socket)
  const closed = new Promise<void>(resolve => socket.once('close', () => resolve()))
  const destroy = (): void => {
    socket.destroy()
    upstream.destroy()
  }
  for (const side of [socket, upstream]) side.once('end', () => socket.setTimeout(halfClosedMs, destroy))
  return {
    closed,
    end(reason) {
      socket.unpipe(upstream)
      upstream.unpipe(socket)
      // Nobody else reads what is still sent, and without being read the other side's end isn't seen.
      socket.resume()
      upstream.resume()
      endWith(socket, closeFrame(CLOSE_CODES[reason]), toClient)
      endWith(upstream, maskedCloseFrame(CLOSE_CODES[reason]), toUpstream)
      setTimeout(destroy, CLOSE_GRACE_MS).unref()
    },
  }
}

/** A frame of ours within one of theirs would be read as its content: then the connection just ends. */
function endWith(side: Duplex, frame: Buffer, { isBetweenFrames }: FrameBoundary): void {
  if (isBetweenFrames) side.end(frame)
  else side.end()
}

/** As servers send it, without a mask. */
function closeFrame(code: number): Buffer {
  return Buffer.from([0x88, 2, code >> 8, code & 0xff])
}

/** As clients send it. */
function maskedCloseFrame(code: number): Buffer {
  const mask = randomBytes(4)
  return Buffer.from([0x88, 0x82, ...mask, (code >> 8) ^ (mask[0] ?? 0), (code & 0xff) ^ (mask[1] ?? 0)])
}
