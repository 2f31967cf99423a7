import { once } from 'node:events'
import { connect, createServer, type Http2Server } from 'node:http2'
import type { AddressInfo } from 'node:net'
import fastify from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import { memoryKeys } from '../keys/key.ts'
import { qredoV1 } from '../schemes/index.ts'
import { createSigner } from '../sign/sign.ts'
import { createVerifier } from '../verify/verify.ts'
import * as forFastify from './fastify.ts'
import * as forNode from './node.ts'
import { verifiedCall } from './verified-calls.ts'

const secret = Buffer.alloc(60, 5).toString('base64')
const ORIGIN = 'http://api.example.com'
const verifier = createVerifier(qredoV1, { origin: ORIGIN, keys: memoryKeys(qredoV1, [{ id: 'k', secret }]), replay: 'off' })

let server: Http2Server | undefined
afterEach(() => server?.close())

/** A call over HTTP/2 whose signature covers one body, and which is sent with another. */
async function send(port: number, method: string, signed: string | undefined, sent: string, length: boolean): Promise<[number, string]> {
  const { headers } = createSigner(qredoV1, { keyId: 'k', secret }).sign({ method, url: `${ORIGIN}/x`, body: signed })
  const client = connect(`http://127.0.0.1:${port}`)
  const more = length ? { 'content-length': String(sent.length) } : {}
  const stream = client.request(
    { ':method': method, ':path': '/x', 'content-type': 'application/json', ...headers, ...more },
    { endStream: sent === '' },
  )
  if (sent !== '') stream.end(sent)
  const [answer] = (await once(stream, 'response')) as [{ ':status'?: number }]
  let text = ''
  for await (const piece of stream) text += String(piece)
  client.close()
  return [answer[':status'] ?? 0, text]
}

describe('over HTTP/2, where a body needs no header', () => {
  it.each([
    ['an unsigned body', 'POST', undefined, '{"a":1}', false, 401],
    ['an unsigned body with its length', 'POST', undefined, '{"a":1}', true, 401],
    ['a signed body', 'POST', '{"a":1}', '{"a":1}', false, 200],
    ['a signed body with its length', 'POST', '{"a":1}', '{"a":1}', true, 200],
    ['no body', 'GET', undefined, '', false, 200],
    ['a body with a GET', 'GET', undefined, '{"a":1}', false, 400],
  ] as const)('%s, to countersign/node', async (_what, method, signed, sent, length, status) => {
    server = createServer()
    const handler = forNode.requireSignature(verifier, (_request, response, { body }) => response.end(Buffer.from(body ?? '').toString()))
    server.on('request', (request, response) => handler(request as never, response as never))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const [code, text] = await send((server.address() as AddressInfo).port, method, signed, sent, length)
    expect(code).toBe(status)
    if (code === 200) expect(text).toBe(sent)
  })

  it.each([
    ['an unsigned body', 'POST', undefined, '{"a":1}', false, 401],
    ['an unsigned body with its length', 'POST', undefined, '{"a":1}', true, 401],
    ['a signed body with its length', 'POST', '{"a":1}', '{"a":1}', true, 200],
    ['a signed body', 'POST', '{"a":1}', '{"a":1}', false, 200],
  ] as const)('%s, to countersign/fastify', async (_what, method, signed, sent, length, status) => {
    const app = fastify({ http2: true })
    app.post('/x', { preParsing: forFastify.requireSignature(verifier) as never }, async request => ({
      bytes: verifiedCall(request).body?.length ?? 0,
      parsed: request.body,
    }))
    await app.listen({ port: 0, host: '127.0.0.1' })
    const [code, text] = await send((app.server.address() as AddressInfo).port, method, signed, sent, length)
    await app.close()
    expect(code).toBe(status)
    if (code === 200) expect(JSON.parse(text)).toEqual({ bytes: 7, parsed: { a: 1 } })
  })
})
