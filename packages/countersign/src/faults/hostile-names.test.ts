import { describe, expect, it } from 'vitest'
import { httpMessageSignatures } from '../bases/http-signatures/index.ts'
import { memoryKeys } from '../keys/key.ts'
import { memoryReplayGuard } from '../replay/replay.ts'
import { SCHEMES } from '../schemes/registry.ts'
import { createSigner } from '../sign/sign.ts'
import { createVerifier } from '../verify/verify.ts'

const ORIGIN = 'https://api.example.com'
/** Words that every object of JavaScript has. */
const NAMES = ['constructor', '__proto__', 'toString', 'valueOf', 'hasOwnProperty', 'isPrototypeOf', '__defineGetter__']
const secret = Buffer.alloc(64, 7)

const VALUES = NAMES.flatMap(name => [
  name,
  `${name}=:AAAA:`,
  `${name}="x"`,
  `${name}=1`,
  `sha-256=:AAAA:, ${name}=:AAAA:`,
  `sig1=("@method" "${name}" "content-digest");created=1764000000;keyid="k";${name}="x"`,
  `Signature keyId="k",${name}="x",signature="AAAA"`,
  `AWS4-HMAC-SHA256 Credential=k/20251124/${name}/${name}/aws4_request, SignedHeaders=${name};host, Signature=00`,
])
const HEADERS = [
  'content-digest',
  'repr-digest',
  'digest',
  'signature-input',
  'signature',
  'authorization',
  'x-amz-content-sha256',
  'x-amz-date',
  'qredo-api-key',
  'stripe-signature',
  ...NAMES,
]

describe('names that every object has', () => {
  it.each(SCHEMES.map(scheme => [scheme.name, scheme] as const))('are answered by %s like all others', async (_name, scheme) => {
    const keys = memoryKeys(
      scheme,
      scheme.keys === 'key-pair' ? [] : [{ id: 'k', secret, ...(scheme.hasPassphrase ? { passphrase: 'p' } : {}) }],
    )
    const verifier = createVerifier(scheme, {
      origin: ORIGIN,
      keys,
      ...(scheme.detectsReplays ? { replay: memoryReplayGuard() } : {}),
      ...(scheme.keyId === 'none' ? { keyId: 'k' } : {}),
    })
    for (const method of ['GET', 'POST'])
      for (const header of HEADERS)
        for (const value of VALUES)
          for (const deferBody of [false, true]) {
            const result = await verifier.verify(
              {
                method,
                target: `/?${NAMES.join('&')}`,
                headers: ['host', 'api.example.com', header, value],
                body: method === 'GET' ? undefined : Buffer.from('{}'),
              },
              { deferBody },
            )
            expect(result).toMatchObject({ ok: false, failure: { code: expect.any(String) } })
            if (!result.ok) expect(result.failure.code).not.toMatch(/unavailable/)
          }
  })

  it('are signed where a header has one', () => {
    const scheme = httpMessageSignatures({ name: 'of-constructor', components: ['@method', '@target-uri', 'constructor'] })
    const signed = createSigner(scheme, { keyId: 'k', secret }).sign({ method: 'GET', url: `${ORIGIN}/`, headers: { constructor: 'x' } })
    expect(signed.headers['signature-input']).toContain('"constructor"')
  })

  it('are no digest of a body, which is what a signed one says', async () => {
    const scheme = httpMessageSignatures({ name: 'digested', components: ['@method', '@target-uri', 'content-digest'] })
    const verifier = createVerifier(scheme, {
      origin: ORIGIN,
      keys: memoryKeys(scheme, [{ id: 'k', secret }]),
      replay: memoryReplayGuard(),
    })
    const signed = createSigner(scheme, { keyId: 'k', secret }).sign({ method: 'POST', url: `${ORIGIN}/`, body: '{}' })
    for (const name of NAMES)
      for (const deferBody of [false, true])
        expect(
          await verifier.verify(
            { method: 'POST', target: '/', headers: { ...signed.headers, 'content-digest': `${name}=:AAAA:` }, body: Buffer.from('{}') },
            { deferBody },
          ),
        ).toMatchObject({ ok: false })
  })
})
