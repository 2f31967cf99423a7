import { describe, expect, it } from 'vitest'
import { draftSignatures } from '../bases/draft-signatures/index.ts'
import { httpMessageSignatures } from '../bases/http-signatures/index.ts'
import { sigV4 } from '../bases/sigv4/index.ts'
import { memoryKeys } from '../keys/key.ts'
import type { Scheme } from '../scheme/scheme.ts'
import { qredoV1 } from '../schemes/index.ts'
import { createSigner } from '../sign/sign.ts'
import { createVerifier } from '../verify/verify.ts'

const secret = Buffer.alloc(60, 5).toString('base64')
const SCHEMES: readonly Scheme[] = [
  qredoV1,
  httpMessageSignatures(),
  draftSignatures(),
  sigV4({ service: 'execute-api', region: 'eu-west-1' }),
]

/** `ok`, or the code of the refusal, of a call signed for one URL that arrives as another target under another host. */
async function arrive(
  scheme: Scheme,
  origin: string | readonly string[],
  url: string,
  target: string,
  told: { host?: string; header?: string } = {},
) {
  const { headers } = createSigner(scheme, { keyId: 'k', secret } as never).sign({ method: 'GET', url })
  const verifier = createVerifier(scheme, { origin, keys: memoryKeys(scheme, [{ id: 'k', secret }]), replay: 'off' })
  const { header, host } = told
  const sent = { ...headers, host: header ?? new URL(url).host }
  const result = await verifier.verify({ method: 'GET', target, headers: sent, host })
  return result.ok ? 'ok' : result.failure.code
}

describe.each(SCHEMES.map(scheme => [scheme.name, scheme] as const))('origins of %s', (_name, scheme) => {
  it.each([
    ['https://a.example/v1', '/', 'ok'],
    ['https://a.example/v1/', '/', 'ok'],
    ['https://a.example/v1?x=1', '/?x=1', 'ok'],
    ['https://a.example/v1/?x=1', '/?x=1', 'ok'],
    ['https://a.example/v1/x', '/x', 'ok'],
    ['https://a.example/v1x', '/x', 'bad-signature'],
    ['https://a.example/', '/', 'bad-signature'],
    ['https://a.example/v1', '/x', 'bad-signature'],
    ['https://a.example/v1', '/?x=1', 'bad-signature'],
  ])('with a base path: %s arrives as %s: %s', async (url, target, expected) => {
    expect(await arrive(scheme, 'https://a.example/v1', url, target)).toBe(expected)
    expect(await arrive(scheme, ['https://b.example', 'https://a.example/v1'], url, target)).toBe(expected)
  })

  it.each([
    ['https://a.example.com', {}, 'ok'],
    ['https://a.example.com', { header: 'A.Example.com' }, 'ok'],
    ['https://a.example.com', { header: 'b.example.com' }, 'bad-signature'],
    ['https://a.example.com', { header: 'inner', host: 'a.example.com' }, 'ok'],
    ['https://example.com', {}, 'unknown-origin'],
    ['https://a.b.example.com', {}, 'unknown-origin'],
    ['https://a.example.com', { header: '.example.com' }, 'unknown-origin'],
    ['https://a.example.com', { header: '-.example.com' }, 'unknown-origin'],
    ['https://a.example.com', { header: 'x/a.example.com' }, 'unknown-origin'],
    ['https://a.example.com', { header: 'a.example.com:8443' }, 'unknown-origin'],
    ['https://a.example.com.evil.net', {}, 'unknown-origin'],
  ])('with a wildcard: %s, %j: %s', async (origin, told, expected) => {
    expect(await arrive(scheme, 'https://*.example.com', `${origin}/x`, '/x', told)).toBe(expected)
    expect(await arrive(scheme, ['https://other.example', 'https://*.example.com'], `${origin}/x`, '/x', told)).toBe(expected)
  })

  it('take the host that a trusted proxy was called by, in the place of Host', async () => {
    const origins = ['https://a.example', 'https://b.example']
    expect(await arrive(scheme, origins, 'https://a.example/x', '/x', { header: 'inner' })).toBe('unknown-origin')
    expect(await arrive(scheme, origins, 'https://a.example/x', '/x', { header: 'inner', host: 'a.example' })).toBe('ok')
    expect(await arrive(scheme, origins, 'https://a.example/x', '/x', { header: 'a.example', host: 'evil.example' })).toBe('unknown-origin')
  })
})

describe('origins', () => {
  it.each([
    'https://*.com',
    'https://*',
    'https://a.*.example.com',
    'https://**.example.com',
    'https://*.example.com/',
    'https://*.example.com:443',
  ])('are not %s', origin => {
    expect(() => createVerifier(qredoV1, { origin, keys: memoryKeys(qredoV1) })).toThrow(
      expect.objectContaining({ code: 'option-invalid' }),
    )
  })

  it('are refused where a wildcard and a name have different base paths', () => {
    const origin = ['https://*.example.com/v1', 'https://a.example.com/v2']
    expect(() => createVerifier(qredoV1, { origin, keys: memoryKeys(qredoV1) })).toThrow('one host and different base paths')
    expect(() => createVerifier(qredoV1, { origin: origin.reverse(), keys: memoryKeys(qredoV1) })).toThrow('different base paths')
  })
})
