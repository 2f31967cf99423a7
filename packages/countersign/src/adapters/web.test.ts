import { describe, expect, it } from 'vitest'
import { memoryKeys } from '../keys/key.ts'
import { qredoV1 } from '../schemes/index.ts'
import { createSigner } from '../sign/sign.ts'
import { createVerifier } from '../verify/verify.ts'
import { requireSignature } from './web.ts'

const origin = 'https://api.example.com'
const secret = Buffer.alloc(60, 5).toString('base64')
const signer = createSigner(qredoV1, { keyId: 'k', secret })
const verifier = createVerifier(qredoV1, {
  origin,
  keys: memoryKeys(qredoV1, [{ id: 'k', secret, permissions: ['read'], addresses: ['10.0.0.0/8'] }]),
  limits: { maxBodyBytes: 100 },
})
const handle = requireSignature(
  verifier,
  (request, { key, body }) => new Response(`${key.id} ${request.method} ${new TextDecoder().decode(body)}`),
  { permission: 'read', address: request => request.headers.get('x-client') ?? undefined },
)

function signed(method: string, path: string, body?: string, more: Record<string, string> = {}): Request {
  const call = signer.sign({ method, url: origin + path, body })
  return new Request(origin + path, {
    method,
    headers: { ...call.headers, 'x-client': '10.1.1.1', ...more },
    ...(body === undefined ? {} : { body }),
  })
}

describe('requireSignature of countersign/web', () => {
  it('hands verified calls to the handler, with the bytes that were signed', async () => {
    expect(await (await handle(signed('POST', '/x?y=%20', '{"a":"ü"}'))).text()).toBe('k POST {"a":"ü"}')
    expect(await (await handle(signed('GET', '/'))).text()).toBe('k GET ')
  })

  it('answers the others with problem details', async () => {
    for (const [request, status, code] of [
      [signed('GET', '/x', undefined, { 'qredo-api-sig': 'A'.repeat(43) }), 401, 'bad-signature'],
      [signed('GET', '/x', undefined, { 'x-client': '11.0.0.1' }), 403, 'address-not-allowed'],
      [signed('POST', '/x', `{"a":"${'x'.repeat(100)}"}`), 413, 'body-too-large'],
      [new Request(`${origin}/x`), 401, 'missing-header'],
    ] as const) {
      const response = await handle(request)
      expect([response.status, response.headers.get('content-type')]).toEqual([status, 'application/problem+json'])
      expect(await response.json()).toMatchObject({ code, status })
    }
  })
})
