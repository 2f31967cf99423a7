import { generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalOrigin } from './canonical-origin.ts'
import { carriesOf } from './carries.ts'
import type { Credentials } from './credentials.ts'
import { CountersignError } from './error.ts'
import { memoryKeys } from './keys.ts'
import { TIMESTAMP_FORMATS } from './parse-timestamp.ts'
import { ALLOWANCES } from './recipe/guards.ts'
import { isDeclared, type Scheme } from './scheme.ts'
import { SCHEMES } from './schemes/index.ts'
import { createSigner, type SignableRequest, type SignedRequest } from './sign.ts'
import { createTimestamper } from './timestamp.ts'
import { hostOf } from './url.ts'
import { createVerifier } from './verify.ts'

/** More of them, or others: `RUNS=20 SEED=15 npx vitest run packages/countersign/src/round-trip.test.ts`. */
const RUNS = Number(process.env['RUNS'] ?? 1)
const SEED = Number(process.env['SEED'] ?? 14)

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
  'aws-sigv4': ['ambiguous-request', 'insufficient-coverage'],
  'aws-sigv4-query': ['ambiguous-request', 'insufficient-coverage'],
}

interface Case {
  readonly request: SignableRequest
  readonly credentials: Credentials
  readonly parameters: { readonly [name: string]: string }
}

/** A payload that is sent unsigned is for those who take one; our verifier does where its scheme is told so. */
const givesPayload = ({ request }: Case): boolean => Object.values(request.headers ?? {}).includes(UNSIGNED)

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
      {
        id: credentials.keyId ?? 'k',
        ...(scheme.keys === 'key-pair' ? { publicKey } : { secret }),
        passphrase: credentials.passphrase ?? credentials.sessionToken,
      },
    ]),
    // A time that says when a call ends is given as well.
    clock: () => NOW - 1000,
    toleranceMs: Number.POSITIVE_INFINITY,
    ...(scheme.keyId === 'none' ? { keyId: credentials.keyId ?? 'k' } : {}),
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
/** What such headers hold, for no body that is signed here. */
const UNSIGNED = 'UNSIGNED-PAYLOAD'
const HASH = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
const DIGEST = 'sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:'
const printable = fc.string({ unit: fc.constantFrom(...'aZ09 ,.:;-_~!"#$%&\'()*+/=?@[]^`{|}\\é\t\n'), maxLength: 12 })
/** Headers that some scheme reads, or that a verifier reads for all: a caller may give them as well. */
const names = [
  ...new Set(SCHEMES.flatMap(scheme => carriesOf(scheme).flatMap(carried => (carried.in === 'header' ? [carried.name] : [])))),
  ...['X-A', 'x-a', 'content-type', 'Date', 'X-Amz-Meta', 'host', 'x-signed', 'Signature-Input', 'expires', 'cookie', 'content-length'],
]
const headers = fc.dictionary(fc.constantFrom(...names), fc.oneof(printable, fc.constantFrom('', UNSIGNED, HASH, DIGEST)), { maxKeys: 4 })

/** One of each format, and what is nearly one. */
const TIMES = [
  ...TIMESTAMP_FORMATS.map(format => createTimestamper(format, () => NOW)()),
  '1764000000.0',
  '1764000000.',
  '2025-11-24T16:00:00Z',
  '2025-11-24T16:00:00.000+00:00',
  'Mon, 24 Nov 2025 24:00:00 GMT',
  'Tue, 24 Nov 2025 16:00:00 GMT',
  '20251124T160000Z',
  '20251324T160000Z',
]
const keyId = fc.oneof(
  fc.constant('k'),
  fc.string({ unit: fc.constantFrom(...'aZ09!#$%&()*+-./:;<=>?@[]^_`{|}~"\\, é'), minLength: 1, maxLength: 8 }),
  fc.constantFrom('k'.repeat(600), 'k'.repeat(1024), 'k'.repeat(1025)),
)

function cases(scheme: Scheme): fc.Arbitrary<Case> {
  const parameters = isDeclared(scheme) ? Object.keys(scheme.parameters) : scheme.name.startsWith('aws') ? ['region', 'service'] : []
  return fc.record({
    request: fc.record({
      method: fc.constantFrom('GET', 'POST', 'put', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'),
      url,
      body,
      headers,
      timestamp: fc.oneof({ weight: 5, arbitrary: fc.constant(undefined) }, fc.constantFrom(...TIMES), printable),
      nonce: fc.oneof({ weight: 5, arbitrary: fc.constant(undefined) }, fc.constantFrom(...TIMES), printable),
    }),
    credentials: fc.tuple(keyId, printable).map(([id, text]) => ({
      ...(scheme.keyId === 'none' ? {} : { keyId: id }),
      ...(scheme.keys === 'key-pair' ? { privateKey } : { secret }),
      ...(scheme.hasPassphrase ? { passphrase: text } : {}),
      ...(scheme.name.startsWith('aws') && text.length > 5 ? { sessionToken: text } : {}),
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
          if (typeof told !== 'string')
            expect(givesPayload(one) ? ['ok', 'insufficient-coverage'] : ['ok']).toContain(await verify(scheme, one, told, true))
          const made = sign(scheme, one, false)
          if (typeof made === 'string') return
          signed++
          const verdict = await verify(scheme, one, made, false)
          expect(['ok', ...ONLY, ...(FOR_OTHERS[scheme.name] ?? [])]).toContain(verdict)
        }),
        { seed: SEED, numRuns: RUNS * (scheme.keys === 'key-pair' ? 300 : 1500) },
      )
      expect(signed).toBeGreaterThan(20)
    },
  )
})
