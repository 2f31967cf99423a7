import { generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { draftSignatures } from '../bases/draft-signatures/scheme.ts'
import { httpMessageSignatures } from '../bases/http-signatures/scheme.ts'
import { sigV4 } from '../bases/sigv4/scheme.ts'
import { ALLOWANCES } from '../contract/allowance.ts'
import { CountersignError } from '../contract/error.ts'
import { defineScheme } from '../define/define.ts'
import { memoryKeys } from '../keys/key.ts'
import { carriesOf } from '../scheme/carries.ts'
import type { Credentials } from '../scheme/credentials.ts'
import type { MessagePiece, SchemeDeclaration } from '../scheme/declaration.ts'
import { type DeclaredScheme, isDeclared, type Scheme } from '../scheme/scheme.ts'
import { SCHEMES } from '../schemes/index.ts'
import { createSigner, type SignableRequest, type SignedRequest } from '../sign/sign.ts'
import { createVerifier } from '../verify/verify.ts'
import { canonicalOrigin } from '../wire/canonical-origin.ts'
import { NONCE_FORMATS } from '../wire/nonce.ts'
import { TIMESTAMP_FORMATS } from '../wire/parse-timestamp.ts'
import { createTimestamper } from '../wire/timestamp.ts'
import { hostOf } from '../wire/url.ts'
import { tries } from './tries.ts'

/** More of them, or others: `RUNS=20 SEED=15 npx vitest run packages/countersign/src/properties/round-trip.test.ts`. */
const RUNS = Number(process.env['RUNS'] ?? 1)
const SEED = Number(process.env['SEED'] ?? 14)

const NOW = 1_764_000_000_000
const secret = Buffer.alloc(40, 5)
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const privateKey = String(rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }))
const publicKey = String(rsa.publicKey.export({ type: 'spki', format: 'pem' }))

/**
 * Which calls an API takes, a signer can't know: these come from the option `only`, and each scheme's default of it.
 */
const ONLY = ['part-not-taken', 'missing-body', 'method-not-allowed']

/**
 * What is signed for others than our verifier: AWS takes dot segments, as its test suite has them, and the body of a
 * presigned S3 URL comes from someone else, and is not signed.
 */
const forOthers = (scheme: Scheme): readonly string[] =>
  scheme.name.startsWith('aws') ? ['ambiguous-request', 'insufficient-coverage'] : []

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

/** Schemes of one's own: what a verifier knows of them is what their makers said. */
const declared = { title: 'Mine', algorithm: 'hmac-sha256', timestamp: { formats: ['seconds'] }, signature: { encoding: 'hex' } } as const
const inHeaders = { 'x-key': '{keyId}', 'x-time': '{timestamp}' } as const
const signed = { 'x-key': '{keyId}', 'x-time': '{timestamp}', 'x-signature': '{signature}' } as const
const long = (count: number, length: number): readonly string[] => Array.from({ length: count }, (_, at) => `x-${'b'.repeat(length)}${at}`)
const OWN: readonly Scheme[] = [
  ...(['{target}', '{url}', '{path}\n{query}', '{host}\n{path}\n{query}'] as const).map((place, at) =>
    defineScheme({
      ...declared,
      name: `in-query-${at}`,
      message: [`{timestamp}\n{method}\n${place}\n`, { hash: 'sha256', encoding: 'hex', of: '{body}' }],
      headers: inHeaders,
      query: { sig: '{signature}' },
    }),
  ),
  defineScheme({
    ...declared,
    name: 'time-in-query',
    message: '{method}\n{target}\n{body}',
    headers: { 'x-key': '{keyId}' },
    query: { time: '{timestamp}', sig: '{signature}' },
  }),
  defineScheme({ ...declared, name: 'of-a-header', message: '{timestamp}\n{method}\n{target}\n{header.x-a}\n{body}', headers: signed }),
  defineScheme({
    ...declared,
    name: 'of-ends',
    timestamp: { formats: ['milliseconds', 'http-date'], meaning: 'expires' },
    message: '{timestamp}\n{method}\n{url}\n{header.content-type}\n{body}',
    headers: signed,
  }),
  httpMessageSignatures({ name: 'of-fields', components: ['@method', '@target-uri', 'x-a', '"content-type";bs', 'content-digest'] }),
  httpMessageSignatures({
    name: 'of-all',
    label: '*',
    tag: '"\\',
    components: ['@request-target', '@authority', '@scheme', '@path', '@query', '@method', 'date', '"content-digest";key="sha-512"'],
    parameters: ['expires', 'alg'],
    digest: 'sha-512',
  }),
  httpMessageSignatures({ name: 'of-many', components: ['@method', '@target-uri', 'content-digest', ...long(61, 55)] }),
  draftSignatures({ name: 'of-x-a', carrier: 'signature', headers: ['x-a', '(request-target)', '(created)', '(expires)', 'digest'] }),
  draftSignatures({ name: 'of-kong', carrier: 'kong', headers: ['x-date', 'request-line', 'signature', 'content-type', 'digest'] }),
  draftSignatures({ name: 'of-many-names', headers: ['(request-target)', 'host', 'date', 'digest', ...long(60, 60)] }),
  sigV4({ name: 'aws-of-s3', service: 's3', region: 'eu-west-1' }),
  sigV4({ name: 'aws-of-s3-query', in: 'query', service: 's3', region: 'eu-west-1' }),
  sigV4({ name: 'aws-of-spaces', service: 'execute-api', region: 'r', in: 'query', plus: 'space', allowUnsignedPayload: true }),
]

const urlText = fc.string({ unit: fc.constantFrom(...'ab0/.~-_%2fF&=?+[]{}|^"<>\\ ;:@!$\'()*,é#'), maxLength: 12 })
const url = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(fc.constantFrom('/', '/a', '/a/../b', '//', '/a%2fb', '/%41', '/a?q=what?', '/a?timestamp=1', '/a?signature=1'), urlText)
      .map(([path, text]) => `https://api.example.com${path}${text}`),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        fc.constantFrom('/?', '/a?', '/a?&', '/a??', '/?sig=1', '/?a=1&time', '/?%61=b'),
        fc.constantFrom('', '', '&X-Amz-Date=1', 'X-Amz-Foo=1&X-Amz-Foo=2', 'X%2DAmz-Signature=a', '&x-amz-date=1', '&X-Amz-Foo', 'a=b'),
      )
      .map(([path, more]) => `https://api.example.com${path}${more}`),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'https://api.example.com',
      `https://api.example.com/${'a'.repeat(8191)}`,
      `https://api.example.com/${'a'.repeat(8192)}`,
      `https://api.example.com/?${'a'.repeat(8100)}`,
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
/** What HTTP can't carry, or not as it is. */
const unsendable = fc.constantFrom('a\rb', 'a\nb', 'a\r\n b', 'a\0b', '\u007f', '→', ' a', 'a ', '\u00a0', '\u0085')
/** Headers that some scheme reads, or that a verifier reads for all: a caller may give them as well. */
const names = [
  ...new Set(SCHEMES.flatMap(scheme => carriesOf(scheme).flatMap(carried => (carried.in === 'header' ? [carried.name] : [])))),
  ...['X-A', 'x-a', 'content-type', 'Date', 'X-Amz-Meta', 'host', 'x-signed', 'Signature-Input', 'expires', 'cookie', 'content-length'],
]
const someHeaders = fc.dictionary(
  fc.constantFrom(...names),
  fc.oneof({ weight: 8, arbitrary: printable }, { weight: 4, arbitrary: fc.constantFrom('', UNSIGNED, HASH, DIGEST) }, unsendable),
  { maxKeys: 4 },
)
/** As many as a verifier takes, and more, with short and with long names. */
const manyHeaders = fc
  .tuple(fc.constantFrom(50, 61, 62, 63, 64, 70), fc.constantFrom(1, 50, 60, 70, 200))
  .map(([count, length]) => Object.fromEntries(long(count, length).map(name => [name, '1'])))
const headers = fc.oneof({ weight: 20, arbitrary: someHeaders }, { weight: 1, arbitrary: manyHeaders })

/** With those that the scheme signs, most of the time: without them there is nothing to sign. */
function headersFor(scheme: Scheme): fc.Arbitrary<Record<string, string>> {
  const isMessage = carriesOf(scheme).some(carried => carried.name === 'signature-input')
  const wanted = [...new Set(JSON.stringify(scheme.message).match(/(?<="header\.)[^";]+/g))]
  const date = fc.constantFrom(new Date(NOW).toUTCString())
  const value = fc.oneof({ weight: 8, arbitrary: fc.constantFrom('1', 'text/plain', 'a, b') }, printable, unsendable)
  const given = wanted.filter(
    name => name !== 'host' && !carriesOf(scheme).some(carried => carried.name === name && !(carried.name === 'date' && isMessage)),
  )
  const those = given.length > 4 ? fc.constant(given.map(() => '1')) : fc.tuple(...given.map(name => (name === 'date' ? date : value)))
  return fc.tuple(headers, those, fc.boolean()).map(([others, values, isGiven]) => {
    if (!isGiven || given.length === 0) return others
    const lower = new Set(given)
    const rest = Object.entries(others).filter(([name]) => !lower.has(name.toLowerCase()))
    return Object.fromEntries([...rest, ...given.map((name, at) => [name, values[at] ?? ''])])
  })
}

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
  const parameters = isDeclared(scheme)
    ? Object.keys(scheme.parameters)
    : scheme.name.startsWith('aws') && !scheme.name.startsWith('aws-of-')
      ? ['region', 'service']
      : []
  return fc.record({
    request: fc.record({
      method: fc.constantFrom('GET', 'POST', 'put', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'),
      url,
      body,
      headers: headersFor(scheme),
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
  it.each([...SCHEMES, ...OWN].map(scheme => [scheme.name, scheme] as const))(
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
          expect(['ok', ...ONLY, ...forOthers(scheme)]).toContain(verdict)
        }),
        { seed: SEED, numRuns: RUNS * (scheme.keys === 'key-pair' ? 300 : tries(OWN.includes(scheme) ? 600 : 1500)) },
      )
      // Some schemes take few calls; a tenth of what the rarest of them signs would still show that nothing is signed.
      expect(signed).toBeGreaterThan(2)
    },
  )
})

/**
 * Declarations that make it hard for a reader: values beside each other, separators that values hold, filters anywhere.
 */
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
function ownCases({ hasPassphrase, keyId: carries, parameters }: DeclaredScheme): fc.Arbitrary<Case> {
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
    credentials: fc
      .tuple(awkward, awkward)
      .map(([keyId, passphrase]) => ({ secret, ...(carries === 'none' ? {} : { keyId }), ...(hasPassphrase ? { passphrase } : {}) })),
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
      { seed: SEED, numRuns: RUNS * tries(4000) },
    )
    expect([defined > tries(500), signed > tries(200)], `${defined} defined, ${signed} signed`).toEqual([true, true])
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
