import { describe, expect, it, vi } from 'vitest'
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

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

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

const keys = memoryKeys(qredoV1, [{ id: 'k', secret }])
const open = createVerifier(qredoV1, { origin, keys, replay: 'off' })

describe('a fetch handler', () => {
  it('is given what the platform gives besides the request', async () => {
    const workers = requireSignature(open, (_request, { key }, env: { greeting: string }, context: { id: number }) =>
      Response.json([key.id, env.greeting, context.id]),
    )
    expect(await (await workers(signed('GET', '/x'), { greeting: 'hello' }, { id: 7 })).json()).toEqual(['k', 'hello', 7])
    const next = requireSignature(open, async (_request, _verified, { params }: { params: Promise<{ id: string }> }) =>
      Response.json(await params),
    )
    expect(await (await next(signed('GET', '/x'), { params: Promise.resolve({ id: '1' }) })).json()).toEqual({ id: '1' })
  })

  it('can read the body from the request that it is given, which is the very request that came', async () => {
    const request = signed('POST', '/x', '{"a":"ü"}')
    let given: Request | undefined
    const echo = requireSignature(open, async (own, { body }) => {
      given = own
      return Response.json([await own.json(), new TextDecoder().decode(body)])
    })
    expect(await (await echo(request)).json()).toEqual([{ a: 'ü' }, '{"a":"ü"}'])
    expect(given).toBe(request)
  })

  it('has its verifier made from what the platform gives', async () => {
    const verifiers = new WeakMap<object, typeof open>()
    const verifierOf = async (_request: Request, env: { secret: string }) => {
      const known = verifiers.get(env) ?? createVerifier(qredoV1, { origin, keys: memoryKeys(qredoV1, [{ id: 'k', secret: env.secret }]) })
      verifiers.set(env, known)
      return known
    }
    const own = requireSignature(verifierOf, (_request, { key }) => new Response(key.id))
    const env = { secret }
    expect((await own(signed('GET', '/x'), env)).status).toBe(200)
    expect((await own(signed('GET', '/x'), { secret: Buffer.alloc(60, 6).toString('base64') })).status).toBe(401)
    const again = signed('GET', '/again')
    expect((await own(again.clone(), env)).status).toBe(200)
    expect((await own(again, env)).status).toBe(401)
  })

  it.each([
    ['a handler that throws', open, () => Promise.reject(new Error('broken'))],
    ['a handler that throws nothing', open, () => Promise.reject(undefined)],
    [
      'an error that can’t be looked at',
      open,
      () =>
        Promise.reject(
          Object.defineProperty(new Error('x'), 'digest', {
            get() {
              throw new Error('no')
            },
          }),
        ),
    ],
    ['a thing that can’t be looked at', open, () => Promise.reject(revoked())],
    ['a function that makes no verifier', () => Promise.reject(new Error('no secret')), () => new Response()],
  ])('answers 500 for %s, and tells onError', async (_what, verifier, handler) => {
    const onError = vi.fn()
    const own = requireSignature(verifier as typeof open, handler as () => Response, { onError })
    const response = await own(signed('GET', '/x'))
    expect([response.status, response.headers.get('content-type')]).toEqual([500, 'application/problem+json'])
    expect(onError).toHaveBeenCalledOnce()
  })

  it.each([
    ['Next.js’ redirect', Object.assign(new Error('NEXT_REDIRECT'), { digest: 'NEXT_REDIRECT;replace;/x;307;' })],
    ['SvelteKit’s redirect', { status: 303, location: '/x' }],
    ['a Response', new Response(null, { status: 404 })],
  ])('hands on %s that its handler throws', async (_what, thrown) => {
    const onError = vi.fn()
    const own = requireSignature(open, () => Promise.reject(thrown), { onError })
    await expect(own(signed('GET', '/x'))).rejects.toBe(thrown)
    expect(onError).not.toHaveBeenCalled()
  })

  it('answers 500 where the body was read before', async () => {
    const onError = vi.fn()
    const request = signed('POST', '/x', '{}')
    await request.text()
    expect((await requireSignature(open, () => new Response(), { onError })(request)).status).toBe(500)
    expect(onError).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code: 'body-eaten' }), request)
  })
})

describe('a target that a platform has written anew', () => {
  const handle = requireSignature(open, () => new Response())
  /** Signed for one spelling, and handed to the handler in another. */
  const detail = async (spelled: string, arrived: string, more: Parameters<typeof requireSignature>[2] = {}) => {
    const { headers } = signer.sign({ method: 'GET', url: origin + spelled })
    const own = Object.keys(more).length === 0 ? handle : requireSignature(open, () => new Response(), more)
    const response = await own(new Request(origin + arrived, { headers }))
    return response.ok ? 'ok' : ((await response.json()) as { detail: string }).detail
  }

  it.each([
    ['/x?a=b%20c', '/x?a=b+c'],
    ['/x?a=~', '/x?a=%7E'],
    ['/x?flag', '/x?flag='],
    ['/x?flag&a=1', '/x?flag=&a=1'],
  ])('is said to be one: %s as %s', async (spelled, arrived) => {
    expect(await detail(spelled, arrived)).toMatch(/written anew.*Next\.js/)
    expect(await detail(spelled, arrived, { target: () => spelled })).toBe('ok')
  })

  it('is said to be decoded, where it is', async () => {
    expect(await detail('/a%20b', '/x', { target: () => '/a b' })).toMatch(/came decoded/)
    expect(await detail('/%C3%BC', '/x', { target: () => '/ü' })).toMatch(/came decoded/)
  })

  it('is not spoken of otherwise, and tells no unknown key from a wrong signature', async () => {
    expect(await detail('/x', '/y?a=b')).not.toMatch(/written anew|decoded/)
    const unknown = createSigner(qredoV1, { keyId: 'nobody', secret }).sign({ method: 'GET', url: `${origin}/x?a=b%20c` })
    const answer = await handle(new Request(`${origin}/x?a=b+c`, { headers: unknown.headers }))
    expect(((await answer.json()) as { detail: string }).detail).toBe(await detail('/x?a=b%20c', '/x?a=b+c'))
  })
})
