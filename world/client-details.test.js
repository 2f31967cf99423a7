/** What is particular to axios, got and supertest, and all of them against the sandbox. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { startSandbox } from '@countersign/sandbox'
import axios from 'axios'
import axiosRetry from 'axios-retry'
import { createSigner, createVerifier, memoryKeys, serverClock } from 'countersign'
import { signAxios } from 'countersign/axios'
import { requireSignature, verifiedCall } from 'countersign/express'
import { signing } from 'countersign/got'
import { awsSigV4, awsSigV4Query, qredoV1, rfc9421 } from 'countersign/schemes'
import { accepting, refusing, signedTest } from 'countersign/testing'
import express from 'express'
import PackagedForm from 'form-data'
import got from 'got'
import got16 from 'got16'
import request from 'supertest'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { CLIENTS } from './clients.js'
import { rawServer } from './raw-server.js'
import { samplesOf } from './readme-programs.js'

const secret = Buffer.alloc(40, 5).toString('base64')
const signer = createSigner(rfc9421, { keyId: 'k', secret })
const keys = memoryKeys(rfc9421, [{ id: 'k', secret }])
const closing = []

afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

/** Verifies what comes; then answers as told. */
async function startApi(then = async () => ({ status: 200, body: 'ok' })) {
  const verdicts = []
  let verifier
  const server = await rawServer(async ({ method, target, headers, body }, place) => {
    const result = await verifier.verify({
      method,
      target,
      headers: Object.fromEntries(headers),
      body: body.length === 0 ? undefined : body,
    })
    verdicts.push(result.ok ? 'ok' : result.failure.code)
    return result.ok ? then(place, target) : { status: 401, body: result.failure.code }
  })
  verifier = createVerifier(rfc9421, { origin: server.origin, keys })
  closing.push(server.close)
  return { ...server, verdicts }
}

const codeOf = promise =>
  promise.then(
    () => 'sent',
    error => error.code,
  )

describe('signAxios', () => {
  it('signs baseURL, params by their serializer, and what transformRequest has made', async () => {
    const api = await startApi()
    const client = signAxios(axios.create({ baseURL: `${api.origin}/v1/`, headers: { 'x-default': 'd' } }), signer)
    await client.get('/orders', { params: { a: [1, 2], b: 'x y', c: null } })
    await client.get('orders?z=0', { params: { a: { b: 'ü' } }, paramsSerializer: { serialize: () => 'own=1|2' } })
    await client.post('orders', { a: 1 }, { transformRequest: [data => ({ wrapped: data }), data => JSON.stringify(data, null, 1)] })
    await client.postForm('orders', { a: '1', file: Buffer.from('{}') })
    await client.post('orders', { a: 'ü' }, { headers: { 'content-type': 'application/x-www-form-urlencoded' } })
    expect(api.verdicts).toEqual(['ok', 'ok', 'ok', 'ok', 'ok'])
    expect(api.calls.map(({ target }) => target)).toEqual([
      '/v1/orders?a[]=1&a[]=2&b=x+y'.replaceAll('[]', '%5B%5D'),
      '/v1/orders?z=0&own=1%7C2',
      ...Array(3).fill('/v1/orders'),
    ])
    expect(api.calls[2].body.toString()).toBe(JSON.stringify({ wrapped: { a: 1 } }, null, 1))
    expect(api.calls[3].body.toString()).toContain('name="a"')
    expect(api.calls[4].body.toString()).toBe('a=%C3%BC')
    for (const { headers } of api.calls) expect(headers).toContainEqual(['x-default', 'd'])
  })

  it('sends as axios does without it, but for the signature', async () => {
    const plain = await rawServer(async () => ({ status: 200, body: '{"read":1}', headers: { 'content-type': 'application/json' } }))
    closing.push(plain.close)
    const settings = { baseURL: plain.origin, headers: { common: { 'x-common': '1' }, post: { 'x-post': '2' } }, timeout: 5000 }
    const bare = axios.create(settings)
    const signed = signAxios(axios.create(settings), signer)
    for (const send of [
      client => client.get('/a?b=1', { params: { c: 'ü' } }),
      client => client.post('/a', { a: 'ü' }),
      client => client.post('/a', 'text', { headers: { 'content-type': 'text/plain' } }),
      client => client.put('/a', new URLSearchParams('a=1')),
      client => client.delete('/a', { headers: { accept: false } }),
      client => client.post('/a', 'text', { headers: { 'Content-Type': false, 'User-Agent': false } }),
      client => client.put('/a', { a: 1 }, { headers: { 'content-type': null } }),
      client => client.patch('/a', Buffer.from('text'), { adapter: 'fetch', headers: { 'CONTENT-TYPE': false } }),
      client => client.head('/a'),
    ]) {
      plain.calls.length = 0
      const [one, other] = [await send(bare), await send(signed)]
      expect(other.data).toEqual(one.data)
      const [own, ours] = plain.calls.map(({ method, target, headers, body }) => ({
        method,
        target,
        headers: headers.filter(([name]) => !/^(signature|signature-input|content-digest|connection)$/.test(name)).sort(),
        body: body.toString(),
      }))
      expect(ours).toEqual(own)
    }
  })

  it('hands on errors as axios makes them, whose config can be sent again and is signed anew', async () => {
    const api = await startApi(async place => (place === 0 ? { status: 503, body: '{"down":true}' } : { status: 200, body: 'ok' }))
    const client = signAxios(axios.create({ baseURL: api.origin }), signer)
    const error = await client.post('/a', { a: 1 }).catch(thrown => thrown)
    expect([axios.isAxiosError(error), error.response.status, error.response.data]).toEqual([true, 503, { down: true }])
    expect(JSON.stringify(error.config.headers)).not.toMatch(/signature/i)
    expect(error.config).toBe(error.response.config)
    expect((await client(error.config)).data).toBe('ok')
    expect(api.verdicts).toEqual(['ok', 'ok'])
  })

  it('leaves retries to axios-retry as it comes, in either order of the two', async () => {
    for (const order of [
      client => axiosRetry(signAxios(client, signer), { retryDelay: () => 1 }),
      client => {
        axiosRetry(client, { retryDelay: () => 1 })
        signAxios(client, signer)
      },
    ]) {
      const api = await startApi(async place => [{ status: 500 }, 'cut', { status: 200, body: 'ok' }][place])
      const client = axios.create({ baseURL: api.origin })
      order(client)
      expect((await client.get('/a')).data).toBe('ok')
      expect(api.verdicts).toEqual(['ok', 'ok', 'ok'])
    }
  })

  it('signs behind what other interceptors and a request set, its own adapter included', async () => {
    const api = await startApi()
    const client = signAxios(axios.create({ baseURL: api.origin }), signer)
    client.interceptors.request.use(config => ({ ...config, params: { added: 1 } }))
    await client.get('/a', { adapter: 'fetch' })
    expect([api.verdicts, api.calls[0].target]).toEqual([['ok'], '/a?added=1'])
  })

  it.each([true, false])('signs where another interceptor names an adapter, whichever runs first (%s)', async legacy => {
    const transitional = { legacyInterceptorReqResOrdering: legacy }
    const setAdapter = config => ({ ...config, adapter: 'http' })
    for (const register of [
      client => {
        client.interceptors.request.use(setAdapter)
        signAxios(client, signer)
      },
      client => signAxios(client, signer).interceptors.request.use(setAdapter),
      client => signAxios(client, signer).interceptors.request.use(setAdapter, undefined, { synchronous: true, runWhen: () => true }),
      client => {
        signAxios(client, signer).interceptors.request.clear()
        client.interceptors.request.use(setAdapter)
      },
    ]) {
      const api = await startApi()
      const client = axios.create({ baseURL: api.origin, transitional })
      register(client)
      await client.post('/a', { a: 1 })
      expect(api.verdicts).toEqual(['ok'])
    }
  })

  it.each([true, false])('signs each attempt once, where another interceptor wraps the adapter (%s)', async legacy => {
    const server = await rawServer(async (_call, place) => ({ status: place === 0 ? 503 : 200, body: 'ok' }))
    closing.push(server.close)
    const query = createSigner(awsSigV4Query, { keyId: 'k', secret }, { parameters: { region: 'eu-west-1', service: 'x' } })
    const transitional = { legacyInterceptorReqResOrdering: legacy }
    const wrap = config => {
      const inner = axios.getAdapter(config.adapter ?? 'http')
      return { ...config, adapter: given => inner(given) }
    }
    const client = axios.create({ baseURL: server.origin, transitional })
    client.interceptors.request.use(wrap)
    signAxios(client, query).interceptors.request.use(wrap)
    axiosRetry(client, { retryDelay: () => 1 })
    await client.get('/a')
    expect(server.calls.map(({ target }) => target.match(/X-Amz-Signature=/g).length)).toEqual([1, 1])
  })

  it('leaves an instance made of it by create() unsigned, until that is given to signAxios', async () => {
    const api = await startApi()
    const client = signAxios(axios.create({ baseURL: api.origin }), signer).create({ baseURL: api.origin, validateStatus: null })
    expect((await client.get('/a')).status).toBe(401)
    expect((await signAxios(client, signer).get('/a')).status).toBe(200)
  })

  it('sends nothing where the body is no body, or a header is none', async () => {
    const api = await startApi()
    const client = signAxios(axios.create({ baseURL: api.origin, transformRequest: [] }), signer)
    for (const data of [5, true, 5n, Symbol('x'), () => 'x']) expect(await codeOf(client.post('/a', data))).toBe('body-not-signable')
    for (const adapter of ['http', 'fetch'])
      expect(await codeOf(client.get('/a', { adapter, headers: { 'x-own': '中' } }))).toBe('option-invalid')
    expect(await codeOf(got.extend(signing(signer))(api.origin, { headers: { 'x-own': '中' } }))).toBe('option-invalid')
    expect(api.calls).toEqual([])
  })

  it('reads what only the time of a refusal tells, where its body is a stream', async () => {
    let now = Date.now() - 3_600_000
    const api = await startApi()
    const late = createSigner(rfc9421, { keyId: 'k', secret }, { clock: () => now++ })
    const client = signAxios(axios.create({ baseURL: api.origin, responseType: 'stream' }), late, {
      correctClock: serverClock({ maxOffsetMs: 7_200_000 }),
    })
    const { data } = await client.post('/a', Readable.from(['{"a":1}']))
    expect([await text(data), api.verdicts]).toEqual(['ok', ['timestamp-out-of-window', 'ok']])
  })

  it('signs a form of the package form-data, and refuses one that holds a stream', async () => {
    const api = await startApi()
    const client = signAxios(axios.create({ baseURL: api.origin }), signer)
    const form = new PackagedForm()
    form.append('a', 'ü')
    await client.post('/a', form)
    await got.extend(signing(signer)).post(`${api.origin}/a`, { body: form })
    expect([api.verdicts, api.calls[0].body.equals(api.calls[1].body)]).toEqual([['ok', 'ok'], true])
    const streaming = new PackagedForm()
    streaming.append('a', Readable.from(['x']), 'a.txt')
    expect(await codeOf(client.post('/a', streaming))).toBe('body-not-signable')
  })

  it('refuses what would go around the signature, and says so by a code', async () => {
    const api = await startApi()
    const client = signAxios(axios.create({ baseURL: api.origin }), signer)
    const sigV4 = createSigner(awsSigV4, { keyId: 'k', secret }, { parameters: { region: 'eu-west-1', service: 'x' } })
    const auth = { username: 'a', password: 'b' }
    expect(await codeOf(client.get('https://other.example.com/a'))).toBe('url-foreign')
    expect(await codeOf(client.get('/a', { beforeRedirect: () => undefined }))).toBe('option-invalid')
    expect(await codeOf(client.get('/a', { transport: http }))).toBe('option-invalid')
    expect(await codeOf(client.get('/a', { adapter: 'xhr' }))).toBe('option-invalid')
    expect(await codeOf(signAxios(axios.create({ auth }), sigV4).get(`${api.origin}/a`))).toBe('option-invalid')
    expect(await codeOf(signAxios(axios.create(), signer).get('/a'))).toBe('url-not-signable')
    expect(await codeOf(signAxios(axios.create(), signer).get('http://u:p@127.0.0.1/a'))).toBe('url-not-signable')
    expect(await codeOf(client.get('/a', { data: '{}' }))).toBe('body-not-signable')
    expect(api.calls).toEqual([])
    expect(() => signAxios(axios.create(), signer, { redirect: 'manual' })).toThrow(expect.objectContaining({ code: 'option-invalid' }))
    const double = { interceptors: { request: {} }, getUri: () => '', create: () => axios.create() }
    expect(() => signAxios(double, signer)).toThrow(expect.objectContaining({ code: 'option-invalid' }))
  })

  it('follows no further than maxRedirects', async () => {
    const api = await startApi(async () => ({ status: 302, headers: { location: '/again' } }))
    const client = signAxios(axios.create({ baseURL: api.origin, maxRedirects: 2 }), signer)
    expect(await codeOf(client.get('/a'))).toBe('too-many-redirects')
    expect(api.verdicts).toEqual(['ok', 'ok', 'ok'])
  })

  it('signs once, where it was called twice, by the last signer, and stops where it is aborted', async () => {
    const api = await startApi()
    const other = createSigner(rfc9421, { keyId: 'other', secret })
    await signAxios(signAxios(axios.create({ baseURL: api.origin }), other), signer).get('/a')
    expect(api.verdicts).toEqual(['ok'])
    api.calls.length = 0
    const client = signAxios(signAxios(axios.create({ baseURL: api.origin }), signer), signer)
    await client.get('/a')
    expect(api.calls[0].headers.filter(([name]) => name === 'signature')).toHaveLength(1)
    expect(await codeOf(client.get('/a', { signal: AbortSignal.abort() }))).toBe('ERR_CANCELED')
    expect(api.calls.length).toBe(1)
  })
})

/** A hook of got. */
const noting = seen => response => {
  seen.push(response.statusCode)
  return response
}

describe('signing, for got', () => {
  it('signs prefixUrl, searchParams, json and form', async () => {
    const api = await startApi()
    const client = got.extend({ prefixUrl: `${api.origin}/v1` }, signing(signer))
    await client.post('orders', { searchParams: { a: 'x y', b: 1 }, json: { a: 'ü' } })
    await client.post('orders', { form: { a: 'ü' } })
    expect(api.verdicts).toEqual(['ok', 'ok'])
    expect(api.calls.map(({ target, body }) => [target, body.toString()])).toEqual([
      ['/v1/orders?a=x+y&b=1', '{"a":"ü"}'],
      ['/v1/orders', 'a=%C3%BC'],
    ])
    expect(await codeOf(client.get(new URL('https://other.example.com/a')))).toBe('url-foreign')
  })

  it('signs a stream that reads, and one with a body; refuses one that is written to', async () => {
    const api = await startApi()
    const client = got.extend(signing(signer))
    const read = async stream => Buffer.concat(await stream.toArray()).toString()
    expect(await read(client.stream(`${api.origin}/a`))).toBe('ok')
    expect(await read(client.stream.post(`${api.origin}/a`, { body: '{"a":1}' }))).toBe('ok')
    const written = client.stream.post(`${api.origin}/a`)
    const failed = new Promise(resolve => written.on('error', resolve))
    Readable.from(['{}']).pipe(written)
    expect((await failed).code).toBe('body-not-signable')
    expect(api.verdicts).toEqual(['ok', 'ok'])
  })

  it('takes the signature of a query out before it signs again, and lets the hooks of the program run each time', async () => {
    let now = Date.now()
    const seen = []
    const server = await rawServer(async (_call, place) => ({ status: place === 0 ? 503 : 200, body: 'ok' }))
    closing.push(server.close)
    const query = createSigner(
      awsSigV4Query,
      { keyId: 'k', secret },
      { clock: () => (now += 1000), parameters: { region: 'eu-west-1', service: 'x' } },
    )
    const client = got.extend(signing(query), {
      hooks: { afterResponse: [noting(seen)] },
      retry: { calculateDelay: ({ computedValue }) => Math.min(computedValue, 1) },
    })
    await client(`${server.origin}/a?x=1`)
    expect(seen).toEqual([503, 200])
    const targets = server.calls.map(({ target }) => new URL(target, server.origin).searchParams)
    for (const parameters of targets) expect([parameters.getAll('X-Amz-Date').length, parameters.get('x')]).toEqual([1, '1'])
    expect(targets[0].get('X-Amz-Date')).not.toBe(targets[1].get('X-Amz-Date'))
  })

  it('corrects the clock, with the hooks of the program', async () => {
    const seen = []
    let now = Date.now() - 3_600_000
    const api = await startApi()
    const late = createSigner(rfc9421, { keyId: 'k', secret }, { clock: () => now++ })
    const client = got.extend(signing(late, { correctClock: serverClock({ maxOffsetMs: 7_200_000 }) }), {
      hooks: { afterResponse: [noting(seen)] },
      retry: { limit: 0 },
    })
    expect(await client.post(`${api.origin}/a`, { json: {} }).text()).toBe('ok')
    expect([api.verdicts, seen]).toEqual([['timestamp-out-of-window', 'ok'], [200]])
  })

  const next = url => ({ pagination: { paginate: () => ({ url: new URL(url) }) } })
  it.each([
    ['the header link', () => ({})],
    ['a URL', next],
    [
      'options of the page before',
      url => ({
        pagination: { paginate: ({ response }) => Object.assign(response.request.options, { prefixUrl: '', url: new URL(url) }) },
      }),
    ],
    ['a base URL', url => ({ pagination: { paginate: () => ({ prefixUrl: new URL('/', url).href, url: new URL(url) }) } })],
  ])('turns no page to another origin that %s names', async (_what, settings) => {
    for (const library of [got, got16]) {
      for (const isBased of [true, false]) {
        const elsewhere = await rawServer(async () => ({ status: 200, body: '[]' }))
        closing.push(elsewhere.close)
        const link = `<${elsewhere.origin}/stolen>; rel="next"`
        const api = await startApi(async () => ({ status: 200, headers: { link, 'content-type': 'application/json' }, body: '[1]' }))
        const client = library.extend({ ...(isBased ? { prefixUrl: api.origin } : {}), retry: { limit: 0 } }, signing(signer))
        const turn = async () => {
          for await (const _item of client.paginate(isBased ? 'page' : `${api.origin}/page`, settings(`${elsewhere.origin}/stolen`)));
        }
        expect([await codeOf(turn()), api.verdicts, elsewhere.calls]).toEqual(['url-foreign', ['ok'], []])
      }
    }
  })

  it('turns the pages of its own origin, and of those that the option origin names', async () => {
    for (const library of [got, got16]) {
      const paging = async (_place, target) => ({
        status: 200,
        headers: { link: `<${links[target] ?? '/none'}>; rel="${links[target] === undefined ? 'self' : 'next'}"` },
        body: '[1]',
      })
      const links = { '/1': '/2', '/2': '/3' }
      const api = await startApi(paging)
      for (const [client, url] of [
        [library.extend({ prefixUrl: api.origin }, signing(signer)), '1'],
        [library.extend(signing(signer)), `${api.origin}/1`],
      ]) {
        let pages = 0
        for await (const _item of client.paginate(url)) pages++
        expect(pages).toBe(3)
      }
      const far = await startApi(paging)
      links['/3'] = `${far.origin}/4`
      const both = library.extend({ prefixUrl: api.origin }, signing(signer, { origin: [api.origin, far.origin] }))
      let pages = 0
      for await (const _item of both.paginate('1')) pages++
      expect([pages, far.verdicts, new Set(api.verdicts)]).toEqual([4, ['ok'], new Set(['ok'])])
    }
  })

  it('goes to no other origin that a hook names once it was signed, and to none by the option request', async () => {
    const elsewhere = await rawServer(async () => ({ status: 200, body: 'stolen' }))
    closing.push(elsewhere.close)
    const api = await startApi(async () => ({ status: 307, headers: { location: '/there' } }))
    const lead = options => {
      options.url = new URL(elsewhere.origin)
    }
    for (const library of [got, got16]) {
      const led = library.extend(signing(signer), { hooks: { beforeRedirect: [lead] } })
      expect(await codeOf(led(`${api.origin}/a`))).toBe('url-foreign')
      const following = library.extend(signing(signer), { request: http.request })
      expect(await codeOf(following(`${api.origin}/a`))).toBe('option-invalid')
    }
    expect([api.verdicts, elsewhere.calls]).toEqual([['ok', 'ok'], []])
  })

  it('refuses a URL with a user name, whose password would take the place of the signature', async () => {
    expect(await codeOf(got.extend(signing(signer))('http://127.0.0.1:1/a', { username: 'u', password: 'p' }))).toBe('url-not-signable')
  })
})

describe('signedTest, for supertest', () => {
  const app = express()
  const verifier = createVerifier(rfc9421, { origin: 'https://api.example.com', keys })
  const signed = signedTest(signer, { origin: 'https://api.example.com' })
  app.get('/moved', requireSignature(verifier), (_request, response) => response.redirect(307, '/echo'))
  app.get('/away', (_request, response) => response.redirect('http://localhost:1/'))
  app.all('/echo', requireSignature(verifier), express.raw({ type: () => true }), (request_, response) => {
    response.json({
      key: verifiedCall(request_).key.id,
      url: request_.originalUrl,
      body: Buffer.from(verifiedCall(request_).body ?? []).toString(),
    })
  })

  it.each([
    ['a GET with a query', test => test.get('/echo').query({ a: 'x y' }), '/echo?a=x%20y', ''],
    ['JSON', test => test.post('/echo').send({ a: 'ü' }), '/echo', '{"a":"ü"}'],
    ['a form', test => test.put('/echo').type('form').send({ a: 'ü' }), '/echo', 'a=%C3%BC'],
    ['text', test => test.patch('/echo').type('text/plain').send('{text}'), '/echo', '{text}'],
    ['bytes', test => test.post('/echo').type('application/octet-stream').send(Buffer.from('{}')), '/echo', '{}'],
    [
      'large bytes',
      test => test.post('/echo').type('application/octet-stream').send(Buffer.alloc(100_000, '{')),
      '/echo',
      '{'.repeat(100_000),
    ],
    [
      'a file',
      test => test.post('/echo').attach('file', Buffer.from('{}'), 'a.json'),
      '/echo',
      expect.stringContaining('filename="a.json"'),
    ],
    ['nothing', test => test.delete('/echo'), '/echo', ''],
  ])('signs %s, wherever it stands in the chain', async (_what, send, url, body) => {
    await send(request(app))
      .use(signed)
      .expect(200)
      .expect(({ body: told }) => expect(told).toEqual({ key: 'k', url, body }))
    // And on all of an agent.
    await send(request.agent(app).use(signed))
      .expect(200)
      .expect(({ body: told }) => expect(told).toEqual({ key: 'k', url, body }))
  })

  it('signs before the rest of the test is said, and a redirect anew', async () => {
    await request(app).post('/echo').use(signed).send({ a: 1 }).set('x-own', '1').expect(200, { key: 'k', url: '/echo', body: '{"a":1}' })
    await request(app).get('/moved').use(signed).redirects(1).expect(200, { key: 'k', url: '/echo', body: '' })
  })

  it("signs for the server's own port where no origin is said, and into the query", async () => {
    const server = await rawServer(async () => ({ status: 200 }))
    closing.push(server.close)
    const query = createSigner(awsSigV4Query, { keyId: 'k', secret }, { parameters: { region: 'eu-west-1', service: 'x' } })
    await request(server.origin).get('/a?x=1').use(signedTest(query)).expect(200)
    const sent = server.calls[0]
    const own = createVerifier(awsSigV4Query, { origin: server.origin, keys: memoryKeys(awsSigV4Query, [{ id: 'k', secret }]) })
    expect(await own.verify({ ...sent, headers: Object.fromEntries(sent.headers), body: undefined })).toMatchObject({ ok: true })
  })

  it('fails a test that is led to another server, or that no verifier would take', async () => {
    const codeOfTest = test =>
      test.then(
        () => 'sent',
        error => error.code,
      )
    expect(await codeOfTest(request(app).get('/away').use(signed).redirects(1))).toBe('redirect-refused')
    expect(await codeOfTest(request(app).get('/echo').use(signed).send('{}'))).toBe('body-not-signable')
    expect(() => signed({})).toThrow(expect.objectContaining({ code: 'option-invalid' }))
  })

  it('goes with verifiers that decide on purpose', async () => {
    const fake = express()
    fake.get('/no', requireSignature(refusing('key-revoked')), (_request, response) => response.json('reached'))
    fake.get('/yes', requireSignature(accepting({ keyId: 'k9' })), (incoming, response) => response.json(verifiedCall(incoming).key.id))
    await request(fake).get('/no').expect(401).expect('x-countersign-testing', 'refusing')
    await request(fake).get('/yes').expect(200, '"k9"').expect('x-countersign-testing', 'accepting')
  })
})

describe('the sandbox', () => {
  const directory = mkdtempSync(join(tmpdir(), 'countersign-clients-'))
  let sandbox
  beforeAll(async () => {
    sandbox = await startSandbox({ directory, port: 0 })
  })
  afterAll(async () => {
    await sandbox?.close()
    rmSync(directory, { recursive: true, force: true })
  })

  it.each(Object.entries(CLIENTS))('answers %s, whose clock is an hour late', async (_title, { make }) => {
    const demo = sandbox.demoKeys.find(({ name }) => name === 'demo')
    const secretText = readFileSync(demo.secretFile, 'utf8').trim()
    const late = createSigner(qredoV1, { keyId: demo.id, secret: secretText }, { clock: () => Date.now() - 3_600_000 })
    const send = make(late, { options: { correctClock: serverClock({ maxOffsetMs: 7_200_000 }) } })
    const balance = await send({ method: 'GET', url: `${sandbox.origin}/qapi/v1/balance` })
    expect([balance.status, Object.keys(JSON.parse(balance.text))]).toEqual([200, expect.arrayContaining(['assets'])])
    const created = await send({
      method: 'POST',
      url: `${sandbox.origin}/qapi/v1/transaction`,
      body: '{}',
      headers: { 'content-type': 'application/json' },
    })
    // The signature holds, and the API says what is missing.
    expect([created.status, created.text]).toEqual([400, expect.not.stringMatching(/signature|timestamp/i)])
  })
})

describe('docs/clients.md', () => {
  const page = readFileSync(new URL('../docs/clients.md', import.meta.url), 'utf8')
  const samples = samplesOf(page, 'js').map((sample, place) => [
    /from '(?!countersign|express)([^']+)'/.exec(sample)?.[1] ?? 'fetch',
    place,
    sample,
  ])

  it.each(samples)('has a sample that runs: %s (%i)', async (_library, place, sample) => {
    const api = await startApi()
    const given = `
      import { createSigner as signerOf, createVerifier as verifierOf, memoryKeys as keysOf } from 'countersign'
      import { rfc9421 as scheme } from 'countersign/schemes'
      const signer = signerOf(scheme, { keyId: 'k', secret: '${secret}' })
      const verifier = verifierOf(scheme, { origin: 'https://api.example.com', keys: keysOf(scheme, [{ id: 'k', secret: '${secret}' }]) })
    `
    const file = fileURLToPath(new URL(`.sample-${process.pid}-${place}.mjs`, import.meta.url))
    const isSent = sample.includes('console.log')
    const program = `${given}${sample}\nprocess.exit(0)\n`
    writeFileSync(file, isSent ? program.replaceAll('https://api.example.com', api.origin) : program)
    closing.push(() => rmSync(file, { force: true }))
    const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'pipe'] })
    const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
    expect([code, stderr, stdout]).toEqual([0, '', isSent ? '200\n' : ''])
    expect(api.verdicts).toEqual(isSent ? ['ok'] : [])
  })

  it('names the versions that are tested', () => {
    const { dependencies } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'))
    const short = name =>
      dependencies[name]
        .replace(/^npm:.*@/, '')
        .split('.')
        .slice(0, 2)
        .join('.')
    for (const one of [
      `axios ${short('axios')}`,
      `axios-retry ${short('axios-retry')}`,
      `got ${short('got')} and ${short('got16')}`,
      `undici ${short('undici')}; ${short('undici8')}`,
      `supertest ${short('supertest')}`,
    ])
      expect(page).toContain(one)
    expect(samples.length).toBe(8)
  })
})

it('the types of axios, got, undici, supertest and fastify take what is exported, and no less', () => {
  const root = fileURLToPath(new URL('..', import.meta.url))
  const { stdout } = spawnSync(`${root}node_modules/.bin/tsc`, ['-p', 'world/tsconfig.json'], { cwd: root, encoding: 'utf8' })
  expect(stdout).toBe('')
})
