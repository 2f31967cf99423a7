import { generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { FailureCode } from '../contract/failure.ts'
import { FAILURES, toProblem } from '../contract/problem.ts'
import { crypto as web } from '../crypto/web.ts'
import { defineScheme } from '../define/define.ts'
import { createKey, memoryKeys } from '../keys/key.ts'
import { memoryReplayGuard } from '../replay/replay.ts'
import { github, qredoV1, SCHEMES, stripe } from '../schemes/index.ts'
import { createSigner, type SignableRequest } from '../sign/sign.ts'
import { createVerifier, type IncomingRequest, type Verification, type VerifierOptions } from './verify.ts'

const NOW = 1_647_356_399_123
const ORIGIN = 'https://api.example.com'
const secret = Buffer.alloc(60, 5).toString('base64')
const credentials = { keyId: 'key-1', secret }
const signer = createSigner(qredoV1, credentials, { clock: () => NOW, allow: ['ambiguous-request', 'body-on-get'] })

function verifier(options: Partial<VerifierOptions> = {}) {
  return createVerifier(qredoV1, {
    origin: ORIGIN,
    keys: memoryKeys(qredoV1, [{ id: 'key-1', secret, permissions: ['read'] }]),
    clock: () => NOW,
    ...options,
  })
}

function call(request: Partial<SignableRequest> = {}, from = signer): IncomingRequest {
  const { method, url, headers, body } = from.sign({ method: 'POST', url: `${ORIGIN}/orders?x=1`, body: '{"a":1}', ...request })
  return { method, target: url.slice(ORIGIN.length), headers: Object.entries(headers), body }
}

function withHeader(request: IncomingRequest, name: string, value: string | undefined): IncomingRequest {
  const headers = (request.headers as [string, string][]).filter(([header]) => header !== name)
  return { ...request, headers: value === undefined ? headers : [...headers, [name, value]] }
}

function codeOf(result: Verification): string {
  return result.ok ? 'ok' : result.failure.code
}

describe('createVerifier(qredoV1).verify', () => {
  it('accepts what a signer signed, and hands out key, body and time', async () => {
    const result = await verifier().verify(call())
    expect(result).toMatchObject({ ok: true, key: { id: 'key-1' }, timestampMs: NOW })
    expect(result.ok && new TextDecoder().decode(result.body)).toBe('{"a":1}')
  })

  it('accepts all four epoch units', async () => {
    for (const timestamp of ['1647356399', '1647356399123', '1647356399123456', '1647356399123456789'])
      expect(codeOf(await verifier().verify(call({ timestamp })))).toBe('ok')
  })

  it('accepts over WebCrypto too', async () => {
    expect(codeOf(await verifier({ crypto: web }).verify(call()))).toBe('ok')
    expect(codeOf(await verifier({ crypto: web }).verify(withHeader(call(), 'qredo-api-sig', 'A'.repeat(43))))).toBe('bad-signature')
  })

  it('reads a body through a function, once, and only when the headers are in order', async () => {
    let reads = 0
    const request = call()
    const bytes = request.body as Uint8Array
    const reader = async (maxBytes: number): Promise<Uint8Array> => {
      reads++
      expect(maxBytes).toBe(1_048_576)
      return bytes
    }
    expect(codeOf(await verifier().verify({ ...request, body: reader }))).toBe('ok')
    expect(reads).toBe(1)
    expect(codeOf(await verifier().verify({ ...withHeader(request, 'qredo-api-sig', undefined), body: reader }))).toBe('missing-header')
    expect(reads).toBe(1)
  })

  const expectations: [FailureCode, string, () => Promise<Verification>][] = [
    ['part-not-taken', 'a path that is not among those taken', () => verifier({ only: { paths: ['/other'] } }).verify(call())],
    ['missing-body', 'no body where one is required', () => verifier({ only: { body: 'required' } }).verify(call({ body: undefined }))],
    ['method-not-allowed', 'a method in lower case', () => verifier().verify({ ...call(), method: 'post' })],
    ['method-not-allowed', 'an unknown method', () => verifier().verify({ ...call(), method: 'BREW' })],
    ['malformed-target', 'a target with a space', () => verifier().verify({ ...call(), target: '/orders x' })],
    ['malformed-target', 'an absolute target', () => verifier().verify({ ...call(), target: `${ORIGIN}/orders` })],
    ['malformed-target', 'a target over the limit', () => verifier().verify({ ...call(), target: `/${'a'.repeat(8192)}` })],
    ['missing-header', 'no key', () => verifier().verify(withHeader(call(), 'qredo-api-key', undefined))],
    ['missing-header', 'no timestamp', () => verifier().verify(withHeader(call(), 'qredo-api-ts', undefined))],
    ['missing-header', 'no signature', () => verifier().verify(withHeader(call(), 'qredo-api-sig', undefined))],
    ['missing-header', 'an empty key', () => verifier().verify(withHeader(call(), 'qredo-api-key', ''))],
    [
      'duplicate-header',
      'a header twice',
      () => verifier().verify({ ...call(), headers: [...(call().headers as [string, string][]), ['Qredo-Api-Key', 'key-1']] }),
    ],
    ['malformed-header', 'two keys merged', () => verifier().verify(withHeader(call(), 'qredo-api-key', 'key-1, key-1'))],
    ['malformed-timestamp', 'a timestamp with a sign', () => verifier().verify(withHeader(call(), 'qredo-api-ts', '+1647356399'))],
    ['malformed-timestamp', 'a timestamp of 11 digits', () => verifier().verify(withHeader(call(), 'qredo-api-ts', '16473563990'))],
    ['malformed-signature', 'a padded signature', () => verifier().verify(withHeader(call(), 'qredo-api-sig', `${'A'.repeat(43)}=`))],
    ['malformed-signature', 'a signature in hex', () => verifier().verify(withHeader(call(), 'qredo-api-sig', 'a'.repeat(64)))],
    ['timestamp-out-of-window', 'a stale timestamp', () => verifier().verify(call({ timestamp: String(NOW - 300_001) }))],
    ['timestamp-out-of-window', 'a future timestamp', () => verifier().verify(call({ timestamp: String(NOW + 300_001) }))],
    [
      'unknown-key',
      'an unknown key',
      () => verifier().verify(call({}, createSigner(qredoV1, { keyId: 'key-2', secret }, { clock: () => NOW }))),
    ],
    [
      'bad-signature',
      'another secret',
      () => verifier().verify(call({}, createSigner(qredoV1, { keyId: 'key-1', secret: Buffer.alloc(60, 6) }, { clock: () => NOW }))),
    ],
    [
      'key-revoked',
      'a revoked key',
      () => verifier({ keys: memoryKeys(qredoV1, [{ id: 'key-1', secret, state: 'revoked' }]) }).verify(call()),
    ],
    [
      'key-disabled',
      'a disabled key',
      () => verifier({ keys: memoryKeys(qredoV1, [{ id: 'key-1', secret, state: 'disabled' }]) }).verify(call()),
    ],
    [
      'key-expired',
      'an expired key',
      () => verifier({ keys: memoryKeys(qredoV1, [{ id: 'key-1', secret, expiresAtMs: NOW }]) }).verify(call()),
    ],
    [
      'address-not-allowed',
      'another address',
      () =>
        verifier({ keys: memoryKeys(qredoV1, [{ id: 'key-1', secret, addresses: ['10.0.0.0/8'] }]) }).verify({
          ...call(),
          address: '11.0.0.1',
        }),
    ],
    [
      'address-not-allowed',
      'no address where one is wanted',
      () => verifier({ keys: memoryKeys(qredoV1, [{ id: 'key-1', secret, addresses: ['10.0.0.0/8'] }]) }).verify(call()),
    ],
    ['unexpected-body', 'a GET with a body', () => verifier().verify(call({ method: 'GET' }))],
    ['body-too-large', 'a body over the limit', () => verifier({ limits: { maxBodyBytes: 6 } }).verify(call())],
    ['body-too-large', 'a reader that gives up', () => verifier().verify({ ...call(), body: async () => 'too-large' })],
    ['ambiguous-request', 'a body that could be more URL', () => verifier().verify(call({ body: 'a=1' }))],
    ['permission-denied', 'a missing permission', () => verifier().verify(call(), { permission: ['write', 'admin'] })],
    [
      'key-source-unavailable',
      'a key store that is away',
      () => verifier({ keys: { find: () => Promise.reject(new Error('down')) } }).verify(call()),
    ],
    [
      'key-source-unavailable',
      'a key store that throws',
      () =>
        verifier({
          keys: {
            find: () => {
              throw new Error('down')
            },
          },
        }).verify(call()),
    ],
    [
      'replay-guard-unavailable',
      'a guard that is away',
      () => verifier({ replay: { claim: () => Promise.reject(new Error('down')) } }).verify(call()),
    ],
    ['replay-guard-full', 'a guard that is full', () => verifier({ replay: { claim: () => 'full' } }).verify(call())],
    [
      'unknown-origin',
      'a host that is not served',
      () => verifier({ origin: [ORIGIN, 'https://b.example'] }).verify(withHeader(call(), 'host', 'c.example')),
    ],
  ]

  it.each(expectations)('%s: %s', async (code, _what, verify) => {
    const result = await verify()
    expect(codeOf(result)).toBe(code)
    if (result.ok) return
    const problem = toProblem(result.failure)
    expect(problem.status).toBe(FAILURES[problem.code].status)
    expect(problem.detail).toMatch(/[.]$/)
    expect(JSON.stringify(problem)).not.toContain(secret.slice(0, 16))
  })

  /** Those of a wrapper: see deprecation.test.ts, and those of what is injected: see verify/injected.test.ts. */
  const DEPRECATIONS = ['scheme-retired', 'route-retired', 'brown-out']

  it('has a replay refused, and every failure code but those of other schemes is shown above', async () => {
    const { verify } = verifier()
    const request = call()
    expect(codeOf(await verify(request))).toBe('ok')
    expect(codeOf(await verify(request))).toBe('replayed')
    const shown = new Set<string>([
      'replayed',
      'digest-mismatch',
      'insufficient-coverage',
      ...DEPRECATIONS,
      'body-incomplete',
      'body-unreadable',
      'verifier-failed',
      'too-many-signatures',
      ...expectations.map(([code]) => code),
    ])
    expect(new Set(Object.keys(FAILURES))).toEqual(shown)
  })

  it('chooses among several origins by the Host header, and signs with the one chosen', async () => {
    const { verify } = verifier({ origin: [ORIGIN, 'https://b.example/base'] })
    const signed = signer.sign({ method: 'GET', url: 'https://b.example/base/x' })
    const request = {
      method: 'GET',
      target: '/x',
      headers: [...Object.entries(signed.headers), ['host', 'B.example']] as [string, string][],
    }
    expect(codeOf(await verify(request))).toBe('ok')
    expect(codeOf(await verify(withHeader(request, 'host', 'api.example.com')))).toBe('bad-signature')
  })

  it('never throws and never accepts, whatever comes in', async () => {
    const { verify } = verifier()
    const names = ['qredo-api-key', 'qredo-api-ts', 'qredo-api-sig', 'host', 'x', '']
    const header = fc.tuple(
      fc.constantFrom(...names),
      fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('key-1', String(NOW), 'A'.repeat(43), '')),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.string(), fc.constantFrom('GET', 'POST')),
        fc.oneof(fc.string({ unit: 'binary' }), fc.webPath(), fc.constant('/orders?x=1')),
        fc.array(header, { maxLength: 6 }),
        fc.option(fc.uint8Array(), { nil: undefined }),
        async (method, target, headers, body) => {
          expect(await verify({ method, target, headers, body })).toMatchObject({ ok: false })
        },
      ),
      { seed: 14, numRuns: 10_000 },
    )
  })
})

describe('createVerifier', () => {
  it.each([
    ['an origin with a path that ends in a slash', { origin: 'https://a.example/' }, 'option-invalid'],
    ['an origin in upper case', { origin: 'https://A.example' }, 'option-invalid'],
    ['no origin', { origin: [] }, 'option-invalid'],
    ['a key id beside one that is carried', { keyId: 'x' }, 'option-invalid'],
  ])('refuses %s', (_what, options, code) => {
    expect(() => verifier(options as Partial<VerifierOptions>)).toThrow(expect.objectContaining({ code }))
  })

  it('asks which key to use where the scheme carries none, and offers no guard where nothing tells a replay', () => {
    const keys = memoryKeys(github, [{ id: 'hook', secret: 'x'.repeat(20) }])
    expect(() => createVerifier(github, { origin: ORIGIN, keys })).toThrow(/name the key to verify with/)
    expect(() => createVerifier(github, { origin: ORIGIN, keys, keyId: 'hook', replay: memoryReplayGuard() })).toThrow(
      /neither a timestamp nor a nonce/,
    )
    expect(() => createVerifier(github, { origin: ORIGIN, keys, keyId: 'hook' })).not.toThrow()
  })

  it('finds the key of each call by a function, which gives no power to what is not signed', async () => {
    const [one, two] = ['one', 'two'].map(id => ({ id, secret: id.repeat(8) }))
    const keys = memoryKeys(github, [one, two] as { id: string; secret: string }[])
    const keyId = ({ target }: { target: string }) => target.split('/')[2]
    const { verify } = createVerifier(github, { origin: ORIGIN, keys, keyId, only: { methods: ['POST'], paths: ['/hooks/*'] } })
    const { headers, body } = createSigner(github, { secret: one?.secret ?? '' }).sign({
      method: 'POST',
      url: `${ORIGIN}/hooks/one`,
      body: '{}',
    })
    const to = async (path: string) => verify({ method: 'POST', target: `/hooks/${path}`, headers, body })
    expect(await to('one')).toMatchObject({ ok: true, key: { id: 'one' } })
    expect(codeOf(await to('two'))).toBe('bad-signature')
    expect(codeOf(await to('three'))).toBe('unknown-key')
    for (const none of ['', 'a,b', 'k'.repeat(1025)]) expect(codeOf(await to(none)), none).toBe('missing-header')
    const failing = createVerifier(github, {
      origin: ORIGIN,
      keys,
      keyId: () => JSON.parse('{'),
      only: { methods: ['POST'], paths: 'any' },
    })
    expect(codeOf(await failing.verify({ method: 'POST', target: '/', headers, body }))).toBe('verifier-failed')
  })

  it.each(['', 'a b', 'a,b', 'k'.repeat(1025)])('refuses %j as the key to use: no key can have that id', keyId => {
    for (const scheme of SCHEMES.filter(({ keyId: carries }) => carries !== 'carried'))
      expect(() => createVerifier(scheme, { origin: ORIGIN, keys: memoryKeys(scheme), keyId }), scheme.name).toThrow(
        expect.objectContaining({ code: 'option-invalid', message: expect.stringMatching(/option keyId: 1 to 1024 visible ASCII/) }),
      )
  })

  it('takes a signature of either of two secrets during a rotation, and any of several in one header', async () => {
    const [a, b] = ['a'.repeat(20), 'b'.repeat(20)]
    const keys = memoryKeys(stripe, [{ id: 'hook', secrets: [a, b] }])
    const { verify } = createVerifier(stripe, { origin: ORIGIN, keys, keyId: 'hook', clock: () => NOW })
    const sign = (secretText: string, body: string) =>
      createSigner(stripe, { secret: secretText }, { clock: () => NOW }).sign({ method: 'POST', url: `${ORIGIN}/hook`, body })
    for (const secretText of [a, b]) {
      const { headers, body } = sign(secretText, `{"by":"${secretText}"}`)
      expect(codeOf(await verify({ method: 'POST', target: '/hook', headers, body }))).toBe('ok')
    }
    const [first, second] = [sign(a, '{}'), sign('c'.repeat(20), '{}')].map(
      ({ headers }) => (headers['stripe-signature'] ?? '').split(',')[1],
    )
    const value = `t=1647356399,${second},${first},v0=ignored`
    expect(codeOf(await verify({ method: 'POST', target: '/hook', headers: { 'stripe-signature': value }, body: Buffer.from('{}') }))).toBe(
      'ok',
    )
    const many = `t=1647356399,${Array.from({ length: 9 }, () => second).join(',')}`
    expect(codeOf(await verify({ method: 'POST', target: '/hook', headers: { 'stripe-signature': many }, body: Buffer.from('{}') }))).toBe(
      'malformed-signature',
    )
  })

  it("answers 503 rather than failing when a key can't be used", async () => {
    const scheme = defineScheme({
      name: 'ed',
      title: 'Ed',
      algorithm: 'ed25519',
      timestamp: { formats: ['seconds'] },
      message: '{timestamp}\n{body}',
      signature: { encoding: 'base64' },
      headers: { k: '{keyId}', t: '{timestamp}', s: '{signature}' },
      only: { methods: ['GET'], paths: 'any' },
    })
    // A key is checked where it is made; this one comes from a source that did not make it so.
    const { publicKey } = generateKeyPairSync('ed25519')
    const made = createKey(scheme, { id: 'k', publicKey: String(publicKey.export({ type: 'spki', format: 'pem' })) })
    const signature = Buffer.alloc(64).toString('base64')
    const { verify } = createVerifier(scheme, {
      origin: ORIGIN,
      keys: { find: () => ({ ...made, publicKey: 'none' }) },
      clock: () => NOW,
    })
    expect(codeOf(await verify({ method: 'GET', target: '/', headers: { k: 'k', t: '1647356399', s: signature } }))).toBe(
      'key-source-unavailable',
    )
  })

  it('holds a header that carries a digest to the body', async () => {
    const scheme = defineScheme({
      name: 'digest',
      title: 'Digest',
      algorithm: 'hmac-sha256',
      timestamp: { formats: ['seconds'] },
      message: '{timestamp}\n{body|sha256|base64}',
      signature: { encoding: 'base64' },
      headers: { k: '{keyId}', t: '{timestamp}', digest: 'SHA-256={body|sha256|base64}', s: '{signature|percent-encode}' },
      only: { methods: ['POST'], paths: 'any' },
    })
    const { headers, body } = createSigner(scheme, { keyId: 'k', secret: 'x'.repeat(16) }, { clock: () => NOW }).sign({
      method: 'POST',
      url: `${ORIGIN}/`,
      body: 'abc',
    })
    expect(headers['digest']).toBe('SHA-256=ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=')
    expect(headers['s']).toMatch(/%3D$/)
    const { verify } = createVerifier(scheme, {
      origin: ORIGIN,
      keys: memoryKeys(scheme, [{ id: 'k', secret: 'x'.repeat(16) }]),
      clock: () => NOW,
    })
    const request = { method: 'POST', target: '/', headers, body }
    expect(codeOf(await verify({ ...request, body: Buffer.from('abd') }))).toBe('digest-mismatch')
    expect(codeOf(await verify({ ...request, headers: { ...headers, s: (headers['s'] ?? '').replace('%3D', '=') } }))).toBe(
      'malformed-signature',
    )
    expect(codeOf(await verify(request))).toBe('ok')
  })
})
