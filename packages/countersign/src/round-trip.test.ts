import { generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalOrigin } from './canonical-origin.ts'
import type { Credentials } from './credentials.ts'
import { CountersignError } from './error.ts'
import { memoryKeys } from './keys.ts'
import { ALLOWANCES } from './recipe/guards.ts'
import { isDeclared, type Scheme } from './scheme.ts'
import { SCHEMES } from './schemes/index.ts'
import { createSigner, type SignableRequest, type SignedRequest } from './sign.ts'
import { hostOf } from './url.ts'
import { createVerifier } from './verify.ts'

const NOW = 1_764_000_000_000
const secret = Buffer.alloc(40, 5)
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const privateKey = String(rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }))
const publicKey = String(rsa.publicKey.export({ type: 'spki', format: 'pem' }))

/** Which calls an API takes, a signer can't know: these come from the option `only`, and each scheme's default of it. */
const ONLY = ['part-not-taken', 'missing-body', 'method-not-allowed']

/**
 * What is signed for others than our verifier: AWS takes dot segments, as its test suite has them, and the body of a
 * presigned S3 URL comes from someone else, and is not signed.
 */
const FOR_OTHERS: { readonly [scheme: string]: readonly string[] } = {
  'aws-sigv4': ['ambiguous-request'],
  'aws-sigv4-query': ['ambiguous-request', 'insufficient-coverage'],
}

interface Case {
  readonly request: SignableRequest
  readonly credentials: Credentials
  readonly parameters: { readonly [name: string]: string }
}

/** The signed request, or the code with which the signer refused it. */
function sign(scheme: Scheme, { request, credentials, parameters }: Case, isTold: boolean): SignedRequest | string {
  const allow = isTold ? (['ambiguous-request', 'body-on-get'] as const) : []
  try {
    return createSigner(scheme, credentials, { clock: () => NOW, parameters, allow }).sign(request)
  } catch (error) {
    if (error instanceof CountersignError) return error.code
    throw error
  }
}

async function verify(scheme: Scheme, { request, credentials }: Case, signed: SignedRequest, isTold: boolean) {
  const [, origin = '', target = ''] = /^(\w+:\/\/[^/]+)(.*)$/.exec(signed.url) ?? []
  const sentTo = canonicalOrigin(origin)
  const verifier = createVerifier(scheme, {
    origin: sentTo,
    keys: memoryKeys(scheme, [
      { id: 'k', ...(scheme.keys === 'key-pair' ? { publicKey } : { secret }), passphrase: credentials.passphrase },
    ]),
    clock: () => NOW,
    ...(scheme.keyId === 'none' ? { keyId: 'k' } : {}),
    ...(isTold ? { allow: ALLOWANCES, only: { methods: [signed.method], paths: 'any', query: 'any', body: 'any' } } : {}),
  })
  const sent = new Map(Object.entries(request.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value] as const))
  for (const [name, value] of Object.entries(signed.headers)) sent.set(name, value)
  const headers = [['host', hostOf(sentTo)] as const, ...sent].filter(([name], index) => name !== 'host' || index === 0)
  const result = await verifier.verify({ method: signed.method, target, headers, body: signed.body })
  return result.ok ? 'ok' : result.failure.code
}

const urlText = fc.string({ unit: fc.constantFrom(...'ab0/.~-_%2fF&=?+[]{}|^"<>\\ ;:@!$\'()*,é#'), maxLength: 12 })
const url = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(fc.constantFrom('/', '/a', '/a/../b', '//', '/a%2fb', '/%41', '/a?q=what?', '/a?timestamp=1', '/a?signature=1'), urlText)
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
          const told = sign(scheme, one, true)
          if (typeof told !== 'string') expect(await verify(scheme, one, told, true)).toBe('ok')
          const made = sign(scheme, one, false)
          if (typeof made === 'string') return
          signed++
          const verdict = await verify(scheme, one, made, false)
          expect(['ok', ...ONLY, ...(FOR_OTHERS[scheme.name] ?? [])]).toContain(verdict)
        }),
        { seed: 14, numRuns: scheme.keys === 'key-pair' ? 300 : 1500 },
      )
      expect(signed).toBeGreaterThan(20)
    },
  )
})
