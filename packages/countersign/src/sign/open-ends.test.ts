import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { memoryKeys } from '../keys/key.ts'
import type { Call } from '../recipe/call.ts'
import { bitmex, coinbaseExchange, kucoin, okx, qredoPartner, qredoV1, qredoV2 } from '../schemes/index.ts'
import { createVerifier } from '../verify/verify.ts'
import { markedBodies } from './marked-bodies.ts'
import { openEnds } from './open-ends.ts'
import { createSigner, type SignableRequest, type SignerOptions } from './sign.ts'

const NOW = 1_764_000_000_000
const secret = Buffer.alloc(60, 5).toString('base64')
const ORIGIN = 'https://api.example.com'

describe('what a verifier refuses, a signer refuses to make', () => {
  const sign = (request: SignableRequest, options: Pick<SignerOptions, 'allow'> = {}) =>
    createSigner(qredoV1, { keyId: 'k', secret }, { clock: () => NOW, ...options }).sign(request)

  it.each<[string, SignableRequest, string, RegExp]>([
    ['a GET with a body', { method: 'GET', url: `${ORIGIN}/a`, body: '{}' }, 'body-not-signable', /allow 'body-on-get'/],
    ['a HEAD with a body', { method: 'head', url: `${ORIGIN}/a`, body: '{}' }, 'body-not-signable', /allow 'body-on-get'/],
    ['the body abc', { method: 'POST', url: `${ORIGIN}/a`, body: 'abc' }, 'body-not-signable', /begin it with \{/],
    ['a number as a body', { method: 'POST', url: `${ORIGIN}/a`, body: 7 }, 'body-not-signable', /allow 'ambiguous-request'/],
    ['capitals in the host', { method: 'POST', url: 'https://API.example.com/a' }, 'url-not-signable', /lower case/],
    ['the scheme in capitals', { method: 'POST', url: 'HTTPS://api.example.com/a' }, 'url-not-signable', /lower case/],
    ['the port of https', { method: 'POST', url: 'https://api.example.com:443/a' }, 'url-not-signable', /default port/],
    ['the port of https with a zero', { method: 'POST', url: 'https://api.example.com:0443/a' }, 'url-not-signable', /default port/],
    ['the port of http', { method: 'POST', url: 'http://api.example.com:80' }, 'url-not-signable', /default port/],
    ['the port of ws', { method: 'GET', url: 'ws://api.example.com:80/a' }, 'url-not-signable', /default port/],
  ])('%s', (_what, request, code, message) => {
    expect(() => sign(request)).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) as string }))
  })

  it.each([
    'https://api.example.com:80/a',
    'http://api.example.com:443/a',
    'https://api.example.com:8443/a',
    'http://[::1]:8080/a',
    'https://api.example.com/a:443/b',
    'wss://api.example.com:80/a',
  ])('takes the URL %s', url => {
    expect(sign({ method: 'GET', url }).url).toBe(url)
  })

  it('signs a URL without a path as it is sent, with its slash', async () => {
    const { url, headers } = sign({ method: 'GET', url: ORIGIN })
    expect(url).toBe(`${ORIGIN}/`)
    const verifier = createVerifier(qredoV1, { origin: ORIGIN, keys: memoryKeys(qredoV1, [{ id: 'k', secret }]), clock: () => NOW })
    expect(await verifier.verify({ method: 'GET', target: '/', headers })).toMatchObject({ ok: true })
  })

  it('has the same rule where a verifier is told its origin', () => {
    for (const origin of ['https://api.example.com:443', 'http://api.example.com:80/base'])
      expect(() => createVerifier(qredoV1, { origin, keys: memoryKeys(qredoV1, [{ id: 'k', secret }]) })).toThrow(
        expect.objectContaining({ code: 'option-invalid' }),
      )
  })

  it('makes it when it is allowed by name', () => {
    expect(sign({ method: 'GET', url: `${ORIGIN}/a`, body: '{}' }, { allow: ['body-on-get'] }).body).toBeDefined()
    expect(sign({ method: 'POST', url: `${ORIGIN}/a`, body: 'abc' }, { allow: ['ambiguous-request'] }).body).toBeDefined()
  })

  it.each([bitmex, coinbaseExchange, kucoin, okx, qredoPartner, qredoV1, qredoV2].map(scheme => [scheme.name, scheme] as const))(
    'marked bodies are all that can be open in a call of %s',
    (_name, scheme) => {
      const isOpen = openEnds.openEnds(scheme)
      const isUnmarked = markedBodies.openEnds(scheme)
      const body = fc.oneof(fc.string({ maxLength: 3 }), fc.uint8Array({ maxLength: 3 }), fc.constant(undefined))
      const target = fc.constantFrom('/', '/a', '/a?b', '/a?b=1', '/?')
      fc.assert(
        fc.property(body, target, (given, to) => {
          const call: Call = {
            timestamp: '1764000000',
            nonce: '',
            keyId: 'k',
            passphrase: '',
            method: 'POST',
            url: ORIGIN + to,
            origin: ORIGIN,
            target: to,
            body: given,
            parameters: {},
            header: () => undefined,
            covered: [],
            hashes: [],
            missing: undefined,
          }
          expect(isUnmarked(call)).toBe(isOpen(call))
        }),
        { seed: 14, numRuns: 2000 },
      )
    },
  )
})
