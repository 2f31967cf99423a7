import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo, LookupFunction } from 'node:net'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { Agent, type Dispatcher, fetch, interceptors, FormData as OwnFormData, request } from 'undici'
import { afterEach, describe, expect, it } from 'vitest'
import { requireSignature } from '../adapters/node.ts'
import { memoryKeys } from '../keys/key.ts'
import { qredoV1, rfc9421 } from '../schemes/index.ts'
import { createSigner } from '../sign/sign.ts'
import { createVerifier } from '../verify/verify.ts'
import { serverClock } from './server-clock.ts'
import { signing } from './undici.ts'

const secret = Buffer.alloc(40, 5).toString('base64')
const signer = createSigner(rfc9421, { keyId: 'k', secret })
const closing: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

interface Api {
  readonly origin: string
  /** The statuses that verified calls are answered with, in turn; then 200. */
  readonly statuses: number[]
  readonly calls: {
    readonly target: string
    readonly signature: string
    readonly body: string
    readonly headers: IncomingMessage['headers']
  }[]
}

async function startApi(): Promise<Api> {
  const calls: Api['calls'] = []
  const statuses: number[] = []
  let handle: ReturnType<typeof requireSignature> | undefined
  const server = createServer((request, response) => handle?.(request, response))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const verifier = createVerifier(rfc9421, { origin, keys: memoryKeys(rfc9421, [{ id: 'k', secret }]) })
  handle = requireSignature(verifier, ({ url = '', headers }, response, { body }) => {
    calls.push({ target: url, signature: String(headers['signature']), body: Buffer.from(body ?? []).toString(), headers })
    const status = statuses.shift() ?? 200
    response.writeHead(status, status >= 300 && status < 400 ? { location: '/there' } : {}).end('x'.repeat(100))
  })
  closing.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return { origin, statuses, calls }
}

function agent(...more: Dispatcher.DispatcherComposeInterceptor[]): Dispatcher {
  const made = new Agent()
  closing.push(() => made.destroy())
  return made.compose(...more)
}

const retry = interceptors.retry({ minTimeout: 1, maxTimeout: 1, maxRetries: 3 })

describe('signing', () => {
  it('signs anew what an interceptor outside of it sends again', async () => {
    const { origin, statuses, calls } = await startApi()
    statuses.push(503, 503)
    const { statusCode } = await request(`${origin}/a`, { dispatcher: agent(signing(signer), retry) })
    expect([statusCode, calls.length, new Set(calls.map(({ signature }) => signature)).size]).toEqual([200, 3, 3])
  })

  it('has an interceptor inside of it send nothing again, since that would be the same signature', async () => {
    const { origin, statuses, calls } = await startApi()
    statuses.push(503, 200, 302, 200)
    const dispatcher = agent(retry, interceptors.redirect({ maxRedirections: 3 }), signing(signer))
    await expect(request(`${origin}/a`, { dispatcher })).rejects.toMatchObject({ statusCode: 503 })
    expect(calls.length).toBe(1)
    statuses.shift()
    const redirected = await request(`${origin}/a`, { dispatcher })
    expect([redirected.statusCode, calls.length]).toEqual([302, 2])
    // The same where there is no server to answer.
    const nowhere = await request('http://127.0.0.1:1/a', { dispatcher }).catch((error: unknown) => error)
    expect(nowhere).toMatchObject({ code: 'ECONNREFUSED' })
  })

  it.each<[string, { [name: string]: unknown }]>([
    ['texts and numbers', { a: 'x y', b: 1, c: true, d: 2n }],
    ['lists', { a: ['1', 2, 'ü'], empty: [] }],
    ['what is left empty', { a: null, b: undefined, c: Number.NaN, d: {} }],
    ['signs', { 'a b': "!'()*~-_.&=+%/?:@,;" }],
    ['nothing', {}],
  ])('writes the option query as undici does: %s', async (_what, query) => {
    const { origin, calls } = await startApi()
    const signed = await request(`${origin}/a`, { query, dispatcher: agent(signing(signer)) })
    expect(signed.statusCode).toBe(200)
    // Without a signature it is refused, and its target is seen by the interceptor of nobody: ask a plain server.
    const targets: string[] = []
    const plain = createServer((message, response) => {
      targets.push(message.url ?? '')
      response.end()
    })
    await new Promise<void>(resolve => plain.listen(0, '127.0.0.1', resolve))
    closing.push(() => plain.close())
    await request(`http://127.0.0.1:${(plain.address() as AddressInfo).port}/a`, { query, dispatcher: agent() })
    // An apostrophe is escaped in a URL's query.
    expect(calls.map(({ target }) => target)).toEqual(targets.map(target => target.replaceAll("'", '%27')))
  })

  it.each<[string, Dispatcher.RequestOptions['headers']]>([
    ['an object', { 'X-A': '1', 'x-b': ['2', '3'] }],
    ['a flat list', ['X-A', '1', 'x-b', '2', 'x-b', '3']],
    [
      'pairs',
      new Map([
        ['X-A', '1'],
        ['x-b', '2, 3'],
      ]),
    ],
    ['Headers', new Headers({ 'X-A': '1', 'x-b': '2, 3' })],
  ])('takes headers as %s', async (_what, headers) => {
    const { origin, calls } = await startApi()
    const { statusCode } = await request(`${origin}/a`, { headers: headers ?? null, dispatcher: agent(signing(signer)) })
    expect(statusCode).toBe(200)
    expect(calls[0]?.headers).toMatchObject({ 'x-a': '1', 'x-b': '2, 3' })
  })

  it("reads a form of undici's own class, and of the platform's", async () => {
    const { origin, calls } = await startApi()
    for (const form of [new OwnFormData(), new FormData()]) {
      form.append('field', 'value')
      form.append('file', new Blob(['{}']), 'a.json')
      const { statusCode } = await request(`${origin}/a`, { method: 'POST', body: form as OwnFormData, dispatcher: agent(signing(signer)) })
      expect(statusCode).toBe(200)
      expect(calls.at(-1)?.headers['content-type']).toMatch(/^multipart\/form-data; boundary=/)
      expect(calls.at(-1)?.body).toMatch(/name="field"\r\n\r\nvalue\r\n.*filename="a.json"/s)
    }
  })

  it('never signs an empty body in the place of a stream that was read before', async () => {
    const { origin, calls } = await startApi()
    const body = Readable.from(['{"a":1}'])
    expect(await text(body)).toBe('{"a":1}')
    const again = request(`${origin}/a`, { method: 'POST', body, dispatcher: agent(signing(signer)) })
    await expect(again).rejects.toMatchObject({ code: 'body-not-signable' })
    expect(calls).toEqual([])
  })

  it.each(['a stream', 'a web stream'])('sends the second body, and not the first, of a handler that is used again: %s', async kind => {
    const api = await startApi()
    const dispatcher = agent(signing(signer))
    let ended: () => void = () => undefined
    const nothing = (): void => undefined
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart: nothing,
      onResponseStart: nothing,
      onResponseData: nothing,
      onResponseEnd: () => ended(),
      onResponseError: () => ended(),
    }
    for (const body of ['first', 'second']) {
      const stream = kind === 'a stream' ? Readable.from([Buffer.from(body)]) : new Blob([body]).stream()
      const end = new Promise<void>(resolve => {
        ended = resolve
      })
      dispatcher.dispatch({ origin: api.origin, path: '/x', method: 'POST', body: stream as Readable }, handler)
      await end
    }
    expect(api.calls.map(({ body }) => body)).toEqual(['first', 'second'])
  })

  it('looks at no more of a body than at wrappers: it may lead back to itself', async () => {
    const api = await startApi()
    const dispatcher = agent(signing(signer))
    const statuses: number[] = []
    let ended: () => void = () => undefined
    const nothing = (): void => undefined
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart: nothing,
      onResponseStart: (_controller, status) => void statuses.push(status),
      onResponseData: nothing,
      onResponseEnd: () => ended(),
      onResponseError: () => ended(),
    }
    for (const text of ['first', 'second']) {
      const body = Object.assign(Readable.from([Buffer.from(text)]), { [Symbol('itself')]: {} as object })
      Object.assign(body, { [Symbol('loop')]: { [Symbol('back')]: body } })
      const end = new Promise<void>(resolve => {
        ended = resolve
      })
      dispatcher.dispatch({ origin: api.origin, path: '/x', method: 'POST', body }, handler)
      await end
    }
    expect(statuses).toEqual([200, 200])
    expect(api.calls.map(({ body }) => body)).toEqual(['first', 'second'])
  })

  it('holds a refusal back no further than it can be problem details, and hands it on whole', async () => {
    const piece = Buffer.alloc(50_000, 'x')
    // The end comes only when the client has been given the head: a refusal that is held back whole never ends.
    let sendEnd = (): void => undefined
    const server = createServer((_request, response) => {
      response.writeHead(401)
      for (let count = 0; count < 40; count++) response.write(piece)
      sendEnd = () => response.end()
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    closing.push(() => server.close())
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    const dispatcher = agent(signing(signer, { correctClock: serverClock() }))
    const { statusCode, body } = await request(url, { dispatcher })
    sendEnd()
    expect([statusCode, (await body.bytes()).length]).toEqual([401, 2_000_000])
    const fetched = await fetch(url, { dispatcher })
    sendEnd()
    expect([fetched.status, (await fetched.arrayBuffer()).byteLength]).toEqual([401, 2_000_000])
  })

  it('can be stopped, before and after it was sent', async () => {
    const server = createServer(() => undefined)
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    closing.push(() => {
      server.closeAllConnections()
      server.close()
    })
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    const dispatcher = agent(signing(signer, { correctClock: serverClock() }))
    const aborted = new AbortController()
    aborted.abort()
    await expect(request(url, { dispatcher, signal: aborted.signal })).rejects.toThrow(/abort/i)
    await expect(request(url, { dispatcher, signal: AbortSignal.timeout(50) })).rejects.toThrow(/abort|time/i)
  })

  it("signs nothing for another origin behind redirect(), also where answers are handed on by redirect: 'manual'", async () => {
    const elsewhere: string[] = []
    const other = createServer(({ url = '' }, response) => {
      elsewhere.push(url)
      response.end('stolen')
    })
    await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve))
    closing.push(() => other.close())
    const port = String((other.address() as AddressInfo).port)
    const leading = createServer((_request, response) => response.writeHead(307, { location: `http://127.0.0.1:${port}/x` }).end())
    await new Promise<void>(resolve => leading.listen(0, '127.0.0.1', resolve))
    closing.push(() => leading.close())
    const url = `http://127.0.0.1:${(leading.address() as AddressInfo).port}/a`
    const dispatcher = agent(signing(signer, { redirect: 'manual' }), interceptors.redirect({ maxRedirections: 3 }))
    await expect(request(url, { dispatcher })).rejects.toMatchObject({ code: 'url-foreign' })
    expect(elsewhere).toEqual([])
  })

  it('refuses a redirect to another origin whichever way its bytes are read', async () => {
    const hosts: unknown[] = []
    const server = createServer(({ headers }, response) => {
      hosts.push(headers.host)
      // As UTF-8, as `fetch` reads it, it is http://é.test; as Latin-1, as undici reads it, the origin that was called.
      const location = Buffer.from(`http://é.test:${port}/x`).toString('latin1')
      response.writeHead(hosts.length === 1 ? 302 : 200, { location }).end()
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    closing.push(() => server.close())
    const { port } = server.address() as AddressInfo
    const lookup: LookupFunction = (_host, _options, told) => told(null, [{ address: '127.0.0.1', family: 4 }])
    const resolving = new Agent({ connect: { lookup } })
    closing.push(() => resolving.destroy())
    const { origin, host } = new URL(`http://Ã©.test:${port}`)
    const refused = await fetch(`${origin}/a`, { dispatcher: resolving.compose(signing(signer)) }).catch((error: unknown) => error)
    expect(refused).toMatchObject({ cause: { code: 'redirect-refused' } })
    expect(hosts).toEqual([host])
  })

  it('tells what is wrong with a call by its code', async () => {
    const dispatcher = agent(signing(createSigner(qredoV1, { keyId: 'k', secret }), { origin: 'https://api.example.com' }))
    const codeOf = async (url: string, options: object = {}): Promise<unknown> => {
      const thrown: unknown = await request(url, { dispatcher, ...options }).catch((error: unknown) => error)
      return thrown instanceof Error && 'code' in thrown ? thrown.code : thrown
    }
    expect(await codeOf('https://other.example.com/')).toBe('url-foreign')
    expect(await codeOf('https://api.example.com/a?b', { query: { c: 1 } })).toBe('url-not-signable')
    expect(await codeOf('https://api.example.com/a', { method: 'GET', body: '{}' })).toBe('body-not-signable')
  })

  it('refuses options that do not exist, and origins that are none', () => {
    for (const options of [
      { origins: [] },
      { origin: [] },
      { origin: 'api.example.com' },
      { origin: 'https://a/b' },
      { redirect: 'follow' },
      { maxBodyBytes: Number.NaN },
      { correctClock: true },
    ])
      expect(() => signing(signer, options as never), JSON.stringify(options)).toThrow(expect.objectContaining({ code: 'option-invalid' }))
    expect(() => signing(undefined as never)).toThrow(expect.objectContaining({ code: 'option-invalid' }))
  })
})
