/** A server of bare sockets: it keeps each request as it came, before any library has read it. */
import { createServer } from 'node:net'

/**
 * @typedef {object} Call
 * @property {string} method
 * @property {string} target as it stood on the request line
 * @property {[name: string, value: string][]} headers
 * @property {Buffer} body the bytes of the body, without the framing of chunks
 */

/**
 * @param {(call: Call, place: number) => Promise<{ status: number, headers?: object, body?: string } | 'cut'>} answer
 * what becomes of the call; `cut` closes the connection
 */
export async function rawServer(answer) {
  /** @type {Call[]} */
  const calls = []
  const sockets = new Set()
  const server = createServer(socket => {
    sockets.add(socket)
    let bytes = Buffer.alloc(0)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
    socket.on('data', async piece => {
      bytes = Buffer.concat([bytes, piece])
      const call = readCall(bytes)
      if (call === undefined) return
      bytes = Buffer.alloc(0)
      const said = await answer(call, calls.push(call) - 1)
      if (said === 'cut') return socket.destroy()
      const { status, headers = {}, body = '' } = said
      const all = { 'content-length': Buffer.byteLength(body), connection: 'close', date: new Date().toUTCString(), ...headers }
      const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
      socket.end(`HTTP/1.1 ${status} x\r\n${lines.join('')}\r\n${call.method === 'HEAD' ? '' : body}`)
    })
  })
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    calls,
    origin: `http://127.0.0.1:${server.address().port}`,
    close() {
      for (const socket of sockets) socket.destroy()
      return new Promise(resolve => server.close(resolve))
    },
  }
}

/** @returns {Call | undefined} where the request is not all there */
function readCall(bytes) {
  const end = bytes.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const [line, ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n')
  const [method, target] = line.split(' ')
  const headers = lines.map(text => [text.slice(0, text.indexOf(':')).toLowerCase(), text.slice(text.indexOf(':') + 1).trim()])
  const rest = bytes.subarray(end + 4)
  const body = bodyOf(rest, Object.fromEntries(headers))
  return body === undefined ? undefined : { method, target, headers, body }
}

function bodyOf(rest, headers) {
  if (headers['transfer-encoding'] === 'chunked') return unchunked(rest)
  const length = Number(headers['content-length'] ?? 0)
  return rest.length < length ? undefined : rest.subarray(0, length)
}

function unchunked(rest) {
  const pieces = []
  for (let at = 0; ; ) {
    const line = rest.indexOf('\r\n', at)
    if (line < 0) return undefined
    const length = Number.parseInt(rest.subarray(at, line).toString(), 16)
    if (rest.length < line + 2 + length + 2) return undefined
    if (length === 0) return Buffer.concat(pieces)
    pieces.push(rest.subarray(line + 2, line + 2 + length))
    at = line + 2 + length + 2
  }
}
