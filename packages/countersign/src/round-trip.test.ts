import { generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalOrigin } from './canonical-origin.ts'
import { carriesOf } from './carries.ts'
import type { Credentials } from './credentials.ts'
import type { MessagePiece, SchemeDeclaration } from './declaration.ts'
import { defineScheme } from './define.ts'
import { CountersignError } from './error.ts'
import { memoryKeys } from './keys.ts'
import { NONCE_FORMATS } from './nonce.ts'
import { TIMESTAMP_FORMATS } from './parse-timestamp.ts'
import { ALLOWANCES } from './recipe/guards.ts'
import { type DeclaredScheme, isDeclared, type Scheme } from './scheme.ts'
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

async function verify(scheme: Scheme, { request, credentials }: Case, signed: SignedRequest, isTold: boolean | 'only') {
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
    ...(isTold === true ? { allow: ALLOWANCES } : {}),
    ...(isTold === false ? {} : { only: { methods: [signed.method], paths: 'any', query: 'any', body: 'any' } }),
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

/** Declarations that make it hard for a reader: values beside each other, separators that values hold, filters anywhere. */
const pieces = fc.constantFrom<MessagePiece>(
  '{timestamp}',
  '{nonce}',
  '{keyId}',
  '{passphrase}',
  '{p}',
  '{method}',
  '{method|lower}',
  '{url}',
  '{target}',
  '{path}',
  '{path|lower}',
  '{query}',
  '{query|sorted}',
  '{host}',
  '{header.host}',
  '{header.x-a}',
  '{header.x-a|lower}',
  '{header.x-sig|upper}',
  '{header.x-time}',
  '{header.content-type}',
  '{body}',
  '{payload}',
  '{body|sha256|hex}',
  { hash: 'sha256', encoding: 'raw', of: ['{method|lower}\n', '{query|sorted}', '{body}'] },
  { hash: 'sha512', encoding: 'base64', of: '{path|percent-encode}' },
)
const items = fc.constantFrom(
  '{keyId}',
  '{nonce}',
  '{passphrase}',
  '{p}',
  '{timestamp}',
  '{signature}',
  'k={keyId}',
  't={timestamp}',
  's={signature}',
)
const declarations: fc.Arbitrary<SchemeDeclaration> = fc
  .record({
    message: fc.array(pieces, { minLength: 1, maxLength: 6 }),
    between: fc.constantFrom('\n', '', '.', '|', ' '),
    separator: fc.constantFrom(',', ';', ' ', '-', '+', ':', '.', ', '),
    prefix: fc.constantFrom('', 'Mine '),
    list: fc.array(items, { minLength: 2, maxLength: 4 }),
    isList: fc.boolean(),
    inQuery: fc.boolean(),
    algorithm: fc.constantFrom('hmac-sha256' as const, 'hmac-sha512' as const),
    encoding: fc.constantFrom('hex' as const, 'base64' as const, 'base64url' as const),
    format: fc.constantFrom(...TIMESTAMP_FORMATS),
    nonce: fc.constantFrom(...NONCE_FORMATS),
    characters: fc.constantFrom('digits' as const, 'token' as const, 'visible' as const),
    without: fc.constantFrom('', '-', ',;', '.'),
    generate: fc.option(fc.constantFrom(...NONCE_FORMATS), { nil: undefined }),
  })
  .map(
    ({ message, between, separator, prefix, list, isList, inQuery, algorithm, encoding, format, nonce, characters, without, generate }) => {
      const used = JSON.stringify(message)
      const has = (name: string): boolean => used.includes(`{${name}}`)
      const single = {
        ...(has('keyId') ? { 'x-key': '{keyId}' } : {}),
        ...(has('passphrase') ? { 'x-pass': '{passphrase}' } : {}),
        ...(has('p') ? { 'x-p': '{p}' } : {}),
        ...(has('nonce') ? { 'x-nonce': '{nonce}' } : {}),
        ...(has('timestamp') ? { 'x-time': '{timestamp}' } : {}),
      }
      return {
        name: 'own',
        title: 'Own',
        algorithm,
        message: message.flatMap((piece, index) => (index === 0 || between === '' ? [piece] : [between, piece])),
        signature: { encoding },
        ...(has('timestamp') || list.some(item => item.includes('timestamp')) ? { timestamp: { formats: [format] } } : {}),
        nonce: { formats: [nonce] },
        ...(has('p') || list.includes('{p}')
          ? { parameters: { p: { characters, without, ...(generate === undefined ? { default: '1' } : { generate }) } } }
          : {}),
        headers: isList ? { 'x-list': { prefix, separator, items: list } } : { ...single, ...(inQuery ? {} : { 'x-sig': '{signature}' }) },
        ...(inQuery && !isList ? { query: { sig: '{signature}' } } : {}),
      }
    },
  )

/** Calls that are refused for no other reason than how the scheme is declared. */
function ownCases({ hasPassphrase, parameters }: DeclaredScheme): fc.Arbitrary<Case> {
  const targets = ['/', '/a', '/A?b=1', '/a?b=2&a=1', '/a?b=1&b=1', '/?', '/a?', '/a%2Fb', '/a?c=%20d+e', '/a?sig=1']
  const awkward = fc.oneof(fc.constant('k1'), fc.string({ unit: fc.constantFrom(...'aB1;-+:._=/'), minLength: 1, maxLength: 6 }))
  const given = Object.keys(parameters).length > 0
  return fc.record({
    request: fc.record({
      method: fc.constantFrom('POST', 'PUT', 'DELETE'),
      url: fc.constantFrom(...targets.map(target => `https://api.example.com${target}`)),
      body: fc.constantFrom(undefined, '{"a":1}', '[1]', 'a=1'),
      headers: fc.constantFrom({ 'x-a': 'A b', 'content-type': 'text/plain' }, { 'X-A': 'a', 'content-type': 'a/b', 'x-list': 'x' }),
    }),
    credentials: fc.tuple(awkward, awkward).map(([keyId, passphrase]) => ({ keyId, secret, ...(hasPassphrase ? { passphrase } : {}) })),
    parameters: given ? fc.constantFrom<Record<string, string>>({}, { p: '12' }, { p: 'a-b' }, { p: 'a;b' }) : fc.constant({}),
  })
}

describe('The same for schemes of one’s own', () => {
  it('with any declaration that can be defined', async () => {
    let defined = 0
    let signed = 0
    await fc.assert(
      fc.asyncProperty(
        declarations.chain(declaration => {
          const scheme = attempt(() => defineScheme(declaration))
          return scheme === undefined ? fc.constant(undefined) : ownCases(scheme).map(one => ({ scheme, one }))
        }),
        async made => {
          if (made === undefined) return
          defined++
          const call = sign(made.scheme, made.one, false)
          if (typeof call === 'string') return
          // Some can't be verified at all, or only by who says which calls are taken.
          const verdict = await verify(made.scheme, made.one, call, 'only').catch((error: unknown) => {
            if (error instanceof CountersignError) return 'no verifier'
            throw error
          })
          if (verdict === 'no verifier') return
          signed++
          expect(['ok', ...ONLY]).toContain(verdict)
        },
      ),
      { seed: SEED, numRuns: RUNS * 4000 },
    )
    expect([defined > 500, signed > 200], `${defined} defined, ${signed} signed`).toEqual([true, true])
  })
})

function attempt<T>(make: () => T): T | undefined {
  try {
    return make()
  } catch (error) {
    if (error instanceof CountersignError) return undefined
    throw error
  }
}
