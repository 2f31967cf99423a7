import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { setImmediate as nextTurn } from 'node:timers/promises'
import fastify from 'fastify'
import { describe, expect, it } from 'vitest'
import { readBody } from './read-body.ts'

const LIMIT = 300_000

/** How a parser of the world's reads a body. */
const PARSERS: { readonly [name: string]: (request: IncomingMessage) => Promise<string> } = {
  'by data and end': async request => {
    let read = ''
    request.on('data', (piece: Buffer) => {
      read += piece.toString()
    })
    await once(request, 'end')
    return read
  },
  'by readable': async request => {
    let read = ''
    request.on('readable', () => {
      for (let piece = request.read() as Buffer | null; piece !== null; piece = request.read() as Buffer | null) read += piece.toString()
    })
    await once(request, 'end')
    return read
  },
  'by for await': text,
}

const framed = {
  'with its length': (body: string) => ['content-length: ', String(body.length), body],
  'in chunks': (body: string) => [
    'transfer-encoding: ',
    'chunked',
    `${(body.match(/[\s\S]{1,1000}/g) ?? []).map(one => `${one.length.toString(16)}\r\n${one}\r\n`).join('')}0\r\n\r\n`,
  ],
} satisfies { readonly [name: string]: (body: string) => readonly [string, string, string] | string[] }

const cut = {
  'all at once': (head: string, body: string) => [head + body],
  'behind its head': (head: string, body: string) => [head, body],
  'in two': (head: string, body: string) => [head + body.slice(0, body.length / 2), body.slice(body.length / 2)],
  'in pieces': (head: string, body: string) => [head, ...(body.match(/[\s\S]{1,7919}/g) ?? [])],
}

const BODIES = { empty: '', short: '{"a":1}', 'as long as may be': 'y'.repeat(LIMIT), 'too long': 'z'.repeat(LIMIT + 1) }

describe('readBody', () => {
  for (const [parser, parse] of Object.entries(PARSERS))
    it.each(
      Object.keys(BODIES).flatMap(size => Object.keys(framed).flatMap(frame => Object.keys(cut).map(way => [size, frame, way] as const))),
    )(`leaves a body that is %s, %s, %s, to a parser that reads ${parser}, twice on one connection`, async (size, frame, way) => {
      const body = BODIES[size as keyof typeof BODIES]
      const seen: unknown[] = []
      const server = createServer((request, response) => {
        void (async () => {
          const first = await readBody(request, LIMIT)
          const second = await readBody(request, LIMIT)
          await nextTurn()
          if (typeof first === 'string') {
            seen.push(first)
            response.setHeader('connection', 'close')
          } else seen.push(Buffer.from(first ?? '').toString() === (await parse(request)), second === first)
          response.end('done')
        })()
      }).listen(0, '127.0.0.1')
      await once(server, 'listening')
      const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
      socket.on('error', () => undefined)
      const [name = '', value = '', wire = ''] = framed[frame as keyof typeof framed](body)
      const head = `POST / HTTP/1.1\r\nhost: a\r\n${name}${value}\r\n\r\n`
      let answers = ''
      socket.on('data', piece => {
        answers += piece.toString()
      })
      const calls = size === 'too long' ? 1 : 2
      for (let call = 1; call <= calls; call++) {
        for (const piece of cut[way as keyof typeof cut](head, wire)) {
          if (!socket.destroyed) socket.write(piece)
          await nextTurn()
        }
        while (answers.split('done').length <= call && !socket.destroyed) await nextTurn()
      }
      socket.destroy()
      server.closeAllConnections()
      server.close()
      expect(seen).toEqual(size === 'too long' ? ['too-large'] : [true, true, true, true])
    })

  it('says when the client went away', async () => {
    const failed = new Promise(resolve => {
      const server = createServer(request => {
        readBody(request, LIMIT).catch((error: Error) => {
          server.close()
          resolve(error.message)
        })
      }).listen(0, '127.0.0.1', () => {
        const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
        socket.write('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nabc', () => socket.destroy())
      })
    })
    expect(await failed).toMatch(/went away/)
  })

  it('of Fastify’s inject is read like any other', async () => {
    const app = fastify()
    app.addHook('preParsing', async request => {
      await readBody(request.raw, LIMIT)
    })
    app.post('/', async request => request.body)
    const answer = await app.inject({ method: 'POST', url: '/', payload: { a: 1 } })
    expect(answer.json()).toEqual({ a: 1 })
  })

  it('says when the client had left before it was asked, and when bytes were made text', async () => {
    const messages: string[] = []
    const server = createServer((request, response) => {
      if (request.url === '/text') request.setEncoding('utf8')
      else request.destroy()
      readBody(request, LIMIT).catch((error: Error) => {
        messages.push(error.message)
        response.end()
      })
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    for (const path of ['/gone', '/text'])
      await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', body: 'é' }).catch(() => undefined)
    server.closeAllConnections()
    server.close()
    expect(messages).toEqual([expect.stringMatching(/went away/), expect.stringMatching(/setEncoding/)])
  })
})
