import { Sha256 } from '@aws-crypto/sha256-js'
import { SignatureV4 } from '@smithy/signature-v4'
import { createSigner, createVerifier, memoryKeys, type VerifierOptions } from 'countersign'
import { sigV4 } from 'countersign/sigv4'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { baseCall, placeCall } from '../packages/countersign/src/base-call.ts'
import { crypto } from '../packages/countersign/src/crypto/node.ts'
import { combineLines } from '../packages/countersign/src/header-lines.ts'
import { createDerivedSigner } from '../packages/countersign/src/keys/derive.ts'
import { percentEncode } from '../packages/countersign/src/percent.ts'
import { fillHashes } from '../packages/countersign/src/recipe/fill-hashes.ts'
import type { Loss } from '../packages/countersign/src/recipe/loss.ts'
import { compileForms, DERIVATION_TEXTS } from '../packages/countersign/src/sigv4/recipe.ts'
import suite from './aws-sigv4.json' with { type: 'json' }

const ORIGIN = 'https://example.amazonaws.com'
const scheme = sigV4({ service: suite.service, region: suite.region })
const scope = { day: '20150830', region: suite.region, service: suite.service }
const made = compileForms('literal')({ isS3: false, inQuery: false, payload: 'hashed' }).made
const derived = createDerivedSigner('AWS4', Buffer.from(suite.secret), 'sha256', 'hex', crypto)
const TIMESTAMP = '20150830T123600Z'
const NOW = Date.parse('2015-08-30T12:36:00Z')

/**
 * The suite has requests that no URL can make: text that is not percent-encoded. Those are for the canonical form
 * alone.
 */
const isUrl = (target: string): boolean => /^[!-~]*$/.test(target)

/** Requests of the suite that are signed like others, so that a verifier takes them only where it is told to. */
const LOST: { readonly [name: string]: readonly Loss[] } = {
  'get-vanilla-query-order-key': ['equal-names'],
  'get-vanilla-query-order-value': ['equal-names'],
  'get-relative-normalized': ['dot-segments'],
  'get-relative-relative-normalized': ['dot-segments'],
  'get-slash-normalized': ['double-slashes'],
  'get-slash-dot-slash-normalized': ['dot-segments'],
  'get-slash-pointless-dot-normalized': ['dot-segments'],
  'get-slashes-normalized': ['double-slashes'],
}

describe('the aws-sig-v4-test-suite', () => {
  it.each(suite.vectors)(
    '$name: the canonical request is signed alike',
    async ({ method, target, headers, body, signedHeaders, signature }) => {
      const lines = headers.map(([name = '', value = '']) => [name, value] as const)
      const call = baseCall(method, signedHeaders.split(';'), scope, name => combineLines(lines, name, ','), undefined)
      call.timestamp = TIMESTAMP
      call.body = body ?? undefined
      placeCall(call, ORIGIN, target)
      await fillHashes(crypto, made.hashes, call)
      expect(await derived.sign(made.write(call), { chain: DERIVATION_TEXTS, call })).toBe(signature)
    },
  )

  const sendable = suite.vectors.filter(({ target }) => isUrl(target))

  it.each(sendable.filter(({ headers }) => new Set(headers.map(([name]) => name)).size === headers.length))(
    '$name: the signer gives the published header',
    async ({ method, target, headers, body, signedHeaders, signature, ...more }) => {
      const token = 'token' in more ? more.token : undefined
      const signer = createSigner(scheme, { keyId: suite.keyId, secret: suite.secret, sessionToken: token }, { clock: () => NOW })
      const own = headers.filter(([name = '']) => !/^(Host|X-Amz-.*)$/.test(name))
      const signed = signer.sign({ method, url: ORIGIN + target, body, headers: Object.fromEntries(own) })
      expect(signed.headers['authorization']).toBe(
        `AWS4-HMAC-SHA256 Credential=${suite.keyId}/20150830/us-east-1/service/aws4_request, SignedHeaders=${signedHeaders}, Signature=${signature}`,
      )
    },
  )

  it.each(sendable)(
    '$name: the verifier accepts it, or its loss by name, and nothing that was changed',
    async ({ name, method, target, headers, body, signedHeaders, signature }) => {
      const token = headers.find(([header]) => header === 'X-Amz-Security-Token')?.[1]
      const verifierWith = (allow: VerifierOptions['allow'], passphrase = token) =>
        createVerifier(scheme, {
          origin: ORIGIN,
          keys: memoryKeys(scheme, [{ id: suite.keyId, secret: suite.secret, passphrase }]),
          clock: () => NOW,
          replay: 'off',
          allow,
        })
      const losses = LOST[name] ?? []
      const verifier = verifierWith(losses)
      const authorization = `AWS4-HMAC-SHA256 Credential=${suite.keyId}/20150830/us-east-1/service/aws4_request, SignedHeaders=${signedHeaders}, Signature=${signature}`
      const lines = [...headers, ['Authorization', authorization]] as [string, string][]
      const bytes = body === null ? undefined : Buffer.from(body)
      expect(await verifier.verify({ method, target, headers: lines, body: bytes })).toMatchObject({ ok: true })
      // A session's token goes with its key, and another does not.
      expect(
        await verifierWith(losses, token === undefined ? 'token' : 'other').verify({ method, target, headers: lines, body: bytes }),
      ).toMatchObject({
        failure: { code: 'bad-signature' },
      })
      if (losses.length > 0)
        expect(await verifierWith([]).verify({ method, target, headers: lines, body: bytes })).toMatchObject({
          failure: { code: 'ambiguous-request', loss: losses[0] },
        })
      expect(
        await verifier.verify({ method, target: `${target}${target.includes('?') ? '&' : '?'}x=`, headers: lines, body: bytes }),
      ).toMatchObject({ failure: { code: 'bad-signature' } })
      expect(await verifier.verify({ method: 'PUT', target, headers: lines, body: Buffer.from('{}') })).toMatchObject({
        failure: { code: 'bad-signature' },
      })
      expect(await verifier.verify({ method, target, headers: [...lines, ['X-Amz-Meta', '1']], body: bytes })).toMatchObject({
        failure: { code: 'insufficient-coverage' },
      })
    },
  )
})

describe('the examples of S3', () => {
  const s3 = sigV4({ service: 's3', region: 'us-east-1' })
  const credentials = { keyId: suite.s3.keyId, secret: suite.s3.secret }

  it.each(suite.s3.vectors)('$name', ({ method, target, headers, body, signature }) => {
    const signed = createSigner(s3, credentials).sign({
      method,
      url: `https://examplebucket.s3.amazonaws.com${target}`,
      headers: Object.fromEntries(headers as [string, string][]),
      body,
      timestamp: suite.s3.timestamp,
    })
    expect(signed.headers['authorization']).toMatch(new RegExp(`Signature=${signature}$`))
  })

  it('a presigned URL', async () => {
    const { url, timestamp, expires, signature } = suite.presigned
    const presign = sigV4({ in: 'query', service: 's3', region: 'us-east-1' })
    const signed = createSigner(presign, credentials, { parameters: { expires } }).sign({ method: 'GET', url, timestamp })
    expect(signed.url).toMatch(new RegExp(`&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=${signature}$`))
    const at = (iso: string) =>
      createVerifier(s3, {
        origin: 'https://examplebucket.s3.amazonaws.com',
        keys: memoryKeys(s3, [{ id: credentials.keyId, secret: credentials.secret }]),
        clock: () => Date.parse(iso),
      })
    const request = { method: 'GET', target: signed.url.slice('https://examplebucket.s3.amazonaws.com'.length), headers: {} }
    expect(await at('2013-05-24T23:00:00Z').verify(request)).toMatchObject({ ok: true })
    expect(await at('2013-05-25T00:00:00Z').verify(request)).toMatchObject({ failure: { code: 'timestamp-out-of-window' } })
    expect(await at('2013-05-24T00:00:01Z').verify({ ...request, target: request.target.replace('86400', '86401') })).toMatchObject({
      failure: { code: 'bad-signature' },
    })
  })
})

describe('against @smithy/signature-v4', () => {
  const text = fc.string({ unit: fc.constantFrom(...'abcXYZ019-._~!$()*+,;:@ /&=%üé€'), maxLength: 8 })
  const pairs = fc.dictionary(fc.string({ unit: fc.constantFrom(...'abcXYZ09-'), minLength: 1, maxLength: 5 }), text, { maxKeys: 4 })

  it.each(['service', 's3'])('any request to %s is signed alike', async service => {
    const ours = createSigner(
      sigV4({ service, region: 'eu-west-1' }),
      { keyId: 'K', secret: 'x'.repeat(40), sessionToken: 'tok' },
      { clock: () => NOW },
    )
    const isS3 = service === 's3'
    const theirs = new SignatureV4({
      credentials: { accessKeyId: 'K', secretAccessKey: 'x'.repeat(40), sessionToken: 'tok' },
      region: 'eu-west-1',
      service,
      sha256: Sha256,
      uriEscapePath: !isS3,
      applyChecksum: isS3,
    })
    const segment = fc.string({ unit: fc.constantFrom(...'abcXYZ019-._~ üé€()'), maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('GET', 'POST', 'PUT', 'DELETE'),
        fc.array(segment, { maxLength: 4 }),
        pairs,
        fc.option(text),
        async (method, segments, query, body) => {
          // A wire path: encoded once. Dot segments are the suite's business, and smithy leaves S3's alone.
          const path = `/${segments
            .filter(part => !/^\.+$/.test(part))
            .map(percentEncode)
            .join('/')}`
          const search = Object.entries(query)
            .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
            .join('&')
          const content = method === 'GET' ? undefined : (body ?? undefined)
          const mine = ours.sign({
            method,
            url: `https://h.example${path}${search === '' ? '' : `?${search}`}`,
            body: content,
            headers: { 'x-test': ' a  b ' },
          })
          const signed = await theirs.sign(
            {
              method,
              protocol: 'https:',
              hostname: 'h.example',
              path,
              query,
              headers: { host: 'h.example', 'x-test': ' a  b ' },
              ...(content === undefined ? {} : { body: content }),
            },
            { signingDate: new Date(NOW) },
          )
          expect(mine.headers['authorization']).toBe(signed.headers['authorization'])
        },
      ),
      { seed: 14, numRuns: 300 },
    )
  })
})
