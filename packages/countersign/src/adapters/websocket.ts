import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { FAILURES, type Failure, problemHeaders, toProblem } from '../failure.ts'
import type { Verification, Verified, Verifier } from '../verify.ts'
import type { NodeAdapterOptions } from './node.ts'

/**
 * Verifies a WebSocket's upgrade request. Clients sign its URL as `wss://…` or as `https://…`: name both in the verifier's `origin` to accept either.
 */
export function verifyUpgrade(verifier: Verifier, request: IncomingMessage, options: NodeAdapterOptions = {}): Promise<Verification> {
  return verifier.verify(
    {
      method: request.method ?? '',
      target: request.url ?? '',
      headers: request.rawHeaders,
      address: options.address === undefined ? request.socket.remoteAddress : options.address(request),
    },
    options,
  )
}

/**
 * A listener for `upgrade` of `node:http` that lets only verified requests through, and answers the others before there is a WebSocket.
 *
 * ```ts
 * server.on('upgrade', requireSignedUpgrade(verifier, (request, socket, head, { key }) =>
 *   sockets.handleUpgrade(request, socket, head, connection => connection.send(`hello ${key.id}`))))
 * ```
 */
export function requireSignedUpgrade(
  verifier: Verifier,
  handler: (request: IncomingMessage, socket: Duplex, head: Buffer, verified: Verified) => void,
  options: NodeAdapterOptions = {},
): (request: IncomingMessage, socket: Duplex, head: Buffer) => void {
  return (request, socket, head) => {
    const destroy = (): void => void socket.destroy()
    socket.on('error', destroy)
    verifyUpgrade(verifier, request, options)
      .then(result => {
        socket.off('error', destroy)
        if (result.ok) return handler(request, socket, head, result)
        options.onRefused?.(result.failure, request)
        refuseUpgrade(socket, result.failure, verifier.scheme.name)
      })
      .catch(destroy)
  }
}

/** Answers an upgrade request like any other, and ends the connection. */
export function refuseUpgrade(socket: Duplex, failure: Failure, schemeName: string): void {
  const { status } = FAILURES[failure.code]
  const text = JSON.stringify(toProblem(failure))
  const headers = { ...problemHeaders(failure, schemeName), 'content-length': String(Buffer.byteLength(text)), connection: 'close' }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.on('error', () => socket.destroy())
  socket.end(`HTTP/1.1 ${status} ${toProblem(failure).title}\r\n${lines.join('')}\r\n${text}`)
}
