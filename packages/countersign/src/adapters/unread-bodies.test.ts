import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { connect as connectHttp2, createServer as createHttp2Server, type ServerHttp2Stream } from 'node:http2'
import { type AddressInfo, connect } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import Koa from 'koa'
import { afterEach, describe, expect, it } from 'vitest'
import { memoryKeys } from '../keys/key.ts'
import { qredoV1 } from '../schemes/index.ts'
import { createSigner } from '../sign/sign.ts'
import { createVerifier, type Verifier } from '../verify/verify.ts'
import * as forExpress from './express.ts'
import * as forFastify from './fastify.ts'
import * as forHono from './hono.ts'
import * as forKoa from './koa.ts'
import * as forNode from './node.ts'
import * as forWeb from './web.ts'

const secret = Buffer.alloc(60, 5).toString('base64')
const ORIGIN = 'http://api.example.com'
const MAX_BYTES = 1_000_000
const LARGE = JSON.stringify({ a: 'a'.repeat(MAX_BYTES) })
const signer = createSigner(qredoV1, { keyId: 'k', secret })
function verifierOf(limits: { readonly bodyTimeoutMs?: number } = {}): Verifier {
  const keys = memoryKeys(qredoV1, [{ id: 'k', secret }])
  return createVerifier(qredoV1, { origin: ORIGIN, keys, replay: 'off', limits: { maxBodyBytes: MAX_BYTES, ...limits } })
}

/** Answers `ran` where the handler behind the check ran. */
const LISTENERS: { readonly [name: string]: (verifier: Verifier) => RequestListener | Promise<RequestListener> } = {
  node: verifier => forNode.requireSignature(verifier, (_request, response) => void response.end('ran')),
  express: verifier => express().use(forExpress.requireSignature(verifier), (_, response) => void response.send('ran')) as RequestListener,
  koa: verifier =>
    new Koa()
      .use(forKoa.requireSignature(verifier))
      .use(context => {
        context.body = 'ran'
      })
      .callback(),
  async fastify(verifier) {
    const app = fastify({ serverFactory: handler => createServer(handler) })
    app.all('/x', { preParsing: forFastify.requireSignature(verifier) }, async () => 'ran')
    await app.ready()
    return (request, response) => app.routing(request, response)
  },
  hono: verifier => getRequestListener(new Hono().use(forHono.requireSignature(verifier)).all('/x', context => context.text('ran')).fetch),
  web: verifier => {
    const handle = forWeb.requireSignature(verifier, () => new Response('ran'))
    return getRequestListener(handle)
  },
}

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push(() => {
    server.closeAllConnections?.()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

const linesOf = (headers: object): string =>
  Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')

/** Sends all, and goes on sending as long as it can; what it was answered once the connection is closed. */
async function insist(port: number, head: string, piece: Buffer, pieces: number): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let text = ''
  socket.setEncoding('utf8').on('data', chunk => {
    text += chunk
  })
  socket.on('error', () => undefined)
  socket.write(head)
  for (let sent = 0; sent < pieces && socket.writable; sent++) {
    if (socket.write(piece)) continue
    await new Promise<void>(resolve => {
      for (const event of ['drain', 'close'] as const) socket.once(event, () => resolve())
    })
  }
  if (!socket.closed) await new Promise(resolve => socket.once('close', resolve))
  return text
}

describe.each(Object.keys(LISTENERS))('over HTTP/1.1, %s', name => {
  it('a client that still sends a body which is too large gets the answer', async () => {
    const port = await listen(createServer(await LISTENERS[name]?.(verifierOf())))
    const { headers } = signer.sign({ method: 'POST', url: `${ORIGIN}/x`, body: '{"a":1}' })
    const piece = Buffer.alloc(65_536, 'x')
    for (const lines of [`content-length: ${piece.length * 60}\r\n`, 'transfer-encoding: chunked\r\n']) {
      const framed = lines.startsWith('content') ? piece : Buffer.concat([Buffer.from('10000\r\n'), piece, Buffer.from('\r\n')])
      const answer = await insist(port, `POST /x HTTP/1.1\r\nhost: a\r\n${lines}${linesOf(headers)}\r\n`, framed, 60)
      expect(answer).toMatch(/^HTTP\/1\.1 413 .*"code":"body-too-large"/s)
    }
  })

  it.each([
    ['its length', 'content-length: 7\r\n', '{"a":1}'],
    ['chunks', 'transfer-encoding: chunked\r\n', '7\r\n{"a":1}\r\n0\r\n\r\n'],
  ])('a GET with a body in %s is refused, and one without is not', async (_what, lines, body) => {
    const port = await listen(createServer(await LISTENERS[name]?.(verifierOf())))
    const { headers } = signer.sign({ method: 'GET', url: `${ORIGIN}/x` })
    for (const [more, expected] of [
      ['', / 200 .*ran/s],
      [lines, / 400 .*"code":"unexpected-body"/s],
    ] as const) {
      const socket = connect(port, '127.0.0.1')
      let text = ''
      socket.on('data', piece => {
        text += piece
      })
      socket.write(`GET /x HTTP/1.1\r\nhost: a\r\nconnection: close\r\n${more}${linesOf(headers)}\r\n`)
      if (more !== '') setImmediate(() => socket.write(body))
      await once(socket, 'close')
      expect(text).toMatch(expected)
    }
  })
})

// Those that answer before such a body is there.
describe.each(['node', 'express', 'koa', 'fastify'])('over HTTP/1.1, %s', name => {
  it('what comes behind the answer that ends a connection is no request', async () => {
    const calls: string[] = []
    const listener = (await LISTENERS[name]?.(verifierOf())) as RequestListener
    const server = createServer((request, response) => {
      calls.push(request.url ?? '')
      return listener(request, response)
    })
    const ended = new Promise(resolve => server.on('connection', connection => connection.on('close', resolve)))
    // It goes on sending when the server has ended its side.
    const socket = connect({ port: await listen(server), host: '127.0.0.1', allowHalfOpen: true })
    socket.on('error', () => undefined)
    closing.push(() => socket.destroy())
    let text = ''
    socket.setEncoding('utf8').on('data', piece => {
      text += piece
    })
    const wrong = createSigner(qredoV1, { keyId: 'k', secret: Buffer.alloc(60, 6).toString('base64') })
    const signed = wrong.sign({ method: 'POST', url: `${ORIGIN}/x`, body: LARGE }).headers
    socket.write(`POST /x HTTP/1.1\r\nhost: a\r\ncontent-length: ${LARGE.length}\r\n${linesOf(signed)}\r\n`)
    await expect.poll(() => text).toMatch(/^HTTP\/1\.1 413 /)
    const good = signer.sign({ method: 'GET', url: `${ORIGIN}/x` }).headers
    socket.write(`${LARGE}GET /x?second HTTP/1.1\r\nhost: a\r\n${linesOf(good)}\r\n`)
    await ended
    expect(calls).toEqual(['/x'])
  })
})

describe.each(['node', 'koa', 'fastify'])('over HTTP/2, %s', name => {
  it('a stream ends with the refusal of a body that is late, and nothing more is kept of it', async () => {
    const impatient = verifierOf({ bodyTimeoutMs: 50 })
    const server = createHttp2Server()
    const streams: ServerHttp2Stream[] = []
    let request: IncomingMessage | undefined
    server.on('stream', stream => streams.push(stream))
    if (name === 'fastify') {
      const app = fastify({ http2: true, serverFactory: handler => server.on('request', handler as never) as never })
      app.all('/x', { preParsing: forFastify.requireSignature(impatient) as never }, async () => 'ran')
      await app.ready()
    } else server.on('request', (await LISTENERS[name]?.(impatient)) as never)
    server.prependListener('request', own => {
      request = own as never
    })
    const port = await listen(server as never)
    const client = connectHttp2(`http://127.0.0.1:${port}`)
    closing.push(() => client.destroy())
    const { headers } = signer.sign({ method: 'POST', url: `${ORIGIN}/x`, body: '{"a":1}' })
    const stream = client.request({ ':method': 'POST', ':path': '/x', ...headers })
    stream.on('error', () => undefined)
    stream.write('{"begun":')
    let text = ''
    stream.setEncoding('utf8').on('data', piece => {
      text += piece
    })
    const [{ ':status': status }] = (await once(stream, 'response')) as [{ ':status'?: number }]
    expect(status).toBe(400)
    await expect.poll(() => text).toContain('body-incomplete')
    await expect.poll(() => streams.map(({ closed }) => closed)).toEqual([true])
    expect(request?.listenerCount('readable')).toBe(0)
    expect(request?.readableLength).toBe(0)
  })
})
