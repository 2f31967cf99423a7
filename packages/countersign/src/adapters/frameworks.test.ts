import { createServer, request as httpRequest, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import Koa from 'koa'
import bodyParser from 'koa-bodyparser'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import type { Failure } from '../contract/failure.ts'
import { memoryKeys } from '../keys/key.ts'
import { qredoV1 } from '../schemes/index.ts'
import { createSigner } from '../sign/sign.ts'
import { deprecated } from '../verify/deprecation.ts'
import { createVerifier, type Verifier } from '../verify/verify.ts'
import * as forExpress from './express.ts'
import * as forFastify from './fastify.ts'
import * as forHono from './hono.ts'
import * as forKoa from './koa.ts'
import { requireSignature } from './node.ts'
import { verifiedCall } from './verified-calls.ts'
import * as forWebSocket from './websocket.ts'

const secret = Buffer.alloc(60, 5).toString('base64')
const signer = createSigner(qredoV1, { keyId: 'k', secret })

interface Running {
  readonly origin: string
  readonly refusals: Failure[]
  close(): Promise<unknown>
}

/**
 * The same small API in every framework: an echo of a JSON body behind the signature, and one behind a permission that
 * the key lacks.
 */
type Start = (
  verifierOf: (origin: string) => Verifier,
  refusals: Failure[],
) => Promise<{ server: Server; use: (origin: string) => unknown; close(): Promise<unknown> }>

const closing =
  (server: Server): (() => Promise<unknown>) =>
  () =>
    new Promise(resolve => {
      server.closeAllConnections()
      server.close(resolve)
    })

const frameworks: { readonly [name: string]: Start } = {
  async 'Express, before the parser'(verifierOf, refusals) {
    const app = express()
    const server = createServer(app)
    return {
      server,
      close: closing(server),
      use(origin) {
        const verifier = verifierOf(origin)
        const router = express.Router()
        router.post(
          '/echo',
          (request, response) =>
            void response.json({ key: verifiedCall(request).key.id, body: request.body, bytes: verifiedCall(request).body?.length }),
        )
        app.use(
          '/v1',
          forExpress.requireSignature(verifier, { onRefused: failure => refusals.push(failure) }),
          express.json({ limit: '1mb' }),
          router,
        )
        app.post('/denied', forExpress.requireSignature(verifier, { permission: 'other' }), (_, response) => void response.end())
      },
    }
  },
  async 'Express, behind a parser that keeps the raw bytes'(verifierOf, refusals) {
    const app = express()
    const server = createServer(app)
    return {
      server,
      close: closing(server),
      use(origin) {
        const verifier = verifierOf(origin)
        app.use(express.json({ limit: '1mb', verify: (request, _, rawBody) => void Object.assign(request, { rawBody }) }))
        app.post(
          '/v1/echo',
          forExpress.requireSignature(verifier, { onRefused: failure => refusals.push(failure) }),
          (request, response) =>
            void response.json({ key: verifiedCall(request).key.id, body: request.body, bytes: verifiedCall(request).body?.length }),
        )
        app.post('/denied', forExpress.requireSignature(verifier, { permission: 'other' }), (_, response) => void response.end())
      },
    }
  },
  async Fastify(verifierOf, refusals) {
    const app = fastify({ bodyLimit: 1_000_000 })
    return {
      server: app.server,
      close: () => app.close(),
      use(origin) {
        const verifier = verifierOf(origin)
        const hook = forFastify.requireSignature(verifier, { onRefused: failure => refusals.push(failure) })
        app.post('/v1/echo', { preParsing: hook }, async request => ({
          key: verifiedCall(request).key.id,
          body: request.body,
          bytes: verifiedCall(request).body?.length,
        }))
        app.post('/denied', { preParsing: forFastify.requireSignature(verifier, { permission: 'other' }) }, async () => 'no')
        return app.ready()
      },
    }
  },
  async 'Koa, before the parser'(verifierOf, refusals) {
    const app = new Koa()
    const server = createServer()
    return {
      server,
      close: closing(server),
      use(origin) {
        const verifier = verifierOf(origin)
        app.use(forKoa.requireSignature(verifier, { onRefused: failure => refusals.push(failure) }))
        app.use(bodyParser({ jsonLimit: '1mb' }))
        app.use(async (context, next) => {
          if (context.path === '/denied')
            return forKoa.requireSignature(createVerifier(qredoV1, { origin, keys, replay: 'off' }), { permission: 'other' })(context, next)
          context.body = { key: verifiedCall(context).key.id, body: context.request.body, bytes: verifiedCall(context).body?.length }
          return undefined
        })
        server.on('request', app.callback())
      },
    }
  },
  async 'Koa, behind koa-bodyparser'(verifierOf, refusals) {
    const app = new Koa()
    const server = createServer()
    return {
      server,
      close: closing(server),
      use(origin) {
        const verifier = verifierOf(origin)
        app.use(bodyParser({ jsonLimit: '1mb' }))
        app.use((context, next) =>
          forKoa.requireSignature(verifier, {
            onRefused: failure => refusals.push(failure),
            ...(context.path === '/denied' ? { permission: 'other' } : {}),
          })(context, next),
        )
        app.use(context => {
          context.body = { key: verifiedCall(context).key.id, body: context.request.body, bytes: verifiedCall(context).body?.length }
        })
        server.on('request', app.callback())
      },
    }
  },
  async Hono(verifierOf, refusals) {
    const app = new Hono()
    const server = createServer(getRequestListener(app.fetch))
    return {
      server,
      close: closing(server),
      use(origin) {
        const verifier = verifierOf(origin)
        app.use('/v1/*', forHono.requireSignature(verifier, { onRefused: failure => refusals.push(failure) }))
        app.post('/v1/echo', async context =>
          context.json({ key: verifiedCall(context).key.id, body: await context.req.json(), bytes: verifiedCall(context).body?.length }),
        )
        app.post('/denied', forHono.requireSignature(verifier, { permission: 'other' }), context => context.text('no'))
      },
    }
  },
}

const keys = memoryKeys(qredoV1, [{ id: 'k', secret }])

async function start(begin: Start): Promise<Running> {
  const refusals: Failure[] = []
  const { server, use, close } = await begin(
    origin =>
      deprecated(
        createVerifier(qredoV1, { origin, keys, replay: 'off', limits: { maxBodyBytes: 300_000 } }),
        { since: 0 },
        { what: 'scheme' },
      ),
    refusals,
  )
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  await use(origin)
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
  return { origin, refusals, close }
}

function freePort(): Promise<number> {
  return new Promise(resolve => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo
      probe.close(() => resolve(port))
    })
  })
}

/** A body whose length is not known beforehand, in pieces. */
function chunks(body: string): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(body)
  const size = Math.ceil(bytes.length / 5)
  let at = 0
  return new ReadableStream({
    async pull(controller) {
      await new Promise(resolve => setTimeout(resolve, 2))
      controller.enqueue(bytes.slice(at, at + size))
      at += size
      if (at >= bytes.length) controller.close()
    },
  })
}

describe.each(Object.entries(frameworks))('%s', (_, begin) => {
  let running: Running
  beforeAll(async () => {
    running = await start(begin)
  })
  afterAll(async () => void (await running.close()))

  const send = async (path: string, body: string, change: Record<string, string> = {}, isChunked = false) => {
    const url = running.origin + path
    const { headers } = signer.sign({ method: 'POST', url, body })
    const response = await fetch(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json', ...change },
      ...(isChunked ? { body: chunks(body), duplex: 'half' } : { body }),
    } as RequestInit)
    const text = await response.text()
    return {
      status: response.status,
      type: response.headers.get('content-type'),
      deprecation: response.headers.get('deprecation'),
      json: text === '' ? undefined : JSON.parse(text),
    }
  }

  it.each([
    ['small', '{"a": "ü",  "b": 1.0}'],
    ['large', JSON.stringify({ text: 'é'.repeat(100_000) })],
  ])('verifies a %s body, and leaves it to the parser', async (_size, body) => {
    const expected = { key: 'k', body: JSON.parse(body), bytes: Buffer.byteLength(body) }
    expect((await send('/v1/echo?x=%7e', body)).json).toEqual(expected)
    expect((await send('/v1/echo', body, {}, true)).json).toEqual(expected)
  })

  it('refuses with problem details, and tells the owner', async () => {
    const { status, type, json } = await send('/v1/echo', '{"a":1}', { 'qredo-api-sig': 'A'.repeat(43) })
    expect([status, type?.split(';')[0], json.code]).toEqual([401, 'application/problem+json', 'bad-signature'])
    expect(running.refusals.at(-1)).toEqual({ code: 'bad-signature', keyId: 'k' })
    expect((await send('/denied', '{"a":1}')).json).toMatchObject({ code: 'permission-denied', status: 403 })
  })

  it('says with every answer that the scheme is deprecated', async () => {
    expect(await send('/v1/echo', '{"a":1}')).toMatchObject({ status: 200, deprecation: '@0' })
    expect(await send('/v1/echo', '{"a":1}', { 'qredo-api-sig': 'A'.repeat(43) })).toMatchObject({ status: 401, deprecation: '@0' })
  })

  it('refuses a body beyond the limit, and goes on', async () => {
    const body = JSON.stringify({ text: 'x'.repeat(400_000) })
    expect((await send('/v1/echo', body)).status).toBe(413)
    expect((await send('/v1/echo', '{"a":1}')).status).toBe(200)
  })
})

describe('a body that a parser has eaten', () => {
  it('is told of when the server starts', async () => {
    const verifier = createVerifier(qredoV1, { origin: 'http://localhost', keys })
    const never = (): never => {
      throw new Error('a probe came to a handler')
    }
    const eaten = express().post('/orders', express.json(), forExpress.requireSignature(verifier), never)
    await expect(forExpress.checkBodyKept(eaten, { path: '/orders' })).rejects.toMatchObject({
      code: 'body-eaten',
      message: expect.stringContaining('POST /orders'),
    })
    const form = express().put('/orders', express.urlencoded(), forExpress.requireSignature(verifier), never)
    const asForm = { path: '/orders', method: 'PUT', contentType: 'application/x-www-form-urlencoded' }
    await expect(forExpress.checkBodyKept(form, asForm)).rejects.toMatchObject({ code: 'body-eaten' })
    const keeps = express.json({ verify: (request, _, rawBody) => void Object.assign(request, { rawBody }) })
    for (const app of [
      express().post('/orders', forExpress.requireSignature(verifier), express.json(), never),
      express().post('/orders', keeps, forExpress.requireSignature(verifier), never),
      new Koa().use(forKoa.requireSignature(verifier)).use(never).callback(),
      new Koa().use(bodyParser()).use(forKoa.requireSignature(verifier)).use(never).callback(),
      requireSignature(verifier, never),
    ])
      await forExpress.checkBodyKept(app, { path: '/orders' })
    const koaEaten = new Koa()
      .use(async (context, next) => {
        for await (const _ of context.req);
        await next()
      })
      .use(forKoa.requireSignature(verifier))
    await expect(forKoa.checkBodyKept(koaEaten.callback(), { path: '/x' })).rejects.toMatchObject({ code: 'body-eaten' })
    await expect(forExpress.checkBodyKept(express(), { path: '/nowhere' })).rejects.toThrow('answered with 404')
  })

  it('is told of clearly, by Express and Hono, and is no refusal', async () => {
    const app = express()
    const server = createServer(app)
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const verifier = createVerifier(qredoV1, { origin, keys, replay: 'off' })
    let error: unknown
    app.use(express.json(), forExpress.requireSignature(verifier))
    app.use((caught: unknown, _request: express.Request, response: express.Response, _next: express.NextFunction) => {
      error = caught
      response.status(500).end()
    })
    const { headers } = signer.sign({ method: 'POST', url: `${origin}/x`, body: '{"a":1}' })
    expect(
      (await fetch(`${origin}/x`, { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: '{"a":1}' })).status,
    ).toBe(500)
    expect(error).toMatchObject({ code: 'body-eaten', message: expect.stringContaining('rawBody') })
    server.close()

    const hono = new Hono()
    hono.onError(caught => {
      error = caught
      return new Response(null, { status: 500 })
    })
    hono.use(async (context, next) => {
      await context.req.raw.text()
      await next()
    })
    hono.post('/x', forHono.requireSignature(createVerifier(qredoV1, { origin: 'http://localhost', keys, replay: 'off' })))
    const forms = signer.sign({ method: 'POST', url: 'http://localhost/x', body: '{"a":1}' })
    error = undefined
    await hono.request('/x', { method: 'POST', headers: forms.headers, body: '{"a":1}' })
    expect(error).toMatchObject({ code: 'body-eaten' })
  })
})

describe('requireSignature of countersign/websocket', () => {
  it('lets signed WebSockets through, whichever form of the URL was signed, and answers the others', async () => {
    const server = createServer()
    const sockets = new WebSocketServer({ noServer: true })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const host = `127.0.0.1:${port}`
    const verifier = createVerifier(qredoV1, { origin: [`http://${host}`, `ws://${host}`], keys })
    server.on(
      'upgrade',
      forWebSocket.requireSignature(verifier, (request, socket, head, { key }) =>
        sockets.handleUpgrade(request, socket, head, connection => connection.send(`hello ${key.id}`)),
      ),
    )
    for (const sign of ['http', 'ws', undefined] as const) {
      const { url, headers } = await forWebSocket.signUpgrade(signer, `ws://${host}/feed?form=${sign}`, { sign })
      const socket = new WebSocket(url, { headers })
      expect(String(await new Promise((resolve, reject) => socket.once('message', resolve).once('error', reject)))).toBe('hello k')
      socket.terminate()
    }
    const answer = await new Promise<{ status: number | undefined; type: string | undefined; text: string }>((resolve, reject) => {
      const outgoing = httpRequest(
        { host: '127.0.0.1', port, path: '/feed', headers: { connection: 'upgrade', upgrade: 'websocket' } },
        incoming => {
          let text = ''
          incoming.on('data', piece => {
            text += piece
          })
          incoming.on('end', () => resolve({ status: incoming.statusCode, type: incoming.headers['content-type'], text }))
        },
      )
      outgoing.on('error', reject)
      outgoing.end()
    })
    expect(answer).toMatchObject({ status: 401, type: 'application/problem+json' })
    expect(JSON.parse(answer.text)).toMatchObject({ code: 'missing-header' })
    sockets.close()
    server.close()
  })
})
