import fastify from 'fastify'
import { Hono } from 'hono'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { requireSignature as forFastify, verifiedCall } from '../adapters/fastify.ts'
import { requireSignature as forHono, verifiedCall as honoCall } from '../adapters/hono.ts'
import { requireSignature as forWeb } from '../adapters/web.ts'
import type { FailureCode } from '../contract/failure.ts'
import { FAILURES, toProblem } from '../contract/problem.ts'
import { memoryKeys } from '../keys/key.ts'
import { awsSigV4Query, rfc9421 } from '../schemes/index.ts'
import { createSigner } from '../sign/sign.ts'
import { createVerifier } from '../verify/verify.ts'
import { EXAMPLES } from './failures.ts'
import { accepting, refusing, signedInit, signedInject } from './index.ts'

const secret = Buffer.alloc(40, 5).toString('base64')
const origin = 'https://api.example.com'
const signer = createSigner(rfc9421, { keyId: 'k', secret })
const verifierOf = () => createVerifier(rfc9421, { origin, keys: memoryKeys(rfc9421, [{ id: 'k', secret }]) })

afterEach(() => {
  vi.unstubAllEnvs()
})

function echoing() {
  const app = fastify()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  app.addHook('preParsing', forFastify(verifierOf()))
  app.all('/orders', async request => ({ key: verifiedCall(request).key.id, url: request.url, body: request.body ?? null }))
  return app
}

describe('signedInject', () => {
  it.each([
    ['a JSON value', { amount: '1', note: 'ü' }, { amount: '1', note: 'ü' }],
    ['bytes', Buffer.from('{"a":1}'), { type: 'Buffer', data: [...Buffer.from('{"a":1}')] }],
    ['text', '{"a":1}', { type: 'Buffer', data: [...Buffer.from('{"a":1}')] }],
    ['nothing', undefined, null],
  ])('signs %s for inject of Fastify', async (_what, payload, read) => {
    const app = echoing()
    const call = await signedInject(signer, { method: 'POST', url: `${origin}/orders?x=1`, query: { y: ['2', 'ü'] }, payload })
    const answer = await app.inject(call)
    expect([answer.statusCode, answer.json()]).toEqual([200, { key: 'k', url: '/orders?x=1&y=2&y=%C3%BC', body: read }])
    // It was signed once, so it is taken once.
    expect((await app.inject(call)).json()).toMatchObject({ code: 'replayed' })
  })

  it('signs a GET where no method is said, and a signature that goes into the query', async () => {
    expect((await echoing().inject(await signedInject(signer, { url: `${origin}/orders` }))).statusCode).toBe(200)
    const query = createSigner(awsSigV4Query, { keyId: 'k', secret }, { parameters: { region: 'eu-west-1', service: 'x' } })
    const { url, payload } = await signedInject(query, { url: `${origin}/orders?x=1` })
    expect([url, payload]).toEqual([expect.stringMatching(/\?.*X-Amz-Signature=/), undefined])
  })

  it("refuses what can't be signed", async () => {
    const stream = new ReadableStream()
    await expect(signedInject(signer, { method: 'POST', url: `${origin}/orders`, payload: stream })).rejects.toMatchObject({
      code: 'body-not-signable',
    })
  })
})

describe('signedInit', () => {
  const form = new FormData()
  form.set('a', '1')
  it.each<[string, RequestInit]>([
    ['a GET', {}],
    ['text', { method: 'POST', body: '{"a":"ü"}' }],
    ['bytes', { method: 'PUT', body: Uint8Array.of(123, 125), headers: { 'x-own': '1' } }],
    ['a form', { method: 'POST', body: form }],
    ['a stream', { method: 'PATCH', body: new Blob(['{}']).stream() }],
  ])('signs %s for a handler, and for an app of Hono', async (_what, init) => {
    const handle = forWeb(verifierOf(), (request, { key }) => new Response(`${request.method} ${key.id}`))
    const [url, signed] = await signedInit(signer, `${origin}/orders?x=ü`, init)
    const { method = 'GET' } = init
    expect(await (await handle(new Request(url, signed))).text()).toBe(`${method} k`)
    const app = new Hono().use(forHono(verifierOf())).all('/orders', context => context.text(`hello ${honoCall(context).key.id}`))
    expect(await (await app.request(url, signed)).text()).toBe('hello k')
  })
})

describe('refusing', () => {
  it('has an example of every code that a verifier refuses with', () => {
    expect(Object.keys(EXAMPLES).sort()).toEqual(Object.keys(FAILURES).sort())
    for (const [code, failure] of Object.entries(EXAMPLES)) expect(failure.code).toBe(code)
  })

  it.each(Object.keys(FAILURES) as FailureCode[])('refuses with %s, as a real verifier would', async code => {
    const app = fastify()
    app.addHook('preParsing', forFastify(refusing(code), { onError: () => undefined }))
    app.get('/', async () => 'reached')
    const answer = await app.inject('/')
    const problem = toProblem(EXAMPLES[code])
    // What fails on the server is thrown to the framework's error handler.
    const isThrown = problem.status === 500
    expect([answer.statusCode, answer.body === 'reached']).toEqual([problem.status, false])
    if (isThrown) return
    expect(answer.json()).toEqual(JSON.parse(JSON.stringify(problem)))
    expect(answer.headers).toMatchObject({ 'x-countersign-testing': 'refusing', 'content-type': expect.stringContaining('problem+json') })
  })

  it('takes the members of a failure, and no code that does not exist', async () => {
    const result = await refusing('permission-denied', { required: ['funds'] }).verify({ method: 'GET', target: '/', headers: {} })
    expect(result).toMatchObject({ ok: false, failure: { code: 'permission-denied', required: ['funds'] } })
    expect(() => refusing('replay' as never)).toThrow(
      expect.objectContaining({ code: 'option-invalid', message: expect.stringContaining('replayed') }),
    )
  })
})

describe('accepting', () => {
  it('takes every call for one of its key, with the body that came', async () => {
    const owner = { name: 'Dora' }
    const handle = forWeb(accepting({ keyId: 'k9', owner, timestampMs: 5 }), async (request, { key, timestampMs }) =>
      Response.json([key.id, key.owner, timestampMs, await request.text()]),
    )
    const answer = await handle(new Request(`${origin}/`, { method: 'POST', body: '{"a":1}' }))
    expect(await answer.json()).toEqual(['k9', owner, 5, '{"a":1}'])
    expect(answer.headers.get('x-countersign-testing')).toBe('accepting')
  })

  it('refuses a call for which the key lacks the permission, and a body that is too large', async () => {
    const may = (permission: string) =>
      forWeb(accepting({ keyId: 'k', permissions: ['orders'] }), () => new Response('reached'), { permission })
    expect(await (await may('orders')(new Request(origin))).text()).toBe('reached')
    expect(await (await may('funds')(new Request(origin))).json()).toMatchObject({ code: 'permission-denied' })
    const large = new Request(origin, { method: 'POST', body: new Uint8Array(1_048_577) })
    expect((await may('orders')(large)).status).toBe(413)
    const broken = await accepting({ keyId: 'k' }).verify({
      method: 'POST',
      target: '/',
      headers: {},
      body: () => Promise.reject(new Error('x')),
    })
    expect(broken).toMatchObject({ ok: false, failure: { code: 'body-unreadable' } })
  })
})

it.each(['production', 'Production', 'production ', 'prod', 'staging', ''])(
  'no verifier of this room is made where NODE_ENV is "%s"',
  name => {
    vi.stubEnv('NODE_ENV', name)
    expect(() => accepting({ keyId: 'k' })).toThrow(expect.objectContaining({ code: 'testing-only' }))
    expect(() => refusing('replayed')).toThrow(expect.objectContaining({ code: 'testing-only' }))
  },
)

it.each(['test', 'development', undefined])('they are made where NODE_ENV is %s, and accept nothing once it is another', async name => {
  vi.stubEnv('NODE_ENV', name)
  const failed: unknown[] = []
  const handle = forWeb(accepting({ keyId: 'k' }), () => new Response('reached'), { onError: error => failed.push(error) })
  expect(await (await handle(new Request(origin))).text()).toBe('reached')
  expect((await refusing('replayed').verify({ method: 'GET', target: '/', headers: {} })).ok).toBe(false)
  vi.stubEnv('NODE_ENV', 'production')
  expect((await handle(new Request(origin))).status).toBe(500)
  expect(failed).toMatchObject([{ code: 'testing-only' }])
})
