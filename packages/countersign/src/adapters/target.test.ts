import { createServer, type RequestListener } from 'node:http'
import { createServer as createHttp2Server } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import Koa from 'koa'
import { afterEach, describe, expect, it } from 'vitest'
import { overHttp1, overHttp2, type Send } from '../../test/body-senders.ts'
import { SENDINGS } from '../../test/body-table.ts'
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
const ORIGIN = 'http://api.example'
const signer = createSigner(qredoV1, { keyId: 'k', secret })

interface Options {
  readonly target?: () => string
  readonly trustedProxies?: readonly string[]
  readonly address?: () => string
}

/** Answers `ran` where the handler behind the check ran. */
type Make = (verifier: Verifier, options: Options) => RequestListener | Promise<RequestListener>

const honoOf = (verifier: Verifier, options: Options): Hono => {
  const app = new Hono()
  app.use(forHono.requireSignature(verifier, options as forHono.HonoOptions))
  app.all('*', context => context.text('ran'))
  return app
}
const webOf = (verifier: Verifier, options: Options) => forWeb.requireSignature(verifier, () => new Response('ran'), options)
const listenerOf = (fetch: Parameters<typeof getRequestListener>[0]) => getRequestListener(fetch) as RequestListener
const fastifyOf = async (verifier: Verifier, options: Options, prefix: string): Promise<RequestListener> => {
  const app = fastify({ serverFactory: handler => createServer(handler) })
  await app.register(
    async scope => {
      scope.addHook('preParsing', forFastify.requireSignature(verifier, options) as never)
      scope.all('*', async () => 'ran')
    },
    { prefix },
  )
  await app.ready()
  return (request, response) => app.routing(request, response)
}

const AT_ROOT: { readonly [name: string]: Make } = {
  node: (verifier, options) => forNode.requireSignature(verifier, (_, response) => response.end('ran'), options),
  'signed()': (verifier, options) => (request, response) => forNode.signed(verifier, options)(request, response, () => response.end('ran')),
  express: (verifier, options) =>
    express().use(forExpress.requireSignature(verifier, options), (_, response) => void response.end('ran')) as unknown as RequestListener,
  fastify: (verifier, options) => fastifyOf(verifier, options, '/'),
  koa: (verifier, options) =>
    new Koa()
      .use(forKoa.requireSignature(verifier, options))
      .use(context => {
        context.body = 'ran'
      })
      .callback() as RequestListener,
  hono: (verifier, options) => listenerOf(honoOf(verifier, options).fetch),
  web: (verifier, options) => listenerOf(webOf(verifier, options)),
}

/** Behind a path that its framework takes off. */
const MOUNTED: { readonly [name: string]: Make } = {
  'express, of countersign/express': (verifier, options) =>
    express().use(
      '/admin',
      forExpress.requireSignature(verifier, options),
      (_, response) => void response.end('ran'),
    ) as unknown as RequestListener,
  'express, of countersign/node': (verifier, options) =>
    express().use(
      '/admin',
      forNode.requireSignature(verifier, (_, response) => response.end('ran'), options),
    ) as unknown as RequestListener,
  'express, a router in a router': (verifier, options) =>
    express().use(
      '/admin',
      express.Router().use('/', forNode.signed(verifier, options), (_, response) => void response.end('ran')),
    ) as unknown as RequestListener,
  'fastify, with a prefix': (verifier, options) => fastifyOf(verifier, options, '/admin'),
  'hono, mounted': (verifier, options) => listenerOf(new Hono().mount('/admin', honoOf(verifier, options).fetch).fetch),
  'hono, routed': (verifier, options) => listenerOf(new Hono().route('/admin', honoOf(verifier, options)).fetch),
  'a fetch handler, mounted in hono': (verifier, options) => listenerOf(new Hono().mount('/admin', webOf(verifier, options)).fetch),
  'koa in express': async (verifier, options) =>
    express().use('/admin', (await AT_ROOT.koa?.(verifier, options)) as never) as unknown as RequestListener,
  'hono in express': (verifier, options) =>
    express().use('/admin', listenerOf(honoOf(verifier, options).fetch) as never) as unknown as RequestListener,
}

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

interface Case extends Options {
  readonly signed: string
  readonly sent: string
  readonly headers?: Record<string, string>
  readonly origin?: string | readonly string[]
  readonly isHttp2?: boolean
  readonly addresses?: readonly string[]
}

async function call(make: Make, { signed, sent, headers = {}, origin = ORIGIN, isHttp2 = false, addresses, ...options }: Case) {
  const keys = memoryKeys(qredoV1, [{ id: 'k', secret, ...(addresses === undefined ? {} : { addresses }) }])
  const listener = await make(createVerifier(qredoV1, { origin, keys, replay: 'off' }), options)
  const server = isHttp2 ? createHttp2Server(listener as never) : createServer(listener)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => void server.close())
  const send: Send = isHttp2 ? overHttp2() : overHttp1
  const call = signer.sign({ method: 'GET', url: signed.startsWith('http') ? signed : ORIGIN + signed })
  const { status, text } = await send({
    port: (server.address() as AddressInfo).port,
    method: 'GET',
    target: sent,
    headers: { ...call.headers, ...headers },
    sending: SENDINGS.none,
  })
  return text === 'ran' ? 'ran' : status
}

describe.each(Object.entries(MOUNTED))('%s', (_name, make) => {
  it('verifies the target that was sent', async () => {
    expect(await call(make, { signed: '/admin/x?y=%7e', sent: '/admin/x?y=%7e' })).toBe('ran')
    expect(await call(make, { signed: '/x?y=%7e', sent: '/admin/x?y=%7e' })).toBe(401)
    expect(await call(make, { signed: '/x', sent: '/admin/x', target: () => '/x' })).toBe('ran')
  })
})

describe.each(Object.entries(AT_ROOT))('%s', (name, make) => {
  it('takes the option target', async () => {
    expect(await call(make, { signed: '/y', sent: '/x' })).toBe(401)
    expect(await call(make, { signed: '/y', sent: '/x', target: () => '/y' })).toBe('ran')
  })

  it('verifies the target as it was spelled', async () => {
    const target = '/a/../b?x=%7e&flag&y=a+b'
    expect(await call(make, { signed: target, sent: target })).toBe('ran')
    expect(await call(make, { signed: '/b?x=%7e&flag&y=a+b', sent: target })).toBe(401)
  })

  it('believes only the proxies that are named, of the address', async () => {
    const one = { signed: '/x', sent: '/x', addresses: ['192.0.2.0/24'], headers: { 'x-forwarded-for': '192.0.2.7' } }
    expect(await call(make, one)).toBe(403)
    expect(await call(make, { ...one, trustedProxies: ['10.0.0.0/8'] })).toBe(403)
    expect(await call(make, { ...one, trustedProxies: ['127.0.0.0/8', '::1'] })).toBe('ran')
    expect(await call(make, { ...one, trustedProxies: ['127.0.0.0/8'], headers: { 'x-forwarded-for': '192.0.2.7, 8.8.8.8' } })).toBe(403)
    expect(await call(make, { ...one, trustedProxies: ['10.0.0.0/8'], address: () => '10.0.0.1' })).toBe('ran')
    expect(await call(make, { ...one, trustedProxies: ['10.0.0.0/8'], address: () => '8.8.8.8' })).toBe(403)
  })

  it('believes only the proxies that are named, of the host, which chooses among known origins', async () => {
    const two = {
      signed: 'http://b.example/x',
      sent: '/x',
      origin: [ORIGIN, 'http://b.example'],
      headers: { 'x-forwarded-host': 'b.example' },
    }
    expect(await call(make, two)).toBe(421)
    expect(await call(make, { ...two, trustedProxies: ['127.0.0.1'] })).toBe('ran')
    expect(await call(make, { ...two, trustedProxies: ['127.0.0.1'], headers: { 'x-forwarded-host': 'evil.example' } })).toBe(421)
    expect(await call(make, { ...two, headers: { host: 'b.example' } })).toBe('ran')
  })

  // Express has no HTTP/2, and Fastify a server of its own for it.
  if (name !== 'express' && name !== 'fastify')
    it('takes :authority for the host over HTTP/2', async () => {
      const authority = { ':authority': 'b.example' }
      const two = { signed: 'http://b.example/x', sent: '/x', origin: [ORIGIN, 'http://b.example'], isHttp2: true }
      expect(await call(make, { ...two, headers: authority })).toBe('ran')
      expect(await call(make, { ...two, headers: { ...authority, host: 'b.example' } })).toBe('ran')
      // A handler may go by the other.
      expect(await call(make, { ...two, headers: { ...authority, host: 'api.example' } })).toBe(400)
      expect(await call(make, { ...two, headers: { ':authority': 'c.example' } })).toBe(421)
    })
})
