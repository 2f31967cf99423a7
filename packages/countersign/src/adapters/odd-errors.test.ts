import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import Koa from 'koa'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { memoryKeys } from '../keys/key.ts'
import { qredoV1 } from '../schemes/index.ts'
import { createSigner } from '../sign/sign.ts'
import { createVerifier } from '../verify/verify.ts'
import * as forExpress from './express.ts'
import * as forFastify from './fastify.ts'
import * as forHono from './hono.ts'
import * as forKoa from './koa.ts'
import * as forNode from './node.ts'

/** What a verifier is given fails in odd ways; no framework may take that for a verified call, or stop answering. */
const secret = Buffer.alloc(60, 5).toString('base64')
const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

interface Given {
  readonly clock?: () => number
  readonly address?: () => string
  readonly onRefused?: () => void
  readonly onError?: (error: unknown) => void
}

/** Answers 200 where the handler behind the check ran. */
const FRAMEWORKS: { readonly [name: string]: (origin: string, given: Given) => Promise<RequestListener> | RequestListener } = {
  express(origin, { clock, ...options }) {
    const app = express()
    app.use(forExpress.requireSignature(verifierOf(origin, clock), options), (_, response) => void response.send('ran'))
    return app as unknown as RequestListener
  },
  async fastify(origin, { clock, ...options }) {
    const app = fastify({ serverFactory: handler => createServer(handler) })
    app.post('/x', { preParsing: forFastify.requireSignature(verifierOf(origin, clock), options) }, async () => 'ran')
    await app.ready()
    return (request, response) => app.routing(request, response)
  },
  koa(origin, { clock, ...options }) {
    const app = new Koa()
    app.silent = true
    app.use(forKoa.requireSignature(verifierOf(origin, clock), options)).use(context => {
      context.body = 'ran'
    })
    return app.callback()
  },
  hono(origin, { clock, ...options }) {
    const app = new Hono()
    app.onError((_, context) => context.text('error', 500))
    app.use(forHono.requireSignature(verifierOf(origin, clock), options))
    app.post('/x', context => context.text('ran'))
    return getRequestListener(app.fetch)
  },
  node: (origin, { clock, ...options }) =>
    forNode.requireSignature(verifierOf(origin, clock), (_, response) => void response.end('ran'), options),
}

function verifierOf(origin: string, clock: (() => number) | undefined) {
  return createVerifier(qredoV1, { origin, keys: memoryKeys(qredoV1, [{ id: 'k', secret }]), ...(clock === undefined ? {} : { clock }) })
}

/** The status and body of an answer; `closed` where the connection was closed instead. */
async function call(name: string, given: Given, signedWith = secret): Promise<string> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => {
    server.closeAllConnections()
    server.close()
  })
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  server.on('request', (await FRAMEWORKS[name]?.(origin, given)) as RequestListener)
  const { url, headers, body } = createSigner(qredoV1, { keyId: 'k', secret: signedWith }).sign({
    method: 'POST',
    url: `${origin}/x`,
    body: '{"a":1}',
  })
  return fetch(url, { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: body ?? null }).then(
    async response => `${response.status} ${(await response.text()) === 'ran' ? 'ran' : ''}`.trim(),
    () => 'closed',
  )
}

const NAMES = Object.keys(FRAMEWORKS)

describe.each(NAMES)('%s', name => {
  it('lets a signed call through', async () => {
    expect(await call(name, {})).toBe('200 ran')
  })

  it.each([undefined, null, '', 0, 'route', 'router', new Error('broken')])('answers 500 where a clock throws %j', async thrown => {
    const clock = (): never => {
      throw thrown
    }
    const onError = vi.fn()
    expect(await call(name, { clock, onError })).toBe('500')
    expect(onError).toHaveBeenCalledExactlyOnceWith(expect.any(Error), expect.anything())
  })

  it.each([undefined, null, 'route'])('answers 500 where the option address throws %j', async thrown => {
    const address = (): never => {
      throw thrown
    }
    const onError = vi.fn()
    expect(await call(name, { address, onError })).toBe('500')
    expect(onError).toHaveBeenCalledExactlyOnceWith(expect.any(Error), expect.anything())
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('the log is away')
      },
    ],
    ['rejects', async () => Promise.reject(new Error('the log is away'))],
  ])('answers a refused call where onRefused %s, tells onError, and leaves nothing unhandled', async (_what, onRefused) => {
    const unhandled = vi.fn()
    const onError = vi.fn()
    process.on('unhandledRejection', unhandled)
    expect(await call(name, { onRefused, onError }, Buffer.alloc(60, 6).toString('base64'))).toBe('401')
    expect(onError).toHaveBeenCalledExactlyOnceWith(expect.any(Error), expect.anything())
    const failing = (): never => {
      throw new Error('so is this')
    }
    expect(await call(name, { onRefused, onError: failing }, Buffer.alloc(60, 6).toString('base64'))).toBe('401')
    await new Promise(setImmediate)
    process.off('unhandledRejection', unhandled)
    expect(unhandled).not.toHaveBeenCalled()
  })
})
