/** The servers of the table: each echoes, behind the check, what its handler reads. */
import { execFileSync, spawnSync } from 'node:child_process'
import type { EventEmitter } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, IncomingMessage, type RequestListener, type Server, ServerResponse } from 'node:http'
import { createServer as createHttp2Server, createSecureServer, type Http2SecureServer, type Http2Server } from 'node:http2'
import { type AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { getRequestListener } from '@hono/node-server'
import express from 'express'
import fastify, { type FastifyInstance } from 'fastify'
import { Hono } from 'hono'
import Koa from 'koa'
import * as forExpress from '../src/adapters/express.ts'
import * as forFastify from '../src/adapters/fastify.ts'
import * as forHono from '../src/adapters/hono.ts'
import * as forKoa from '../src/adapters/koa.ts'
import * as forNode from '../src/adapters/node.ts'
import * as forWeb from '../src/adapters/web.ts'
import type { Verified, Verifier } from '../src/index.ts'
import { type Answer, overHttp1, overHttp2, type Send, streamOf } from './body-senders.ts'

export interface Running {
  readonly send: Send
  readonly port: number
  /** Its clients are in the same process, and can't leave. */
  readonly hasNoClients?: boolean
  /** Where it has clients. */
  readonly server?: EventEmitter
  close(): unknown
}

interface Options {
  readonly verifier: Verifier
  /** Called where a call comes to the handler. */
  readonly handled: () => void
  readonly onError: (error: unknown) => void
}

export type Start = (options: Options) => Promise<Running>

/** What the handler saw: the bytes that were verified, and those that it, or a parser behind the check, read. */
function echo({ handled }: Options, { body }: Verified, read: Uint8Array): string {
  handled()
  return JSON.stringify({ verified: Buffer.from(body ?? []).toString(), read: Buffer.from(read).toString() })
}

/** Unless something else has answered while the handler read. */
function answer(response: ServerResponse, text: string): void {
  if (!response.headersSent) response.end(text)
}

async function listen(server: Server | Http2Server | Http2SecureServer, send: Send): Promise<Running> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    send,
    server,
    port: (server.address() as AddressInfo).port,
    close() {
      if ('closeAllConnections' in server) server.closeAllConnections()
      server.close()
    },
  }
}

/** Certificates are made with it. */
export const HAS_OPENSSL = spawnSync('openssl', ['version']).error === undefined

/** A certificate for this machine, made anew. */
let certificate: { readonly key: string; readonly cert: string } | undefined
function tls(): { readonly key: string; readonly cert: string } {
  if (certificate !== undefined) return certificate
  const folder = mkdtempSync(join(tmpdir(), 'countersign-tls-'))
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
  const kind = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1']
  execFileSync('openssl', [...kind, '-keyout', key, '-out', cert, ...names], { stdio: 'ignore' })
  certificate = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
  rmSync(folder, { recursive: true })
  return certificate
}

function nodeListener(options: Options): RequestListener {
  const { verifier, onError } = options
  return forNode.requireSignature(
    verifier,
    async (request, response, verified) => answer(response, echo(options, verified, await buffer(request))),
    { onError },
  )
}

function connectListener(options: Options): RequestListener {
  const check = forNode.signed(options.verifier, { onError: options.onError })
  return (request, response) =>
    check(request, response, async () => answer(response, echo(options, forNode.verifiedCall(request), await buffer(request))))
}

const raw = () => express.raw({ type: () => true })

function expressListener(options: Options, parserComesFirst = false): RequestListener {
  const { verifier, onError } = options
  const app = express()
  const check = forExpress.requireSignature(verifier, { onError })
  app.use(...(parserComesFirst ? [raw(), check] : [check, raw()]))
  app.use(async (request, response) => {
    const { body } = request as { body?: unknown }
    // The parser leaves a body alone that no header announces.
    const read = body instanceof Uint8Array ? body : request.readableEnded ? new Uint8Array() : await buffer(request)
    answer(response, echo(options, forExpress.verifiedCall(request), read))
  })
  // Else its error handler prints what is expected.
  app.use((_error: unknown, _request: express.Request, response: express.Response, _next: express.NextFunction) => {
    if (!response.headersSent) response.status((_error as { status?: number }).status ?? 500).end()
  })
  return app as unknown as RequestListener
}

function koaListener(options: Options): RequestListener {
  const { verifier, onError } = options
  const app = new Koa()
  app.silent = true
  app.use(forKoa.requireSignature(verifier, { onError })).use(async context => {
    context.body = echo(options, forKoa.verifiedCall(context), await buffer(context.req))
  })
  return app.callback() as RequestListener
}

function honoListener(options: Options): RequestListener {
  const { verifier, onError } = options
  const app = new Hono()
  app.onError((_, context) => context.text('', 500))
  app.use(forHono.requireSignature(verifier, { onError }))
  app.all('*', async context => context.body(echo(options, forHono.verifiedCall(context), new Uint8Array(await context.req.arrayBuffer()))))
  return getRequestListener(app.fetch) as RequestListener
}

function fetchHandler(options: Options): (request: Request) => Promise<Response> {
  return forWeb.requireSignature(
    options.verifier,
    async (request, verified) => new Response(echo(options, verified, new Uint8Array(await request.arrayBuffer()))),
    { onError: options.onError },
  )
}

function fastifyApp(options: Options, app: FastifyInstance): FastifyInstance {
  const { verifier, onError } = options
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  app.post('/x', { preParsing: forFastify.requireSignature(verifier, { onError }) as never }, async (request, reply) =>
    reply.send(echo(options, forFastify.verifiedCall(request), (request.body as Buffer | undefined) ?? new Uint8Array())),
  )
  return app
}

async function fastifyServer(options: Options, app: FastifyInstance, send: Send): Promise<Running> {
  fastifyApp(options, app)
  await app.listen({ port: 0, host: '127.0.0.1' })
  return { send, server: app.server, port: (app.server.address() as AddressInfo).port, close: () => app.close() }
}

async function injected(options: Options, isStream: boolean): Promise<Running> {
  const app = fastifyApp(options, fastify())
  await app.ready()
  return {
    port: 80,
    hasNoClients: true,
    close: () => app.close(),
    async send({ method, target, headers, sending }) {
      const text = sending.pieces.join('')
      const payload = sending.framing === 'none' ? {} : { payload: isStream ? Readable.from(streamOf(sending)) : text }
      const answer = await app.inject({ method: method as 'POST', url: target, headers, ...payload })
      return { status: answer.statusCode, text: answer.body }
    },
  }
}

/** A request as wrappers for Lambda make it: complete before it is read, and without raw headers. */
class MadeRequest extends IncomingMessage {
  constructor(method: string, url: string, headers: { readonly [name: string]: string }, read: (request: IncomingMessage) => void) {
    super(new Socket())
    Object.assign(this, { complete: true, httpVersion: '1.1', httpVersionMajor: 1, method, url, headers })
    let isRead = false
    this._read = () => {
      if (!isRead) read(this)
      isRead = true
    }
  }
}

/** @param isLate whether the body comes in pieces, later */
function made(listener: (options: Options) => RequestListener, isLate: boolean): Start {
  return async options => {
    const handle = listener(options)
    const send: Send = ({ method, target, headers, sending }) =>
      new Promise<Answer>(resolve => {
        const request = new MadeRequest(method, target, headers, async self => {
          if (isLate) for await (const piece of streamOf(sending)) self.push(piece)
          else if (sending.framing !== 'none') self.push(Buffer.from(sending.pieces.join('')))
          self.push(null)
        })
        const response = new ServerResponse(request)
        let text = ''
        const sink = new Writable({
          write(piece: Buffer, _, done) {
            text += piece.toString()
            done()
          },
        })
        response.assignSocket(sink as never)
        response.on('finish', () => resolve({ status: response.statusCode, text: text.slice(text.indexOf('\r\n\r\n') + 4) }))
        handle(request, response)
      })
    return { send, port: 80, hasNoClients: true, close: () => undefined }
  }
}

const overTls = (listener: (options: Options) => RequestListener): Start => {
  return async options => {
    const { key, cert } = tls()
    return listen(createSecureServer({ key, cert }, listener(options) as never), overHttp2(cert))
  }
}
const overH2c = (listener: (options: Options) => RequestListener): Start => {
  return async options => listen(createHttp2Server(listener(options) as never), overHttp2())
}
const plain = (listener: (options: Options) => RequestListener): Start => {
  return async options => listen(createServer(listener(options)), overHttp1)
}

/** By the names that the docs list. */
export const SERVERS: { readonly [name: string]: Start } = {
  '`node:http`': plain(nodeListener),
  '`signed()` on `node:http`': plain(connectListener),
  '`node:http2` without TLS': overH2c(nodeListener),
  '`node:http2` over TLS': overTls(nodeListener),
  'Express 5': plain(options => expressListener(options)),
  'Express 5 behind `express.raw()`': plain(options => expressListener(options, true)),
  Fastify: options => fastifyServer(options, fastify(), overHttp1),
  'Fastify over HTTP/2': options => fastifyServer(options, fastify({ http2: true }) as never, overHttp2()),
  'Fastify over HTTP/2 and TLS': options => {
    const https = tls()
    return fastifyServer(options, fastify({ http2: true, https }) as never, overHttp2(https.cert))
  },
  'Fastify’s `inject`': options => injected(options, false),
  'Fastify’s `inject` of a stream': options => injected(options, true),
  Koa: plain(koaListener),
  'Koa over HTTP/2': overH2c(koaListener),
  'Hono on Node': plain(honoListener),
  'Hono on Node over HTTP/2': overH2c(honoListener),
  '`fetch` handlers on Node': plain(options => getRequestListener(fetchHandler(options)) as RequestListener),
  '`fetch` handlers': async options => {
    const handle = fetchHandler(options)
    return {
      port: 80,
      close: () => undefined,
      async send({ method, target, headers, sending }) {
        const body = sending.framing === 'none' ? null : (Readable.toWeb(Readable.from(streamOf(sending))) as ReadableStream<Uint8Array>)
        const answer = await handle(new Request(`http://127.0.0.1${target}`, { method, headers, body, duplex: 'half' } as RequestInit))
        return { status: answer.status, text: await answer.text() }
      },
    }
  },
  'requests that a program makes, to `countersign/node`': made(nodeListener, false),
  'requests that a program makes, late': made(nodeListener, true),
  'requests that a program makes, to Express': made(options => expressListener(options), false),
  'requests that a program makes, late, to Express': made(options => expressListener(options), true),
  'requests that a program makes, to Koa': made(koaListener, true),
}

/** Those that can run here. @param withClients only those that clients connect to */
export function runnableServers(withClients = false): [name: string, start: Start][] {
  const isOverTls = (name: string): boolean => /TLS/.test(name) && !/without TLS/.test(name)
  const hasNoClients = (name: string): boolean => /inject|program|^`fetch` handlers$/.test(name)
  return Object.entries(SERVERS).filter(([name]) => (HAS_OPENSSL || !isOverTls(name)) && !(withClients && hasNoClients(name)))
}
