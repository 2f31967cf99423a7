import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { requireSignature } from '../adapters/node.ts'
import { memoryKeys } from '../keys/key.ts'
import { qredoV1 } from '../schemes/index.ts'
import { createSigner } from '../sign/sign.ts'
import { createVerifier } from '../verify/verify.ts'
import { signedFetch } from './fetch.ts'

const secret = Buffer.alloc(60, 5).toString('base64')
const credentials = { keyId: 'k', secret }
const closing: (() => void)[] = []

afterEach(() => {
  for (const close of closing.splice(0)) close()
})

async function listen(handler: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(handler)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A server that echoes what it verified, and redirects from /to?status=…&location=…. */
async function startApi(options: { clock?: () => number; seen?: string[] } = {}): Promise<string> {
  let handle: (request: IncomingMessage, response: ServerResponse) => void = () => {}
  const origin = await listen((request, response) => handle(request, response))
  const verifier = createVerifier(qredoV1, {
    origin,
    keys: memoryKeys(qredoV1, [{ id: 'k', secret }]),
    ...(options.clock === undefined ? {} : { clock: options.clock }),
    allow: ['ambiguous-request'],
  })
  handle = requireSignature(verifier, (request, response, { body }) => {
    options.seen?.push(`${request.method} ${request.url}`)
    const url = new URL(request.url ?? '/', origin)
    const location = url.searchParams.get('location')
    if (location !== null) response.writeHead(Number(url.searchParams.get('status') ?? 302), { location }).end()
    else
      response.end(
        JSON.stringify({
          method: request.method,
          url: request.url,
          type: request.headers['content-type'] ?? null,
          body: Buffer.from(body ?? []).toString('base64'),
        }),
      )
  })
  return origin
}

async function answerOf(response: Response): Promise<{ method: string; url: string; type: string | null; body: string }> {
  expect(response.status).toBe(200)
  const answer = (await response.json()) as { method: string; url: string; type: string | null; body: string }
  return { ...answer, body: Buffer.from(answer.body, 'base64').toString() }
}

const fetchSigned = signedFetch(createSigner(qredoV1, credentials, { allow: ['ambiguous-request'] }))

describe('signedFetch', () => {
  it('signs a GET by text, URL or Request', async () => {
    const origin = await startApi()
    for (const input of [`${origin}/a?b=1`, new URL(`${origin}/a?b=1`), new Request(`${origin}/a?b=1`)])
      expect(await answerOf(await fetchSigned(input))).toMatchObject({ method: 'GET', url: '/a?b=1', body: '' })
  })

  it('signs the URL as fetch sends it, whatever was typed', async () => {
    const origin = await startApi()
    expect((await answerOf(await fetchSigned(`${origin}/a b/../ü?q={x}|"y"&z=[1]#hash`))).url).toBe('/%C3%BC?q=%7Bx%7D%7C%22y%22&z=%5B1%5D')
  })

  const form = new FormData()
  form.set('field', 'value')
  it.each<[string, BodyInit, string, RegExp | string]>([
    ['text', '{"a":1}', 'text/plain;charset=UTF-8', '{"a":1}'],
    ['bytes', Uint8Array.of(123, 125), 'null', '{}'],
    ['an ArrayBuffer', Uint8Array.of(123, 125).buffer, 'null', '{}'],
    ['a Blob', new Blob(['{}'], { type: 'application/json' }), 'application/json', '{}'],
    ['URLSearchParams', new URLSearchParams('a=1&b=ü'), 'application/x-www-form-urlencoded;charset=UTF-8', 'a=1&b=%C3%BC'],
    ['FormData', form, 'multipart/form-data; boundary=', /name="field"\r\n\r\nvalue/],
    ['a stream', new Blob(['{"streamed":true}']).stream(), 'null', '{"streamed":true}'],
  ])('signs and sends a body given as %s', async (_what, body, type, expected) => {
    const origin = await startApi()
    const answer = await answerOf(await fetchSigned(`${origin}/x`, { method: 'POST', body }))
    if (typeof expected === 'string') expect(answer.body).toBe(expected)
    else expect(answer.body).toMatch(expected)
    expect(String(answer.type)).toContain(type)
  })

  it('takes method, headers and body of a Request, and lets init override them', async () => {
    const origin = await startApi()
    const request = new Request(`${origin}/x`, {
      method: 'PUT',
      body: '{"a":1}',
      headers: { 'content-type': 'application/json', 'x-mine': '1' },
    })
    expect(await answerOf(await fetchSigned(request.clone()))).toMatchObject({ method: 'PUT', type: 'application/json', body: '{"a":1}' })
    expect(await answerOf(await fetchSigned(request, { method: 'PATCH', body: '{}' }))).toMatchObject({ method: 'PATCH', body: '{}' })
  })

  it("refuses a stream that can't be held within the limit, and does not send it", async () => {
    const seen: string[] = []
    const origin = await startApi({ seen })
    let pulled = 0
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled++
        controller.enqueue(new Uint8Array(1024))
      },
    })
    const limited = signedFetch(createSigner(qredoV1, credentials), { maxBodyBytes: 10_000 })
    await expect(limited(`${origin}/x`, { method: 'POST', body: endless })).rejects.toMatchObject({ code: 'body-too-large' })
    expect(pulled).toBeLessThan(15)
    expect(seen).toEqual([])
  })

  it('refuses what fetch refuses', async () => {
    await expect(fetchSigned('not a url')).rejects.toThrow(TypeError)
    await expect(fetchSigned('http://user:pass@127.0.0.1/')).rejects.toThrow(TypeError)
    await expect(fetchSigned('http://127.0.0.1:1/', { method: 'GET', body: 'x' })).rejects.toThrow(TypeError)
    await expect(fetchSigned('http://127.0.0.1:1/')).rejects.toThrow('fetch failed')
  })

  it('signs again where the same origin redirects to', async () => {
    const seen: string[] = []
    const origin = await startApi({ seen })
    expect(await answerOf(await fetchSigned(`${origin}/to?location=/there?x=1`))).toMatchObject({ url: '/there?x=1' })
    for (const [status, method, becomes, body] of [
      [301, 'POST', 'GET', ''],
      [303, 'PUT', 'GET', ''],
      [307, 'POST', 'POST', '{"a":1}'],
      [308, 'PUT', 'PUT', '{"a":1}'],
    ] as const) {
      const answer = await answerOf(await fetchSigned(`${origin}/to?status=${status}&location=/there`, { method, body: '{"a":1}' }))
      expect(answer).toMatchObject({ method: becomes, body, type: body === '' ? null : expect.anything() })
    }
  })

  it('never follows a redirect to another origin', async () => {
    const elsewhere: IncomingMessage[] = []
    const other = await listen((request, response) => {
      elsewhere.push(request)
      response.end('stolen')
    })
    const origin = await startApi()
    const url = `${origin}/to?location=${encodeURIComponent(`${other}/x`)}`
    await expect(fetchSigned(url)).rejects.toMatchObject({ code: 'redirect-refused' })
    await expect(fetchSigned(url, { redirect: 'error' })).rejects.toMatchObject({ code: 'redirect-refused' })
    expect((await fetchSigned(url, { redirect: 'manual' })).status).toBe(302)
    expect(elsewhere).toEqual([])
  })

  it('gives up after too many redirects', async () => {
    let calls = 0
    const origin = await listen((_request, response) => {
      calls++
      response.writeHead(302, { location: '/again' }).end()
    })
    await expect(signedFetch(createSigner(qredoV1, credentials), { maxRedirects: 3 })(origin)).rejects.toMatchObject({
      code: 'too-many-redirects',
    })
    expect(calls).toBe(4)
  })

  it('can be stopped', async () => {
    const origin = await listen(() => {})
    await expect(fetchSigned(origin, { signal: AbortSignal.timeout(50) })).rejects.toThrow(/abort|time/i)
    const controller = new AbortController()
    controller.abort()
    await expect(fetchSigned(new Request(origin, { signal: controller.signal }))).rejects.toThrow(/abort/i)
  })
})
