import { createServer, IncomingMessage, type RequestListener } from 'node:http'
import { type AddressInfo, Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { getRequestListener } from '@hono/node-server'
import express from 'express'
import { Hono } from 'hono'
import Koa from 'koa'
import bodyParser from 'koa-bodyparser'
import { afterEach, describe, expect, it } from 'vitest'
import { memoryKeys } from '../keys/key.ts'
import { qredoV1 } from '../schemes/index.ts'
import { createSigner } from '../sign/sign.ts'
import { createVerifier, type Verifier } from '../verify/verify.ts'
import * as forExpress from './express.ts'
import * as forHono from './hono.ts'
import * as forKoa from './koa.ts'
import { verifyNodeRequest } from './node.ts'
import * as forWeb from './web.ts'

const secret = Buffer.alloc(60, 5).toString('base64')
const ORIGIN = 'http://api.example'
const verifier = createVerifier(qredoV1, { origin: ORIGIN, keys: memoryKeys(qredoV1, [{ id: 'k', secret }]), replay: 'off' })
const JSON_BODY = Buffer.from('{"a":"é"}')
const GZIPPED = gzipSync(JSON_BODY)

const errors: unknown[] = []
const closing: (() => void)[] = []
afterEach(() => {
  errors.length = 0
  for (const close of closing.splice(0)) close()
})

const options = { onError: (error: unknown) => errors.push(error) }
const keep = (request: object, _response: unknown, rawBody: Buffer): void => void Object.assign(request, { rawBody })
type Parser = ReturnType<typeof express.json>

/** Answers with the JSON that the handler got, or its text. */
function inExpress(parser: Parser, parserComesFirst: boolean) {
  return (own: Verifier): RequestListener => {
    const app = express()
    const check = forExpress.requireSignature(own, options)
    for (const step of parserComesFirst ? [parser, check] : [check, parser]) app.use(step as never)
    app.use((request, response) => {
      const { body } = request as { body: unknown }
      response.end(body instanceof Uint8Array ? Buffer.from(body) : typeof body === 'string' ? body : JSON.stringify(body ?? null))
    })
    app.use((_error: unknown, _request: express.Request, response: express.Response, _next: express.NextFunction) => {
      response.status(500).end()
    })
    return app as unknown as RequestListener
  }
}

function inKoa(parserComesFirst: boolean) {
  return (own: Verifier): RequestListener => {
    const app = new Koa()
    app.silent = true
    const check = forKoa.requireSignature(own, options)
    const parser = bodyParser({ enableTypes: ['json', 'text'] })
    app.use(parserComesFirst ? parser : (check as never)).use(parserComesFirst ? (check as never) : parser)
    app.use(context => {
      context.body = typeof context.request.body === 'string' ? context.request.body : JSON.stringify(context.request.body)
    })
    return app.callback() as RequestListener
  }
}

interface Sent {
  readonly body?: Uint8Array
  readonly headers?: Record<string, string>
  readonly isChunked?: boolean
  /** What is signed, if not the body. */
  readonly signed?: Uint8Array
}

async function call(make: (own: Verifier) => RequestListener, { body = JSON_BODY, headers = {}, isChunked = false, signed = body }: Sent) {
  const server = createServer(make(verifier))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => {
    server.closeAllConnections()
    server.close()
  })
  const call = createSigner(qredoV1, { keyId: 'k', secret }, { allow: ['ambiguous-request'] }).sign({
    method: 'POST',
    url: `${ORIGIN}/x`,
    body: signed,
  })
  const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/x`, {
    method: 'POST',
    headers: { ...call.headers, 'content-type': 'application/json', ...headers },
    ...(isChunked ? { body: new Blob([body as never]).stream(), duplex: 'half' } : { body }),
  } as RequestInit)
  return { status: answer.status, text: await answer.text() }
}

const text = { 'content-type': 'text/plain' }
const gzip = { 'content-encoding': 'gzip' }

describe('a web-standard request behind a parser of Node', () => {
  const handlers = {
    hono: (own: Verifier) => new Hono().use(forHono.requireSignature(own, options)).all('*', context => context.text('ran')).fetch,
    web: (own: Verifier) => forWeb.requireSignature(own, () => new Response('ran'), options),
  }
  const behind =
    (parser: Parser | undefined, name: keyof typeof handlers) =>
    (own: Verifier): RequestListener => {
      const app = express()
      if (parser !== undefined) app.use(parser)
      app.use(getRequestListener(handlers[name](own) as never) as never)
      return app as unknown as RequestListener
    }

  it.each(['hono', 'web'] as const)('is no request without a body: %s', async name => {
    const nothing = Buffer.alloc(0)
    expect(await call(behind(undefined, name), {})).toEqual({ status: 200, text: 'ran' })
    expect(await call(behind(express.json(), name), { body: nothing })).toEqual({ status: 200, text: 'ran' })
    for (const signed of [JSON_BODY, nothing]) expect((await call(behind(express.json(), name), { signed })).status).toBe(500)
    expect(await call(behind(express.json({ verify: keep }), name), {})).toEqual({ status: 200, text: 'ran' })
    expect((await call(behind(express.json({ verify: keep }), name), { signed: nothing })).status).toBe(401)
  })
})

describe('a body that a program has put beside an ended stream', () => {
  const made = (beside: object, signed: Uint8Array | undefined) => {
    const request = Object.assign(new IncomingMessage(new Socket()), { method: 'POST', url: '/x', complete: true, ...beside })
    request.push(null)
    const call = createSigner(qredoV1, { keyId: 'k', secret }).sign({ method: 'POST', url: `${ORIGIN}/x`, body: signed })
    Object.assign(request.headers, call.headers)
    return request
  }
  const outcomeOf = async (beside: object, signed?: Uint8Array): Promise<string> => {
    const result = await verifyNodeRequest(verifier, made(beside, signed))
    return result.ok ? `ok ${result.body?.length ?? 0}` : result.failure.code
  }

  it('is the one that is verified', async () => {
    expect(await outcomeOf({})).toBe('ok 0')
    expect(await outcomeOf({ body: {} })).toBe('ok 0')
    expect(await outcomeOf({ rawBody: JSON_BODY })).toBe('bad-signature')
    expect(await outcomeOf({ rawBody: JSON_BODY }, JSON_BODY)).toBe(`ok ${JSON_BODY.length}`)
    expect(await outcomeOf({ body: JSON_BODY })).toBe('bad-signature')
    expect(await outcomeOf({ body: { a: 1 } })).toBe('body-unreadable')
  })
})

/** `verified`: the handler has the body as it was signed. Else the status, and what the error says. */
const CASES: readonly (readonly [
  name: string,
  make: (own: Verifier) => RequestListener,
  sent: Sent,
  expected: 'verified' | RegExp | number,
])[] = [
  ['express.json() that keeps rawBody', inExpress(express.json({ verify: keep }), true), {}, 'verified'],
  ['express.json() that keeps rawBody, in chunks', inExpress(express.json({ verify: keep }), true), { isChunked: true }, 'verified'],
  ['express.json()', inExpress(express.json(), true), {}, /kept nothing/],
  ['express.raw()', inExpress(express.raw({ type: () => true }), true), {}, 'verified'],
  ['express.raw(), in chunks', inExpress(express.raw({ type: () => true }), true), { isChunked: true }, 'verified'],
  ['express.raw(), signed otherwise', inExpress(express.raw({ type: () => true }), true), { signed: Buffer.from('{}') }, 401],
  ['express.text()', inExpress(express.text({ type: () => true }), true), { headers: text }, 'verified'],
  [
    'express.text(), in chunks',
    inExpress(express.text({ type: () => true }), true),
    { headers: text, isChunked: true },
    /an unknown number of/,
  ],
  [
    'express.text() of Latin 1',
    inExpress(express.text({ type: () => true }), true),
    { headers: { 'content-type': 'text/plain; charset=ISO-8859-1' }, body: Buffer.from('{"a":"é"}', 'latin1') },
    /another encoding than UTF-8/,
  ],
  [
    'express.text() of bytes that are no UTF-8',
    inExpress(express.text({ type: () => true }), true),
    { headers: text, body: Buffer.from([0x7b, 0xff]) },
    /4 bytes where 2/,
  ],
  [
    'express.text() of a byte order mark',
    inExpress(express.text({ type: () => true }), true),
    { headers: text, body: Buffer.from('\ufeff{}') },
    /2 bytes where 5/,
  ],
  ['koa-bodyparser', inKoa(true), {}, 'verified'],
  ['koa-bodyparser of text', inKoa(true), { headers: text }, 'verified'],
  [
    'express.json() that keeps rawBody, of a gzipped body',
    inExpress(express.json({ verify: keep }), true),
    { body: GZIPPED, headers: gzip },
    /decoded the body/,
  ],
  [
    'express.raw(), of a gzipped body',
    inExpress(express.raw({ type: () => true }), true),
    { body: GZIPPED, headers: gzip },
    /decoded the body/,
  ],
  [
    'express.raw() that inflates nothing, of a plain body',
    inExpress(express.raw({ type: () => true, inflate: false }), true),
    {},
    'verified',
  ],
  [
    'express.text(), of a gzipped body',
    inExpress(express.text({ type: () => true }), true),
    { body: GZIPPED, headers: { ...gzip, ...text } },
    /decoded the body/,
  ],
  ['koa-bodyparser, of a gzipped body', inKoa(true), { body: GZIPPED, headers: gzip }, /decoded the body/],
  [
    'express.raw(), of a gzipped body whose decoded bytes are signed',
    inExpress(express.raw({ type: () => true }), true),
    { body: GZIPPED, headers: gzip, signed: JSON_BODY },
    /decoded/,
  ],
]

describe('a check behind', () => {
  it.each(CASES)('%s', async (_name, make, sent, expected) => {
    const { status, text: got } = await call(make, sent)
    if (expected === 'verified') expect([status, JSON.parse(got)]).toEqual([200, { a: 'é' }])
    else if (typeof expected === 'number') expect(status).toBe(expected)
    else {
      expect(status).toBe(500)
      expect(errors).toEqual([expect.objectContaining({ code: 'body-eaten', message: expect.stringMatching(expected) as string })])
    }
  })
})

describe('a check in front of', () => {
  it.each([
    ['express.json()', inExpress(express.json(), false)],
    ['express.raw()', inExpress(express.raw({ type: () => true }), false)],
    ['express.text()', inExpress(express.text({ type: () => true }), false)],
    ['koa-bodyparser', inKoa(false)],
  ])('%s verifies the bytes as they were sent, and the parser decodes them', async (_name, make) => {
    expect(await call(make, {})).toEqual({ status: 200, text: '{"a":"é"}' })
    expect(await call(make, { body: GZIPPED, headers: gzip })).toEqual({ status: 200, text: '{"a":"é"}' })
    expect(await call(make, { body: GZIPPED, headers: gzip, signed: JSON_BODY })).toMatchObject({ status: 401 })
    expect(errors).toEqual([])
  })
})

it('is refused at start-up where a parser eats bodies', async () => {
  await expect(forExpress.checkBodyKept(inExpress(express.json(), true)(verifier), { path: '/x' })).rejects.toThrow('rawBody: true')
  await forExpress.checkBodyKept(inExpress(express.raw({ type: () => true }), true)(verifier), { path: '/x' })
  await forKoa.checkBodyKept(inKoa(true)(verifier), { path: '/x' })
})
