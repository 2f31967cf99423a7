import { once } from 'node:events'
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Failure } from '../contract/failure.ts'
import { memoryKeys } from '../keys/key.ts'
import { qredoV1 } from '../schemes/index.ts'
import { createSigner } from '../sign/sign.ts'
import { createVerifier } from '../verify/verify.ts'
import { requireSignature } from './node.ts'

const secret = Buffer.alloc(60, 5).toString('base64')
const signer = createSigner(qredoV1, { keyId: 'k', secret })
const server = createServer()
const refusals: Failure[] = []
const errors: unknown[] = []
let origin = ''
let port = 0

beforeAll(async () => {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
  origin = `http://127.0.0.1:${port}`
  const keys = memoryKeys(qredoV1, [{ id: 'k', secret, addresses: ['127.0.0.1'] }])
  const verifier = createVerifier(qredoV1, { origin, keys, limits: { maxBodyBytes: 1000 } })
  server.on(
    'request',
    requireSignature(
      verifier,
      (request, response, { key, body }) => {
        if (request.url === '/fails') throw new Error('handler')
        response.end(`${key.id} ${request.url} ${Buffer.from(body ?? []).toString('hex')}`)
      },
      { onRefused: failure => refusals.push(failure), onError: error => errors.push(error) },
    ),
  )
})

afterAll(() => {
  server.closeAllConnections()
  server.close()
})

function send(
  method: string,
  target: string,
  headers: Record<string, string | string[]>,
  body?: Uint8Array,
): Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; text: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({ port, host: '127.0.0.1', method, path: target, headers }, incoming => {
      let text = ''
      incoming.setEncoding('utf8')
      incoming.on('data', (piece: string) => {
        text += piece
      })
      incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text }))
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

describe('requireSignature of countersign/node', () => {
  it('hands the raw target and the raw body bytes to the handler', async () => {
    const body = Uint8Array.of(0x7b, 0xff, 0x00, 0xc3)
    const target = '/a/../b//c?x=%7e&x=1'
    const signed = signer.sign({ method: 'POST', url: origin + target, body })
    expect(await send('POST', target, { ...signed.headers }, body)).toMatchObject({ status: 200, text: `k ${target} 7bff00c3` })
  })

  it('refuses with problem details, and tells the owner more than the caller', async () => {
    const { headers } = signer.sign({ method: 'GET', url: `${origin}/x` })
    const answer = await send('GET', '/y', { ...headers })
    expect(answer).toMatchObject({
      status: 401,
      headers: {
        'content-type': 'application/problem+json',
        'cache-control': 'no-store',
        'www-authenticate': 'Countersign scheme="qredo-v1"',
      },
    })
    expect(JSON.parse(answer.text)).toEqual({
      type: 'urn:countersign:bad-signature',
      title: 'Not authenticated',
      status: 401,
      detail: expect.any(String) as string,
      code: 'bad-signature',
    })
    const unknown = createSigner(qredoV1, { keyId: 'nobody', secret }).sign({ method: 'GET', url: `${origin}/x` })
    expect((await send('GET', '/x', { ...unknown.headers })).text).toBe(answer.text)
    expect(refusals.slice(-2)).toEqual([
      { code: 'bad-signature', keyId: 'k' },
      { code: 'unknown-key', keyId: 'nobody' },
    ])
  })

  it('sees a header that came twice', async () => {
    const { headers } = signer.sign({ method: 'GET', url: `${origin}/x` })
    const sig = headers['qredo-api-sig'] ?? ''
    expect(JSON.parse((await send('GET', '/x', { ...headers, 'qredo-api-sig': [sig, sig] })).text)).toMatchObject({
      code: 'duplicate-header',
    })
  })

  it('stops reading at the limit, announced or not, and goes on serving', async () => {
    const body = Buffer.from(`{"a":"${'x'.repeat(2000)}"}`)
    const signed = signer.sign({ method: 'POST', url: `${origin}/x`, body })
    expect(await send('POST', '/x', { ...signed.headers, 'content-length': String(body.length) }, body)).toMatchObject({ status: 413 })
    expect(await send('POST', '/x', { ...signed.headers, 'transfer-encoding': 'chunked' }, body)).toMatchObject({
      status: 413,
      headers: { connection: 'close' },
    })
    const good = signer.sign({ method: 'GET', url: `${origin}/after` })
    expect(await send('GET', '/after', { ...good.headers })).toMatchObject({ status: 200 })
  })

  it('survives a client that goes away in the middle of its body, and a handler that throws', async () => {
    const signed = signer.sign({ method: 'POST', url: `${origin}/x`, body: '{"a":1}' })
    const socket = connect(port, '127.0.0.1')
    const lines = Object.entries(signed.headers).map(([name, value]) => `${name}: ${value}`)
    socket.write(`POST /x HTTP/1.1\r\nhost: x\r\ncontent-length: 7\r\n${lines.join('\r\n')}\r\n\r\n{"a`)
    // Its body is being read by then.
    const [begun] = (await once(server, 'request')) as [IncomingMessage]
    await expect.poll(() => begun.readableDidRead).toBe(true)
    socket.destroy()
    await once(socket, 'close')
    const fails = signer.sign({ method: 'GET', url: `${origin}/fails` })
    const answer = await send('GET', '/fails', { ...fails.headers })
    expect(answer).toMatchObject({ status: 500, headers: { 'content-type': 'application/problem+json' } })
    expect(errors).toEqual([new Error('handler')])
    const good = signer.sign({ method: 'GET', url: `${origin}/after` })
    expect(await send('GET', '/after', { ...good.headers })).toMatchObject({ status: 200 })
  })
})
