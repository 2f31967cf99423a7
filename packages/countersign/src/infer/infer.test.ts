import { describe, expect, it } from 'vitest'
import { CountersignError } from '../contract/error.ts'
import { defineScheme } from '../define/define.ts'
import type { Credentials } from '../scheme/credentials.ts'
import { type DeclaredScheme, isDeclared } from '../scheme/scheme.ts'
import * as schemes from '../schemes/index.ts'
import { SCHEMES } from '../schemes/registry.ts'
import { createSigner } from '../sign/sign.ts'
import { infer, type SignedExample } from './index.ts'

const NOW = 1_647_356_399_123
const keyId = 'AKc1d2e3f4'
const passphrase = 'correct horse'
const concatenating = SCHEMES.filter(isDeclared).filter(({ algorithm }) => algorithm.family === 'hmac')

function secretOf({ secret: { encoding, prefix } }: DeclaredScheme): string {
  const bytes = Buffer.from(Array.from({ length: 32 }, (_, index) => (index * 37 + 200) & 255))
  return prefix + (encoding === 'utf8' ? 'rfK9-a_secret.of some length' : bytes.toString(encoding))
}

const credentialsOf = (scheme: DeclaredScheme, secret = secretOf(scheme)): Credentials => ({
  secret,
  ...(scheme.keyId === 'none' ? {} : { keyId }),
  ...(scheme.hasPassphrase ? { passphrase } : {}),
})

function sign(scheme: DeclaredScheme, request: { method: string; url: string; body?: string }) {
  return createSigner(scheme, credentialsOf(scheme), { clock: () => NOW }).sign(request)
}

function exampleOf(scheme: DeclaredScheme, request: { method: string; url: string; body?: string }): SignedExample {
  const { method, url, headers, body } = sign(scheme, request)
  return { method, url, headers, body, secret: secretOf(scheme), keyId, ...(scheme.hasPassphrase ? { passphrase } : {}) }
}

const isForm = (scheme: DeclaredScheme): boolean => scheme.carriers.some(carrier => carrier.in === 'form')
const post = (scheme: DeclaredScheme) => ({
  method: 'POST',
  url: 'https://api.example.com/v1/orders?limit=10&sort=-date',
  body: isForm(scheme) ? 'pair=XBTUSD&volume=1' : '{"amount":"1.0","note":"für a/b"}',
})

describe('infer', () => {
  it.each(concatenating)('finds the declaration of $name', async scheme => {
    const examples = [exampleOf(scheme, post(scheme))]
    if (!isForm(scheme)) examples.push(exampleOf(scheme, { method: 'GET', url: 'https://api.example.com/v1/orders?a=1' }))
    const { outcome, declaration } = await infer(examples)
    expect(outcome).toBe('found')
    const inferred = defineScheme(declaration ?? scheme.declaration)
    // Another request, that the search has not seen: either declaration signs it the same.
    const other = { method: 'PUT', url: 'https://api.example.com/v2/x/y?z=1', body: isForm(scheme) ? 'a=1' : '[1, 2]' }
    const { headers, url } = sign(scheme, other)
    const given = { timestamp: readMoment(scheme, headers, url), nonce: undefined as string | undefined }
    const again = createSigner(inferred, credentialsOf(inferred, secretOf(scheme)), { clock: () => NOW })
    expect(inferred.algorithm).toEqual(scheme.algorithm)
    expect(inferred.signature).toEqual(scheme.signature)
    if (scheme.nonce.formats[0] !== 'any' || Object.values(scheme.parameters).some(({ generate }) => generate !== undefined)) return
    expect(again.sign({ ...other, ...given }).headers).toMatchObject(
      Object.fromEntries(Object.entries(headers).filter(([name]) => !/version/.test(name))),
    )
  })

  it('finds several separators in one message, and the threads of a search find it in one share only', async () => {
    const scheme = defineScheme({
      ...schemes.qredoV1.declaration,
      message: '{timestamp}.{method|lower}:{url}{body}',
    })
    const examples = [exampleOf(scheme, { method: 'PUT', url: 'https://api.example.com/v1/orders', body: '[1, 2]' })]
    const { declaration } = await infer(examples)
    expect(declaration?.message).toBe('{timestamp}.{method|lower}:{url}{body}')
    const halves = await Promise.all([0, 1].map(index => infer(examples, { share: { index, of: 2 } })))
    expect(halves.filter(half => half.outcome === 'found')).toHaveLength(1)
  })

  it('says what one example leaves open, and what would settle it', async () => {
    const { declaration, open } = await infer([exampleOf(schemes.qredoV1, { method: 'GET', url: 'https://api.example.com/v1/balance' })])
    expect(declaration?.message).toBe('{timestamp}{method}{url}{body}')
    expect(open.join('\n')).toMatch(/an example with a body settles it/)
    expect(open.join('\n')).toMatch(/an example with a query settles it/)
    const { open: less } = await infer([exampleOf(schemes.qredoV1, post(schemes.qredoV1))])
    expect(less.join('\n')).not.toMatch(/an example with a (body|query) settles it/)
  })

  it('says not found for what nothing makes, and ends in time', async () => {
    const example = exampleOf(schemes.github, { method: 'GET', url: 'https://api.example.com/v1/orders' })
    const wrong = { ...example, secret: 'another secret of a good length' }
    expect(await infer([wrong])).toMatchObject({ outcome: 'not-found', declaration: undefined })
    const rich = { ...exampleOf(schemes.bybit, post(schemes.bybit)), secret: 'another secret of a good length' }
    expect(await infer([rich], { timeoutMs: 200 })).toMatchObject({ outcome: 'timed-out' })
    expect(await infer([rich], { maxAttempts: 1000 })).toMatchObject({ outcome: 'not-found', attempts: 1000 })
  })

  it('tells how far it is', async () => {
    const seen: number[] = []
    const example = exampleOf(schemes.bybit, post(schemes.bybit))
    await infer([{ ...example, secret: 'another secret of a good length' }], {
      maxAttempts: 10_000,
      onProgress: ({ attempts }) => seen.push(attempts),
    })
    expect(seen.length).toBeGreaterThan(1)
    expect([...seen].sort((a, b) => a - b)).toEqual(seen)
  })

  it('refuses to work from nothing', async () => {
    await expect(infer([])).rejects.toThrow(CountersignError)
    await expect(infer([{ method: 'GET', url: 'https://a.example/', headers: { a: 'b' }, secret: 's' }])).rejects.toMatchObject({
      code: 'option-invalid',
    })
  })
})

function readMoment(scheme: DeclaredScheme, headers: Readonly<Record<string, string>>, url: string): string | undefined {
  for (const { in: place, name, fields } of scheme.carriers) {
    if (!fields.includes('timestamp')) continue
    if (place === 'query') return new URL(url).searchParams.get(name) ?? undefined
    const value = headers[name] ?? ''
    return /\d{4}-\d\d-\d\dT[\d:.]+Z|\d{10,19}(\.\d+)?/.exec(value)?.[0]
  }
  return undefined
}
