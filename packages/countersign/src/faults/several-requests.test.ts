import { describe, expect, it } from 'vitest'
import { draftSignatures } from '../bases/draft-signatures/index.ts'
import { httpMessageSignatures } from '../bases/http-signatures/index.ts'
import { sigV4 } from '../bases/sigv4/index.ts'
import { createSigner, createVerifier, defineScheme, memoryKeys, type Scheme, type VerifierOptions } from '../index.ts'
import { bybit, qredoV1 } from '../schemes/index.ts'
import { codeOf, NOW, ORIGIN, place, secret } from './scene.ts'

function verifierOf(scheme: Scheme, options: Partial<VerifierOptions> = {}) {
  const keys = memoryKeys(scheme, [{ id: 'k', secret }])
  const defaults: VerifierOptions = { origin: ORIGIN, keys, clock: () => NOW, replay: 'off' }
  return createVerifier(scheme, { ...defaults, ...options })
}

function signerOf(scheme: Scheme) {
  return createSigner(scheme, { keyId: 'k', secret }, { clock: () => NOW })
}

type Lines = [string, string][]

/** Which of some targets are accepted under the signature of the first. */
async function acceptedTargets(scheme: Scheme, targets: readonly string[]): Promise<readonly string[]> {
  const [signed = '/'] = targets
  const { url, headers } = signerOf(scheme).sign({ method: 'GET', url: ORIGIN + signed })
  // What a presigned URL has in its query beside what was signed.
  const added = url.slice(ORIGIN.length + signed.length).replace(/^[?&]/, '')
  const { verify } = verifierOf(scheme)
  const accepted: string[] = []
  for (const target of targets) {
    const sent = added === '' ? target : `${target}${target.includes('?') ? '&' : '?'}${added}`
    if ((await verify({ method: 'GET', target: sent, headers: { host: 'api.example.com', ...headers } })).ok) accepted.push(target)
  }
  return accepted
}

const v4 = sigV4(place)
const presigned = sigV4({ ...place, in: 'query' })
const s3 = sigV4({ service: 's3', region: 'eu-west-1' })

describe('one SigV4 signature is for one request: of the spellings that sign alike, at most one is accepted', () => {
  it.each<[string, readonly string[]]>([
    ['dot segments', ['/public/x', '/admin/../public/x', '/./public/x', '/public/./x']],
    ['a dot at the end', ['/public/x', '/public/x/.', '/public/x/y/..']],
    ['double slashes', ['/public/x', '//public/x', '/public//x']],
    ['a slash at the end', ['/public/x/', '/public/x//']],
    ['equal names in another order', ['/x?role=admin&role=user', '/x?role=user&role=admin']],
    ['letters that were escaped', ['/x?a=~', '/x?a=%7E', '/x?%61=~']],
    ['the case of an escape', ['/x?a=%2F', '/x?a=%2f', '/x?a=/']],
    ['an escape that is none', ['/x?a=%25zz', '/x?a=%zz']],
    ['a plus', ['/x?a=%2B', '/x?a=+']],
    ['empty parameters', ['/x?a=1', '/x?a=1&', '/x?&a=1', '/x?a=1&&']],
    ['a name without a value', ['/x?a=', '/x?a']],
    ['a query of nothing', ['/x', '/x?', '/x?&']],
  ])('%s', async (_what, targets) => {
    expect((await acceptedTargets(v4, targets)).length).toBeLessThanOrEqual(1)
  })

  it.each<[string, readonly string[]]>([
    ['dot segments', ['/public/x', '/admin/../public/x']],
    ['double slashes', ['/public/x', '//public/x']],
    ['equal names in another order', ['/x?role=admin&role=user', '/x?role=user&role=admin']],
    ['a second signature, its name written otherwise', ['/x?a=1', '/x?a=1&X%2DAmz-Signature=evil', '/x?a=1&%58-Amz-Signature=evil']],
  ])('%s, in a presigned URL', async (_what, targets) => {
    expect((await acceptedTargets(presigned, targets)).length).toBeLessThanOrEqual(1)
  })

  it.each<[string, readonly string[]]>([
    ['letters that were escaped', ['/a~b', '/a%7Eb', '/%61~b']],
    ['the case of an escape', ['/a%2Fb', '/a%2fb']],
    ['an escape that is none', ['/a%25zz', '/a%zz']],
  ])('%s, in a path of S3', async (_what, targets) => {
    expect((await acceptedTargets(s3, targets)).length).toBeLessThanOrEqual(1)
  })

  it('a parameter more, a slash more, another letter', async () => {
    const targets = ['/x?a=1', '/x?a=1&X%2DAmz-Signature=evil', '/x?a=1&X-Amz-Signature=evil', '/x?a=1&a=1', '/X?a=1', '/x/?a=1']
    expect(await acceptedTargets(v4, targets)).toEqual(['/x?a=1'])
    expect(await acceptedTargets(s3, ['/public/x', '/admin/../public/x', '//public/x', '/public/./x'])).toEqual(['/public/x'])
  })

  it('but parameters of different names may come in any order', async () => {
    expect(await acceptedTargets(v4, ['/x?a=1&b=2', '/x?b=2&a=1'])).toEqual(['/x?a=1&b=2', '/x?b=2&a=1'])
  })
})

/** Which of some values of a header are accepted under the signature of the first. */
async function acceptedValues(scheme: Scheme, values: readonly string[]): Promise<readonly string[]> {
  const { headers } = signerOf(scheme).sign({ method: 'GET', url: `${ORIGIN}/x`, headers: { 'x-role': values[0] ?? '' } })
  const { verify } = verifierOf(scheme)
  const accepted: string[] = []
  for (const value of values) {
    const lines: Lines = [['host', 'api.example.com'], ...Object.entries(headers), ['x-role', value]]
    if ((await verify({ method: 'GET', target: '/x', headers: lines })).ok) accepted.push(value)
  }
  return accepted
}

const NBSP = '\u00a0'
const draft = draftSignatures({ headers: ['(request-target)', 'host', 'date', 'x-role'] })
const rfc = httpMessageSignatures({ components: ['@method', '@target-uri', 'x-role'] })
const padded = ['admin', `${NBSP}admin`, `admin${NBSP}`, '\u000badmin', 'admin\u000c', '\ufeffadmin', '\u2003admin']

describe('a header’s value with a space around it that HTTP does not count as white space', () => {
  it.each([
    ['SigV4', v4],
    ['draft 12', draft],
  ])('is another value in %s', async (_name, scheme) => {
    expect(await acceptedValues(scheme, padded)).toEqual(['admin'])
  })

  it('is another value in RFC 9421', async () => {
    expect(await acceptedValues(rfc, padded)).toEqual(['admin'])
  })

  it('is another value within it, too, in SigV4', async () => {
    expect(await acceptedValues(v4, ['a b', `a${NBSP}${NBSP}b`, `a ${NBSP}b`, 'a\u000b\u000bb'])).toEqual(['a b'])
  })

  it('is the same value with spaces and tabs around it', async () => {
    for (const scheme of [v4, draft, rfc]) expect(await acceptedValues(scheme, ['admin', ' admin', 'admin\t'])).toHaveLength(3)
  })
})

describe('two origins with one host and different base paths', () => {
  it.each([
    [['https://api.example.com/v1', 'https://api.example.com/v2']],
    [['https://api.example.com', 'https://api.example.com/v2']],
    [['https://api.example.com/v1', 'https://other.example.com', 'https://api.example.com/v2']],
  ])('are refused when the verifier is made, since nothing tells which was meant: %j', origin => {
    expect(() => verifierOf(qredoV1, { origin })).toThrow(expect.objectContaining({ code: 'option-invalid' }))
  })

  it('do not hinder hosts of different names, nor one host with different ports', () => {
    const origin = ['https://a.example.com/v1', 'https://b.example.com/v2', 'https://b.example.com:8443/v3']
    expect(() => verifierOf(qredoV1, { origin })).not.toThrow()
  })
})

describe('a body that is not signed', () => {
  const body = Buffer.from('any')

  it.each<[string, Scheme, Record<string, string>]>([
    ['draft 12 without digest', draftSignatures({ headers: ['(request-target)', 'host', 'date'] }), {}],
    [
      'draft 12 with its length only',
      draftSignatures({ headers: ['(request-target)', 'host', 'date', 'content-length'] }),
      { 'content-length': '3' },
    ],
    ['ActivityPub without digest', draftSignatures({ carrier: 'signature', headers: ['(request-target)', 'host', 'date'] }), {}],
    ['Kong without digest', draftSignatures({ carrier: 'kong', headers: ['date', 'request-line'] }), {}],
    ['RFC 9421 without content-digest', httpMessageSignatures({ components: ['@method', '@target-uri'] }), {}],
    [
      'RFC 9421 with its length only',
      httpMessageSignatures({ components: ['@method', '@target-uri', 'content-length'] }),
      { 'content-length': '3' },
    ],
  ])('is refused for want of coverage: %s', async (_name, scheme, given) => {
    const { headers } = signerOf(scheme).sign({ method: 'POST', url: `${ORIGIN}/x`, headers: given })
    const request = { method: 'POST', target: '/x', headers: { host: 'api.example.com', ...given, ...headers } }
    expect(codeOf(await verifierOf(scheme).verify({ ...request, body }))).toBe('insufficient-coverage')
  })

  it('is refused by bybit for a DELETE, of which the query is signed', async () => {
    const { headers } = signerOf(bybit).sign({ method: 'DELETE', url: `${ORIGIN}/v5/order?id=1` })
    const { verify } = verifierOf(bybit, { only: { methods: ['DELETE', 'POST'], paths: 'any' } })
    const request = { method: 'DELETE', target: '/v5/order?id=1', headers }
    expect(codeOf(await verify(request))).toBe('accepted')
    expect(await verify({ ...request, body })).toMatchObject({ ok: false })
  })

  it('is refused where it is signed, when there was none', async () => {
    for (const scheme of [draftSignatures(), httpMessageSignatures(), v4, qredoV1]) {
      const { headers } = signerOf(scheme).sign({ method: 'POST', url: `${ORIGIN}/x` })
      expect(await verifierOf(scheme).verify({ method: 'POST', target: '/x', headers, body })).toMatchObject({ ok: false })
    }
  })
})

describe('a call whose signature is the only parameter of its query', () => {
  const scheme = defineScheme({
    name: 'only-signature',
    title: 'The signature is in the query',
    algorithm: 'hmac-sha256',
    timestamp: { formats: ['seconds'] },
    message: '{timestamp}\n{method}\n{target}\n{body}',
    signature: { encoding: 'hex' },
    headers: { 'x-key': '{keyId}', 'x-time': '{timestamp}' },
    query: { sig: '{signature}' },
  })

  it('is refused with an empty parameter before it: /x?&sig= is signed as /x?sig= is', async () => {
    const secret = Buffer.alloc(40, 5)
    const signed = createSigner(scheme, { keyId: 'k', secret }, { clock: () => NOW }).sign({ method: 'GET', url: `${ORIGIN}/x` })
    const target = signed.url.slice(ORIGIN.length)
    const { verify } = createVerifier(scheme, { origin: ORIGIN, keys: memoryKeys(scheme, [{ id: 'k', secret }]), clock: () => NOW })
    expect(await verify({ method: 'GET', target, headers: signed.headers })).toMatchObject({ ok: true })
    for (const other of ['/x?&sig=', '/x?&&sig='])
      expect(await verify({ method: 'GET', target: target.replace('/x?sig=', other), headers: signed.headers })).toMatchObject({
        ok: false,
      })
  })
})
