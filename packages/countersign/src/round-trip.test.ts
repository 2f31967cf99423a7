import { generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Credentials } from './credentials.ts'
import { CountersignError } from './error.ts'
import { memoryKeys } from './keys.ts'
import { ALLOWANCES } from './recipe/guards.ts'
import { isDeclared, type Scheme } from './scheme.ts'
import { SCHEMES } from './schemes/index.ts'
import { createSigner, type SignableRequest, type SignedRequest } from './sign.ts'
import { createVerifier } from './verify.ts'

const NOW = 1_764_000_000_000
const secret = Buffer.alloc(40, 5)
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const privateKey = String(rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }))
const publicKey = String(rsa.publicKey.export({ type: 'spki', format: 'pem' }))

/** Everything that a verifier takes when it is told to by name: what it refuses then, no option would make it take. */

/**
 * What a verifier refuses of what was signed unless it is told otherwise: always one of these, each with an option's
 * name.
 */
const NAMED = ['ambiguous-request', 'unexpected-body', 'part-not-taken', 'missing-body', 'method-not-allowed', 'insufficient-coverage']

interface Case {
  readonly request: SignableRequest
  readonly credentials: Credentials
  readonly parameters: { readonly [name: string]: string }
}

/** The signed request, or the code with which the signer refused it. */
function sign(scheme: Scheme, { request, credentials, parameters }: Case): SignedRequest | string {
  try {
    return createSigner(scheme, credentials, { clock: () => NOW, parameters }).sign(request)
  } catch (error) {
    if (error instanceof CountersignError) return error.code
    throw error
  }
}

async function verify(scheme: Scheme, { request, credentials }: Case, signed: SignedRequest, isTold: boolean) {
  const [, origin = '', target = ''] = /^(\w+:\/\/[^/]+)(.*)$/.exec(signed.url) ?? []
  const verifier = createVerifier(scheme, {
    origin: origin.toLowerCase(),
    keys: memoryKeys(scheme, [
      { id: 'k', ...(scheme.keys === 'key-pair' ? { publicKey } : { secret }), passphrase: credentials.passphrase },
    ]),
    clock: () => NOW,
    ...(scheme.keyId === 'none' ? { keyId: 'k' } : {}),
    ...(isTold ? { allow: ALLOWANCES, only: { methods: [signed.method], paths: 'any', query: 'any', body: 'any' } } : {}),
  })
  const sent = new Map(Object.entries(request.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value] as const))
  for (const [name, value] of Object.entries(signed.headers)) sent.set(name, value)
  const headers = [['host', origin.slice(origin.indexOf('//') + 2).toLowerCase()] as const, ...sent].filter(
    ([name], index) => name !== 'host' || index === 0,
  )
  const result = await verifier.verify({ method: signed.method, target, headers, body: signed.body })
  return result.ok ? 'ok' : result.failure.code
}

const urlText = fc.string({ unit: fc.constantFrom(...'ab0/.~-_%2fF&=?+[]{}|^"<>\\ ;:@!$\'()*,é#'), maxLength: 12 })
const url = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(fc.constantFrom('/', '/a', '/a/../b', '//', '/a%2fb', '/%41'), urlText)
      .map(([path, text]) => `https://api.example.com${path}${text}`),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'https://api.example.com',
      'https://api.example.com?a=1',
      'HTTPS://API.example.com/a',
      'https://u@api.example.com/',
      'https://api.example.com:443/a',
      'http://127.0.0.1:8080/a?ids[]=1',
    ),
  },
)
const body = fc.oneof(
  fc.constantFrom(undefined, null, '', '{"a":1}', 'a=1&b=2', '[1]', 'nonce=7', 'nonce=7&nonce=8', 'timestamp=1', ' ', '\u0000', 'ü=1', '7'),
  fc.string({ maxLength: 20 }),
  fc.uint8Array({ maxLength: 20 }),
  fc.jsonValue().filter(value => typeof value === 'object' && value !== null) as fc.Arbitrary<Record<string, unknown>>,
)
const printable = fc.string({ unit: fc.constantFrom(...'aZ09 ,.:;-_~!"#$%&\'()*+/=?@[]^`{|}\\é\t\n'), maxLength: 12 })
const headers = fc.dictionary(fc.constantFrom('X-A', 'x-a', 'content-type', 'Date', 'X-Amz-Meta', 'host', 'x-signed'), printable, {
  maxKeys: 4,
})

function cases(scheme: Scheme): fc.Arbitrary<Case> {
  const parameters = isDeclared(scheme) ? Object.keys(scheme.parameters) : scheme.name.startsWith('aws') ? ['region', 'service'] : []
  return fc.record({
    request: fc.record({
      method: fc.constantFrom('GET', 'POST', 'put', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'),
      url,
      body,
      headers,
    }),
    credentials: printable.map(passphrase => ({
      keyId: 'k',
      ...(scheme.keys === 'key-pair' ? { privateKey } : { secret }),
      ...(scheme.hasPassphrase ? { passphrase } : {}),
    })),
    parameters: fc
      .tuple(...parameters.map(() => fc.oneof(printable, fc.constantFrom('eu-west-1', 's3', '5000', 'msg_1'))))
      .map(values => Object.fromEntries(parameters.map((name, index) => [name, values[index] ?? '']))),
  })
}

describe('What a signer makes its verifier accepts, or the signer refuses to make it (rule 14)', () => {
  it.each(SCHEMES.map(scheme => [scheme.name, scheme] as const))(
    '%s, with any URL, header, body, passphrase and parameter',
    async (_name, scheme) => {
      let signed = 0
      await fc.assert(
        fc.asyncProperty(cases(scheme), async one => {
          const made = sign(scheme, one)
          if (typeof made === 'string') return
          signed++
          expect(await verify(scheme, one, made, true)).toBe('ok')
          expect(['ok', ...NAMED]).toContain(await verify(scheme, one, made, false))
        }),
        { seed: 14, numRuns: scheme.keys === 'key-pair' ? 300 : 1500 },
      )
      expect(signed).toBeGreaterThan(20)
    },
  )
})
