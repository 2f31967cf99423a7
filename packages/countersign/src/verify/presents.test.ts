import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { ALLOWANCES } from '../contract/allowance.ts'
import { memoryKeys } from '../keys/key.ts'
import { ODD_SCHEMES, STATED } from '../properties/odd-schemes.ts'
import { carriesOf } from '../scheme/carries.ts'
import { isDeclared, type Scheme } from '../scheme/scheme.ts'
import { SCHEMES } from '../schemes/index.ts'
import { createSigner } from '../sign/sign.ts'
import { createVerifier } from './verify.ts'

const ORIGIN = 'https://api.example.com'
const secret = Buffer.alloc(60, 5).toString('base64')
const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
})
const schemes = [...SCHEMES, ...ODD_SCHEMES]

const presents = (scheme: Scheme, request: { readonly target: string; readonly headers: [string, string][] }): boolean =>
  createVerifier(scheme, {
    origin: ORIGIN,
    keys: memoryKeys(scheme, []),
    ...(scheme.keyId === 'none' ? { keyId: 'k' } : {}),
    ...(scheme.name.startsWith('payload') ? { only: { methods: ['POST'], paths: 'any', query: 'any', body: 'any' } as const } : {}),
  }).presents({ method: 'POST', ...request })

function signed(scheme: Scheme): { target: string; headers: [string, string][] } {
  const parameters: { readonly [name: string]: string } = isDeclared(scheme)
    ? Object.fromEntries(Object.keys(scheme.parameters).map(name => [name, '5']))
    : scheme.derivedKey === undefined
      ? {}
      : { region: 'r', service: scheme.name === 'aws-sigv4-s3' ? 's3' : 's' }
  const signer = createSigner(
    scheme,
    {
      ...(scheme.keyId === 'none' ? {} : { keyId: 'k' }),
      ...(scheme.keys === 'key-pair' ? { privateKey } : { secret }),
      ...(scheme.hasPassphrase ? { passphrase: 'pass' } : {}),
    },
    { ...(Object.keys(parameters).length === 0 ? {} : { parameters }), allow: ALLOWANCES },
  )
  const hasForm = isDeclared(scheme) && scheme.carriers.some(carrier => carrier.in === 'form')
  const stated = { 'x-a': '7', ...STATED[scheme.name] }
  const { url, headers } = signer.sign({ method: 'POST', url: `${ORIGIN}/x?a=1`, body: hasForm ? 'a=1' : '[1,2]', headers: stated })
  return { target: url.slice(ORIGIN.length), headers: Object.entries({ ...stated, ...headers }) }
}

describe.each(schemes.map(scheme => [scheme.name, scheme] as const))('a signature of %s', (_name, scheme) => {
  it('is there when the scheme has signed, whether it holds or not', () => {
    const call = signed(scheme)
    expect(presents(scheme, call)).toBe(true)
    expect(presents(scheme, { ...call, target: call.target.replace('a=1', 'a=2') })).toBe(true)
  })

  it('is not there without all that each call has, or with what other schemes carry there', () => {
    const call = signed(scheme)
    const wanted = carriesOf(scheme).filter(({ in: place, required, name }) => place !== 'form' && required && name !== 'date')
    expect(presents(scheme, { target: '/x?a=1', headers: [] })).toBe(false)
    for (const { in: place, name } of wanted.filter(({ name }) => isDeclared(scheme) || /sign|authorization/i.test(name))) {
      const headers = call.headers.filter(([own]) => place !== 'header' || own.toLowerCase() !== name)
      const target = place === 'query' ? call.target.replace(new RegExp(`([?&])${name}=[^&]*`), '$1') : call.target
      if (/^X-Amz-Sign(?!ature)/.test(name)) continue
      expect([name, presents(scheme, { headers, target })]).toEqual([name, false])
    }
    for (const value of ['Bearer eyJhbGciOiJIUzI1NiJ9.e30.x', 'Basic eDp5', 'Digest username="x"'])
      expect(presents(scheme, { target: '/x?timestamp=1', headers: [['authorization', value]] })).toBe(false)
  })
})
