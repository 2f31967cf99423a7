import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Duplex } from 'node:stream'

/** Passes a verified upgrade on, and then the bytes of both sides. */
export function tunnel(
  upstream: string,
  target: string,
  headers: readonly string[],
  socket: Duplex,
  head: Buffer,
  timeoutMs: number,
): void {
  const { protocol, hostname, port } = new URL(upstream)
  const send = protocol === 'https:' ? httpsRequest : httpRequest
  const outgoing = send({
    hostname,
    port: port === '' ? undefined : Number(port),
    method: 'GET',
    path: target,
    headers: [...headers, 'connection', 'Upgrade', 'upgrade', 'websocket'] as unknown as string[],
    agent: false,
    timeout: timeoutMs,
  })
  const fail = (status: string): void => {
    outgoing.destroy()
    socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
  }
  outgoing.on('timeout', () => fail('504 Gateway Timeout'))
  outgoing.on('error', () => fail('502 Bad Gateway'))
  // An upstream that does not want to upgrade answers like to any request.
  outgoing.on('response', answer => {
    socket.write(`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}\r\n${headerLines(answer.rawHeaders)}connection: close\r\n\r\n`)
    answer.pipe(socket)
  })
  outgoing.on('upgrade', (answer, upstreamSocket, upstreamHead) => {
    outgoing.setTimeout(0)
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n${headerLines(answer.rawHeaders, true)}\r\n`)
    if (upstreamHead.length > 0) socket.write(upstreamHead)
    if (head.length > 0) upstreamSocket.write(head)
    socket.pipe(upstreamSocket).pipe(socket)
    for (const [one, other] of [
      [socket, upstreamSocket],
      [upstreamSocket, socket],
    ] as const) {
      one.on('error', () => other.destroy())
      one.on('close', () => other.destroy())
    }
  })
  socket.on('close', () => outgoing.destroy())
  outgoing.end()
}

function headerLines(raw: readonly string[], withConnection = false): string {
  let lines = ''
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const isConnection = /^(connection|transfer-encoding|keep-alive)$/i.test(raw[at] ?? '')
    if (withConnection || !isConnection) lines += `${raw[at]}: ${raw[at + 1]}\r\n`
  }
  return lines
}
