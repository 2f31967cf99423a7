/** Clients that send a body as the table says, over each protocol. */
import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import type { Sending } from './body-table.ts'

interface Call {
  readonly port: number
  readonly method: string
  readonly target: string
  readonly headers: { readonly [name: string]: string }
  readonly sending: Sending
}

export interface Answer {
  /** `nothing` where the client left before. */
  readonly status: number | 'nothing'
  readonly text: string
}

export type Send = (call: Call) => Promise<Answer>

const NOTHING: Answer = { status: 'nothing', text: '' }
/** Between two pieces of a body: long enough for a server to look at the first by itself. */
const PAUSE_MS = 3

function piecesOf({ pieces, isAborted = false }: Sending): readonly string[] {
  return isAborted ? pieces.slice(0, -1) : pieces
}

function lengthOf({ pieces, framing }: Sending): { readonly [name: string]: string } {
  return framing === 'length' ? { 'content-length': String(Buffer.byteLength(pieces.join(''))) } : {}
}

/** Over a bare socket, since Node's client adds headers of its own. */
export const overHttp1: Send = async ({ port, method, target, headers, sending }) => {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  let text = ''
  socket.setEncoding('utf8').on('data', (piece: string) => {
    text += piece
  })
  const closed = new Promise(resolve => socket.on('close', resolve))
  await once(socket, 'connect')
  const isChunked = sending.framing === 'unknown'
  const all = {
    host: `127.0.0.1:${port}`,
    connection: 'close',
    ...headers,
    ...lengthOf(sending),
    ...(isChunked ? { 'transfer-encoding': 'chunked' } : {}),
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.write(`${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`)
  for (const [at, piece] of piecesOf(sending).entries()) {
    if (at > 0) await pause(PAUSE_MS)
    if (piece !== '') socket.write(isChunked ? `${Buffer.byteLength(piece).toString(16)}\r\n${piece}\r\n` : piece)
  }
  if (sending.isAborted) {
    await pause(PAUSE_MS)
    socket.destroy()
    return NOTHING
  }
  if (isChunked) socket.write('0\r\n\r\n')
  await closed
  const [head = '', ...body] = text.split('\r\n\r\n')
  const plain = body.join('\r\n\r\n')
  const isInChunks = /^transfer-encoding: chunked$/im.test(head)
  return { status: Number(head.split(' ', 2)[1]), text: isInChunks ? (plain.split('\r\n')[1] ?? '') : plain }
}

/** @param ca where it is over TLS */
export function overHttp2(ca?: string): Send {
  return async ({ port, method, target, headers, sending }) => {
    const authority = `127.0.0.1:${port}`
    const client =
      ca === undefined ? connectHttp2(`http://${authority}`) : connectHttp2(`https://${authority}`, { ca, servername: 'localhost' })
    client.on('error', () => undefined)
    const stream = client.request(
      { ':method': method, ':path': target, ...headers, ...lengthOf(sending) },
      { endStream: sending.framing === 'none' },
    )
    stream.on('error', () => undefined)
    const closed = new Promise(resolve => stream.on('close', resolve))
    let status: Answer['status'] = 'nothing'
    let text = ''
    stream.on('response', answer => {
      status = Number(answer[':status'])
    })
    stream.setEncoding('utf8').on('data', (piece: string) => {
      text += piece
    })
    for (const [at, piece] of piecesOf(sending).entries()) {
      if (at > 0) await pause(PAUSE_MS)
      if (piece !== '' && !stream.destroyed) stream.write(piece)
    }
    if (sending.isAborted) {
      await pause(PAUSE_MS)
      client.destroy()
      return NOTHING
    }
    if (sending.framing !== 'none' && !stream.destroyed) stream.end()
    await closed
    client.close()
    return { status, text }
  }
}

/** A stream of the pieces, which fails where the client leaves. */
export async function* streamOf(sending: Sending): AsyncGenerator<Buffer> {
  for (const [at, piece] of piecesOf(sending).entries()) {
    if (at > 0) await pause(PAUSE_MS)
    if (piece !== '') yield Buffer.from(piece)
  }
  if (sending.isAborted) throw Object.assign(new Error('The client has left.'), { code: 'ECONNRESET' })
}
