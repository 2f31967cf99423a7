import { createHmac, generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { crypto as web } from '../crypto/web.ts'
import { type KeyDescription, memoryKeys } from '../keys/key.ts'
import type { Scheme } from '../scheme/scheme.ts'
import * as shipped from '../schemes/index.ts'
import { createSigner, type SignableRequest } from '../sign/sign.ts'
import { createVerifier, type IncomingRequest, type Verification, type VerifierOptions } from '../verify/verify.ts'
import { draftSignatures } from './draft-signatures/scheme.ts'
import { httpMessageSignatures } from './http-signatures/scheme.ts'
import { sigV4 } from './sigv4/scheme.ts'

const NOW = 1_647_356_399_000
const ORIGIN = 'https://api.example.com'
const secret = Buffer.alloc(40, 5).toString('base64')
const place = { service: 'execute-api', region: 'eu-west-1' }

const schemes: readonly Scheme[] = [
  shipped.rfc9421,
  shipped.httpSignaturesDraft12,
  draftSignatures({ name: 'activitypub', carrier: 'signature' }),
  draftSignatures({ name: 'kong', carrier: 'kong', headers: ['date', 'request-line', 'digest'] }),
  draftSignatures({ name: 'created', headers: ['(request-target)', '(created)', '(expires)', 'host', 'digest'] }),
  sigV4(place),
  sigV4({ ...place, in: 'query' }),
]

function parts(scheme: Scheme, options: Partial<VerifierOptions> = {}, key: Partial<KeyDescription> = {}) {
  const { verify } = createVerifier(scheme, {
    origin: ORIGIN,
    keys: memoryKeys(scheme, [{ id: 'k', secret, ...key }]),
    clock: () => NOW,
    ...options,
  })
  return { verify, call: (request: Partial<SignableRequest> = {}) => signed(scheme, request) }
}

/** A call that a scheme signs which need not be safe to verify by itself. */
function signed(scheme: Scheme, request: Partial<SignableRequest> = {}): IncomingRequest & { headers: [string, string][] } {
  const { method, url, headers, body } = createSigner(scheme, { keyId: 'k', secret }, { clock: () => NOW }).sign({
    method: 'POST',
    url: `${ORIGIN}/orders?b=2&a=%20`,
    body: '{"a":1}',
    ...request,
  })
  return { method, target: url.slice(ORIGIN.length), headers: [['Host', 'api.example.com'], ...Object.entries(headers)], body }
}

const codeOf = (result: Verification): string => (result.ok ? 'ok' : result.failure.code)

describe.each(schemes.map(scheme => ({ name: scheme.name, scheme })))('$name', ({ scheme }) => {
  it('accepts what its signer signed, with and without a body, once', async () => {
    const { verify, call } = parts(scheme)
    const post = call()
    expect([codeOf(await verify(post)), codeOf(await verify(post))]).toEqual(['ok', 'replayed'])
    expect(codeOf(await verify(call({ method: 'GET', body: undefined })))).toBe('ok')
    expect(codeOf(await verify(call({ body: { json: 'für' } })))).toBe('ok')
  })

  it('signs and verifies over WebCrypto as on Node', async () => {
    const { verify, call } = parts(scheme, { crypto: web })
    expect(codeOf(await verify(call()))).toBe('ok')
    const signed = await createSigner(scheme, { keyId: 'k', secret }, { clock: () => NOW, crypto: web }).signAsync({
      method: 'PUT',
      url: `${ORIGIN}/x`,
      body: 'x',
    })
    const request = { method: 'PUT', target: signed.url.slice(ORIGIN.length), headers: signed.headers, body: signed.body }
    expect(codeOf(await parts(scheme).verify(request))).toBe('ok')
  })

  it('refuses another method, target, body, secret, key, time or origin', async () => {
    const { verify, call } = parts(scheme)
    const good = call()
    expect(codeOf(await verify({ ...good, method: 'PUT' }))).toBe('bad-signature')
    expect(codeOf(await verify({ ...good, target: good.target.replace('/orders', '/other') }))).toBe('bad-signature')
    expect(codeOf(await verify({ ...good, body: Buffer.from('{"a":2}') }))).toMatch(/^(digest-mismatch|bad-signature)$/)
    expect(codeOf(await verify({ ...good, body: undefined }))).toMatch(/^(digest-mismatch|bad-signature)$/)
    expect(codeOf(await parts(scheme, {}, { secret: Buffer.alloc(40, 6).toString('base64') }).verify(good))).toBe('bad-signature')
    expect(codeOf(await parts(scheme, {}, { id: 'other' }).verify(good))).toBe('unknown-key')
    expect(codeOf(await parts(scheme, {}, { state: 'revoked' }).verify(good))).toBe('key-revoked')
    expect(codeOf(await parts(scheme, { clock: () => NOW + 4_000_000 }).verify(good))).toBe('timestamp-out-of-window')
    expect(codeOf(await parts(scheme, { clock: () => NOW - 301_000 }).verify(good))).toBe('timestamp-out-of-window')
    expect(codeOf(await parts(scheme, { origin: 'https://other.example.com' }).verify(good))).toMatch(
      scheme.name === 'kong' ? /ok/ : /bad-signature/,
    )
  })

  it('refuses a changed bit anywhere in what it carries', async () => {
    const { verify, call } = parts(scheme, { replay: 'off' })
    const good = call()
    expect(codeOf(await verify(good))).toBe('ok')
    const carried = good.headers.filter(([name]) =>
      /^(authorization|signature|signature-input|content-digest|digest|date|x-amz-date)$/.test(name),
    )
    const spots = [...carried.map(([name]) => name), 'target']
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...spots), fc.nat(), fc.integer({ min: 0, max: 6 }), async (spot, position, bit) => {
        const flip = (value: string): string => {
          const bytes = Buffer.from(value)
          const at = position % bytes.length
          bytes[at] = (bytes[at] ?? 0) ^ (1 << bit)
          return bytes.toString('latin1')
        }
        const changed =
          spot === 'target'
            ? { ...good, target: flip(good.target) }
            : { ...good, headers: good.headers.map(([name, value]): [string, string] => [name, name === spot ? flip(value) : value]) }
        const code = codeOf(await verify(changed))
        // A label, an unsigned parameter's case or a query in another order may change without changing what is signed.
        if (code === 'ok') expect(isHarmless(scheme, spot, good, changed)).toBe(true)
      }),
      { seed: 14, numRuns: 1_500 },
    )
  })

  it('never throws and never accepts, over 10,000 random and mutated header sets', async () => {
    const { verify, call } = parts(scheme, { replay: 'off' })
    const good = call()
    const names = [
      ...new Set([
        'authorization',
        'signature',
        'signature-input',
        'content-digest',
        'digest',
        'date',
        'x-amz-date',
        'host',
        ...good.headers.map(([name]) => name),
      ]),
    ]
    const piece = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 30 }),
      fc.constantFrom(...good.headers.flatMap(([, value]) => value.split(/(?<=[,;= "()])/)).map(text => text.slice(0, -1))),
    )
    const headers = fc.array(
      fc.tuple(
        fc.constantFrom(...names),
        fc.array(piece, { maxLength: 6 }).map(all => all.join('')),
      ),
      { maxLength: 6 },
    )
    await fc.assert(
      fc.asyncProperty(headers, fc.constantFrom('GET', 'POST'), async (set, method) => {
        expect(await verify({ method, target: '/orders?b=2&a=%20', headers: set, body: undefined })).toMatchObject({ ok: false })
      }),
      { seed: 14, numRuns: 10_000 },
    )
    expect(codeOf(await verify(good))).toBe('ok')
  })
})

/** What may differ and still be the same signed request. */
function isHarmless(
  scheme: Scheme,
  spot: string,
  good: IncomingRequest & { headers: [string, string][] },
  changed: IncomingRequest,
): boolean {
  if (spot === 'target') {
    const sorted = (target: string): string => {
      const [path = '', query = ''] = target.split('?')
      return `${decodeURIComponent(path)}?${query.split('&').map(decodeURIComponent).sort().join('&')}`
    }
    return scheme.name.startsWith('aws') && sorted(good.target) === sorted(changed.target)
  }
  const value = (headers: unknown): string => String((headers as [string, string][]).find(([name]) => name === spot)?.[1])
  const [before, after] = [value(good.headers), value(changed.headers)]
  // Upper and lower case of a digest's or an algorithm's name.
  if (spot === 'digest' || spot === 'content-digest') return after.toLowerCase() === before.toLowerCase() || isSpare(before, after)
  // The draft: the case of the scheme's word, and what `algorithm`, which may be left out, is called; RFC 9421: bits
  // that no byte uses.
  if (scheme.name === 'rfc9421') return spot === 'signature' && isSpare(before, after)
  const rest = (text: string): string => text.toLowerCase().replace(/, ?[a-z0-9_-]{9,10}="(?:hmac-sha256|hs2019)"/, '')
  const parameters = /"k".*headers=".*",? ?signature=".*"$/
  return rest(before) === rest(after) && parameters.exec(rest(before))?.[0] === parameters.exec(rest(after))?.[0]
}

/** Whether two spellings of base64 are of the same bytes. */
function isSpare(before: string, after: string): boolean {
  const bytes = (text: string): string => text.replace(/:([A-Za-z0-9+/=]*):/g, (_, base64) => Buffer.from(base64, 'base64').toString('hex'))
  return bytes(before) === bytes(after)
}

describe('rfc9421', () => {
  it('refuses less coverage than it demands, and takes more', async () => {
    const less = httpMessageSignatures({ components: ['@method', 'content-digest'] })
    const more = httpMessageSignatures({
      components: ['@method', '@target-uri', 'content-digest', 'content-type', '@authority'],
      parameters: ['created', 'keyid', 'nonce', 'alg', 'expires'],
      tag: 'app',
    })
    const { verify } = parts(shipped.rfc9421)
    const headers = { 'content-type': 'application/json' }
    expect(await verify(signed(less))).toMatchObject({ failure: { code: 'insufficient-coverage', missing: ['"@target-uri"'] } })
    expect(codeOf(await verify(parts(more).call({ headers })))).toBe('missing-header')
    const sent = parts(more).call({ headers })
    expect(codeOf(await verify({ ...sent, headers: [...sent.headers, ['content-type', 'application/json']] }))).toBe('ok')
  })

  it('demands a digest only where there is a body', async () => {
    const bare = httpMessageSignatures({ components: ['@method', '@target-uri'] })
    const { verify } = parts(shipped.rfc9421)
    expect(codeOf(await verify(signed(bare, { method: 'GET', body: undefined })))).toBe('ok')
    expect(await verify(signed(bare))).toMatchObject({ failure: { code: 'insufficient-coverage', missing: ['the body'] } })
  })

  it.each(['rsa-pss-sha512', 'rsa-v1_5-sha256', 'ecdsa-p256-sha256', 'ecdsa-p384-sha384', 'ed25519'] as const)(
    'signs and verifies with %s',
    async algorithm => {
      const make = {
        'rsa-pss-sha512': () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
        'rsa-v1_5-sha256': () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
        'ecdsa-p256-sha256': () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
        'ecdsa-p384-sha384': () => generateKeyPairSync('ec', { namedCurve: 'P-384' }),
        ed25519: () => generateKeyPairSync('ed25519'),
      }
      const pair = make[algorithm]()
      const publicKey = String(pair.publicKey.export({ type: 'spki', format: 'pem' }))
      const privateKey = String(pair.privateKey.export({ type: 'pkcs8', format: 'pem' }))
      const scheme = httpMessageSignatures({ parameters: ['created', 'keyid', 'nonce', 'alg'] })
      const signed = createSigner(scheme, { keyId: 'k', privateKey, algorithm }, { clock: () => NOW }).sign({
        method: 'POST',
        url: `${ORIGIN}/x`,
        body: '{}',
      })
      const request = { method: 'POST', target: '/x', headers: signed.headers, body: signed.body }
      const verifier = (key: Partial<KeyDescription>) =>
        createVerifier(scheme, { origin: ORIGIN, keys: memoryKeys(scheme, [{ id: 'k', publicKey, ...key }]), clock: () => NOW })
      expect(await verifier({ algorithm }).verify(request)).toMatchObject({ ok: true })
      const other = algorithm === 'ed25519' ? 'ecdsa-p256-sha256' : 'ed25519'
      expect(() => verifier({ algorithm: other })).toThrow(/does not go with this key/)
    },
  )

  it('never lets a public key pass for a secret', async () => {
    const { publicKey } = generateKeyPairSync('ed25519', {
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    })
    const scheme = httpMessageSignatures({ parameters: ['created', 'keyid', 'nonce', 'alg'] })
    const request = { method: 'GET', url: `${ORIGIN}/x` }
    const made = createSigner(scheme, { keyId: 'k', secret: Buffer.alloc(32, 1) }, { clock: () => NOW }).sign(request)
    const signature = createHmac('sha256', publicKey).update(made.message()).digest('base64')
    const forged = { headers: { ...made.headers, signature: `sig=:${signature}:` } }
    const { verify } = createVerifier(scheme, { origin: ORIGIN, keys: memoryKeys(scheme, [{ id: 'k', publicKey }]), clock: () => NOW })
    expect(codeOf(await verify({ method: 'GET', target: '/x', headers: forged.headers }))).toBe('bad-signature')
  })

  it('lists several signatures and verifies the one it can', async () => {
    const one = signed(httpMessageSignatures({ label: 'proxy', components: ['@method'] }))
    const two = signed(httpMessageSignatures({ label: 'app' }))
    const joined = [...two.headers, ...one.headers.filter(([name]) => name.startsWith('signature'))] as [string, string][]
    expect(codeOf(await parts(shipped.rfc9421).verify({ ...two, headers: joined }))).toBe('ok')
    expect(codeOf(await parts(httpMessageSignatures({ label: 'proxy' })).verify({ ...two, headers: joined }))).toBe('insufficient-coverage')
  })
})

describe('aws-sigv4', () => {
  it('takes a payload that is not signed only when it is told to', async () => {
    const { call } = parts(sigV4(place))
    const unsigned = call({ headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } })
    const request = { ...unsigned, headers: [...unsigned.headers, ['x-amz-content-sha256', 'UNSIGNED-PAYLOAD']] as [string, string][] }
    expect(await parts(sigV4(place)).verify(request)).toMatchObject({
      failure: { code: 'insufficient-coverage', missing: ['the body'] },
    })
    expect(codeOf(await parts(sigV4({ ...place, allowUnsignedPayload: true })).verify(request))).toBe('ok')
  })

  it('is not told so by a verifier that takes any body: its table says that the body is signed', async () => {
    const scheme = sigV4(place)
    const { call } = parts(scheme)
    const unsigned = call({ headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } })
    const request = { ...unsigned, headers: [...unsigned.headers, ['x-amz-content-sha256', 'UNSIGNED-PAYLOAD']] as [string, string][] }
    expect(await parts(scheme, { only: { body: 'any' } }).verify(request)).toMatchObject({
      failure: { code: 'insufficient-coverage', missing: ['the body'] },
    })
  })

  it('verifies for its own service and region only, where it names them', async () => {
    const good = parts(sigV4(place)).call()
    expect(codeOf(await parts(sigV4({ region: 'us-east-1' })).verify(good))).toBe('malformed-header')
    expect(codeOf(await parts(sigV4()).verify(good))).toBe('ok')
  })

  it('finds service and region in the host, or asks for them', () => {
    const signer = createSigner(sigV4(), { keyId: 'k', secret })
    expect(signer.sign({ method: 'GET', url: 'https://sqs.eu-central-1.amazonaws.com/' }).headers['authorization']).toContain(
      '/eu-central-1/sqs/',
    )
    expect(() => signer.sign({ method: 'GET', url: 'https://api.example.com/' })).toThrow(/wants the parameters service and region/)
    const given = createSigner(sigV4(), { keyId: 'k', secret }, { parameters: place })
    expect(given.sign({ method: 'GET', url: 'https://api.example.com/' }).headers['authorization']).toContain('/eu-west-1/execute-api/')
  })

  it('holds a temporary credential to its session token', async () => {
    const scheme = sigV4(place)
    const sign = (sessionToken: string | undefined) =>
      createSigner(scheme, { keyId: 'k', secret, sessionToken }, { clock: () => NOW }).sign({ method: 'GET', url: `${ORIGIN}/x` })
    const { verify } = parts(scheme, {}, { passphrase: 'token-1' })
    expect(codeOf(await verify({ method: 'GET', target: '/x', headers: sign('token-1').headers }))).toBe('ok')
    for (const token of ['token-2', undefined])
      expect(codeOf(await verify({ method: 'GET', target: '/x', headers: sign(token).headers }))).toBe('bad-signature')
  })
})

describe('http-signatures-draft-12', () => {
  it('signs what is signed by hand', () => {
    const scheme = draftSignatures({ headers: ['(request-target)', 'host', 'date'] })
    const { headers } = createSigner(scheme, { keyId: 'k', secret: 'x'.repeat(20) }, { clock: () => NOW }).sign({
      method: 'POST',
      url: `${ORIGIN}/foo?param=value`,
      body: '{}',
    })
    const text = '(request-target): post /foo?param=value\nhost: api.example.com\ndate: Tue, 15 Mar 2022 14:59:59 GMT'
    const signature = createHmac('sha256', 'x'.repeat(20)).update(text).digest('base64')
    expect(headers['authorization']).toBe(
      `Signature keyId="k",algorithm="hmac-sha256",headers="(request-target) host date",signature="${signature}"`,
    )
  })
})
