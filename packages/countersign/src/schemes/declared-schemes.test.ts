import { generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { memoryKeys } from '../keys/key.ts'
import { type DeclaredScheme, isDeclared } from '../scheme/scheme.ts'
import { createSigner } from '../sign/sign.ts'
import { createVerifier, type IncomingRequest } from '../verify/verify.ts'
import * as shipped from './index.ts'

const NOW = 1_647_356_399_123
const ORIGIN = 'https://api.example.com'
const { publicKey, privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
})
const secret = Buffer.alloc(40, 0xfb).toString('base64url')

const declared = shipped.SCHEMES.flatMap(scheme => (isDeclared(scheme) ? [{ name: scheme.name, scheme }] : []))

function parts(scheme: DeclaredScheme, secrets: readonly string[] = [secret]) {
  const isHmac = scheme.keys === 'secret'
  const passphrase = scheme.hasPassphrase ? 'a-passphrase' : undefined
  const signer = createSigner(
    scheme,
    { ...(scheme.keyId === 'none' ? {} : { keyId: 'k' }), passphrase, ...(isHmac ? { secret } : { privateKey }) },
    { clock: () => NOW },
  )
  const keys = memoryKeys(scheme, [{ id: 'k', passphrase, ...(isHmac ? { secrets } : { publicKey }) }])
  const { verify } = createVerifier(scheme, {
    origin: ORIGIN,
    keys,
    clock: () => NOW,
    ...(scheme.keyId === 'none' ? { keyId: 'k' } : {}),
    ...(scheme.detectsReplays ? { replay: 'off' } : {}),
    only: { methods: ['POST', 'DELETE'], paths: 'any', query: 'any', body: 'any' },
  })
  const inQuery = scheme.carriers.some(carrier => carrier.in === 'query')
  const inForm = scheme.carriers.some(carrier => carrier.in === 'form')
  const signed = signer.sign({
    method: inQuery ? 'DELETE' : 'POST',
    url: `${ORIGIN}/v1/orders?a=1`,
    ...(inQuery ? {} : { body: inForm ? 'a=1' : '{"a":1}' }),
  })
  const good: IncomingRequest & { headers: [string, string][] } = {
    method: signed.method,
    target: signed.url.slice(ORIGIN.length),
    headers: Object.entries(signed.headers),
    body: signed.body,
  }
  return { verify, good }
}

describe.each(declared)('$name', ({ scheme }) => {
  it('accepts what its signer signed, under either of two live secrets', async () => {
    const { verify, good } = parts(scheme)
    expect(await verify(good)).toMatchObject({ ok: true, key: { id: 'k' } })
    const other = Buffer.alloc(40, 1).toString('base64url')
    if (scheme.keys === 'secret') {
      expect(await parts(scheme, [other, secret]).verify(good)).toMatchObject({ ok: true })
      expect(await parts(scheme, [other]).verify(good)).toMatchObject({ failure: { code: 'bad-signature' } })
    }
  })

  it('never throws and never accepts, over 10,000 random and mutated header sets', async () => {
    const { verify, good } = parts(scheme)
    const names = [...new Set(['host', ...good.headers.map(([name]) => name)])]
    const piece = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.constantFrom(...good.headers.map(([, value]) => value.slice(0, -1)), ...good.headers.map(([, value]) => `${value}0`), ''),
    )
    const changed = fc.array(fc.tuple(fc.constantFrom(...names), piece), { minLength: 1, maxLength: 4 })
    const query = scheme.carriers.some(carrier => carrier.in === 'query')
    await fc.assert(
      fc.asyncProperty(changed, fc.boolean(), fc.oneof(fc.constant(good.target), fc.webPath()), async (set, keepOthers, target) => {
        const kept = keepOthers ? good.headers.filter(([name]) => !set.some(([own]) => own === name)) : []
        const headers = [...kept, ...set]
        const untouched = good.headers.every(
          ([name, value]) =>
            headers.filter(([own]) => own === name).length === 1 && headers.some(([own, other]) => own === name && other === value),
        )
        const result = await verify({ ...good, headers, target: query ? target.replace(/=[^=]{8}$/, '=00000000') : target })
        // What no header says may change, and what the scheme does not sign: a host, a path that a webhook came to, a
        // content type.
        if (result.ok)
          expect(
            untouched ||
              headers.every(
                ([name, value]) =>
                  name === 'host' || name === 'content-type' || good.headers.some(([own, other]) => own === name && other === value),
              ),
          ).toBe(true)
      }),
      { seed: 14, numRuns: 10_000 },
    )
  })
})
