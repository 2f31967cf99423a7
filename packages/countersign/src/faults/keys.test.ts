import { generateKeyPairSync, type KeyPairKeyObjectResult } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { draftSignatures } from '../bases/draft-signatures/index.ts'
import { httpMessageSignatures } from '../bases/http-signatures/index.ts'
import { sigV4 } from '../bases/sigv4/index.ts'
import { crypto as node } from '../crypto/node.ts'
import {
  type Algorithm,
  CountersignError,
  createKey,
  createSigner,
  createVerifier,
  defineScheme,
  type KeyDescription,
  memoryKeys,
  type Scheme,
  type SchemeDeclaration,
} from '../index.ts'
import type { SchemeTypes } from '../scheme/scheme-types.ts'
import * as shipped from '../schemes/index.ts'
import { NOW, ORIGIN, secret } from './scene.ts'

const inPem = ({ publicKey, privateKey }: KeyPairKeyObjectResult) => ({
  publicKey: String(publicKey.export({ type: 'spki', format: 'pem' })),
  privateKey: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
})
const rsa = inPem(generateKeyPairSync('rsa', { modulusLength: 2048 }))
const shortRsa = inPem(generateKeyPairSync('rsa', { modulusLength: 1024 }))
const p256 = inPem(generateKeyPairSync('ec', { namedCurve: 'P-256' }))
const p384 = inPem(generateKeyPairSync('ec', { namedCurve: 'P-384' }))
const ed25519 = inPem(generateKeyPairSync('ed25519'))

const pemOf = (der: Buffer): string => `-----BEGIN PUBLIC KEY-----\n${der.toString('base64')}\n-----END PUBLIC KEY-----\n`

/** With another last byte, so that the point is no longer on its curve. */
function offTheCurve(key: string): string {
  const der = Buffer.from(key.replace(/-----[A-Z ]+-----|\s/g, ''), 'base64')
  der[der.length - 1] = (der.at(-1) ?? 0) ^ 1
  return pemOf(der)
}

const declared = (algorithm: Algorithm): Scheme =>
  defineScheme({
    name: `declared-${algorithm.replaceAll('_', '-')}`,
    title: 'Declared',
    algorithm,
    timestamp: { formats: ['seconds'] },
    message: '{timestamp}\n{method}\n{target}\n{body|sha256|hex}',
    signature: { encoding: 'base64' },
    headers: { 'x-key': '{keyId}', 'x-time': '{timestamp}', 'x-signature': '{signature}' },
  })

const rfc = httpMessageSignatures()
const draft = draftSignatures()
const takeKeyPairs: readonly { name: string; scheme: Scheme }[] = [
  { name: 'RFC 9421', scheme: rfc },
  { name: 'draft 12', scheme: draft },
  { name: 'qredo-partner', scheme: shipped.qredoPartner },
  { name: 'a declared scheme', scheme: declared('ecdsa-p256-sha256') },
]

describe.each(takeKeyPairs)('a public key for $name', ({ scheme }) => {
  it.each([
    ['text that is none', 'hunter2'],
    ['an empty text', ''],
    ['a certificate', rsa.publicKey.replaceAll('PUBLIC KEY', 'CERTIFICATE')],
    ['a private key', rsa.privateKey],
    ['a PEM that holds rubbish', pemOf(Buffer.alloc(80, 7))],
    ['a PEM that holds nothing', pemOf(Buffer.alloc(0))],
    ['a PEM that was cut off', rsa.publicKey.slice(0, 200)],
    ['a point that is not on P-256', offTheCurve(p256.publicKey)],
    ['a point that is not on P-384', offTheCurve(p384.publicKey)],
  ])('is refused when the key is made: %s', (_what, publicKey) => {
    expect(() => createKey(scheme, { id: 'k', publicKey })).toThrow(expect.objectContaining({ code: 'public-key-malformed' }))
  })
})

describe('an RSA key of 1024 bits', () => {
  it.each([
    ['RFC 9421', rfc],
    ['draft 12', draft],
    ['qredo-partner', shipped.qredoPartner],
  ])('is refused when the key is made, for %s', (_name, scheme) => {
    expect(() => createKey(scheme, { id: 'k', publicKey: shortRsa.publicKey })).toThrow(CountersignError)
  })
})

describe('an algorithm', () => {
  it.each<[string, Scheme, Partial<KeyDescription>]>([
    ['unknown, with a secret', rfc, { secret, algorithm: 'hmac-md5' as Algorithm }],
    ['unknown, with a public key', rfc, { publicKey: rsa.publicKey, algorithm: 'rsa-v1_5-md5' as Algorithm }],
    ['unknown, with a secret, in draft 12', draft, { secret, algorithm: 'hmac-md5' as Algorithm }],
    ['unknown, with a public key, in draft 12', draft, { publicKey: rsa.publicKey, algorithm: 'rsa-md5' as Algorithm }],
    ['unknown, in a declared scheme', shipped.qredoV1, { secret, algorithm: 'hmac-md5' as Algorithm }],
    ['for HMAC, with a public key', rfc, { publicKey: ed25519.publicKey, algorithm: 'hmac-sha256' }],
    ['for key pairs, with a secret', rfc, { secret, algorithm: 'ed25519' }],
    ['for Ed25519, with a key on P-256', rfc, { publicKey: p256.publicKey, algorithm: 'ed25519' }],
    ['for P-256, with a key on P-384', rfc, { publicKey: p384.publicKey, algorithm: 'ecdsa-p256-sha256' }],
    ['for RSA, with a key on P-256', draft, { publicKey: p256.publicKey, algorithm: 'rsa-v1_5-sha256' }],
    ['for Ed25519, with an RSA key', draft, { publicKey: rsa.publicKey, algorithm: 'ed25519' }],
    ['other than that of a declared scheme', shipped.qredoV1, { secret, algorithm: 'hmac-sha512' }],
    ['for key pairs, in a declared scheme with secrets', shipped.qredoV1, { secret, algorithm: 'ed25519' }],
    ['other than that of qredo-partner', shipped.qredoPartner, { publicKey: rsa.publicKey, algorithm: 'rsa-pss-sha512' }],
    ['other than that of SigV4', sigV4(), { secret, algorithm: 'hmac-sha512' }],
    ['left out, with an Ed25519 key for qredo-partner', shipped.qredoPartner, { publicKey: ed25519.publicKey }],
    ['left out, with a key on P-384 for a scheme of P-256', declared('ecdsa-p256-sha256'), { publicKey: p384.publicKey }],
    ['left out, with an RSA key for a scheme of Ed25519', declared('ed25519'), { publicKey: rsa.publicKey }],
  ])('that does not fit is refused when the key is made: %s', (_what, scheme, description) => {
    expect(() => createKey(scheme, { id: 'k', ...description })).toThrow(CountersignError)
  })

  it.each<[string, Scheme, Partial<KeyDescription>]>([
    ['Ed25519', rfc, { publicKey: ed25519.publicKey, algorithm: 'ed25519' }],
    ['PSS', rfc, { publicKey: rsa.publicKey, algorithm: 'rsa-pss-sha512' }],
    ['P-384, not named', draft, { publicKey: p384.publicKey }],
    ['HMAC', rfc, { secret, algorithm: 'hmac-sha256' }],
    ['what the declaration says', shipped.qredoV1, { secret, algorithm: 'hmac-sha256' }],
  ])('that fits is taken: %s', (_what, scheme, description) => {
    expect(() => createKey(scheme, { id: 'k', ...description })).not.toThrow()
  })

  const signer = (scheme: Scheme, credentials: { privateKey?: string; secret?: string }, algorithm: string) => (): void =>
    void createSigner(scheme, { keyId: 'k', ...credentials, algorithm: algorithm as Algorithm })

  it.each([
    ['unknown, in RFC 9421', signer(rfc, { privateKey: rsa.privateKey }, 'rsa-v1_5-md5')],
    ['unknown, in draft 12', signer(draft, { privateKey: rsa.privateKey }, 'rsa-md5')],
    ['half a name, in RFC 9421', signer(rfc, { privateKey: rsa.privateKey }, 'rsa')],
    ['unknown, in qredo-partner', signer(shipped.qredoPartner, { privateKey: rsa.privateKey }, 'rsa-md5')],
    ['unknown, in a declared scheme', signer(shipped.qredoV1, { secret }, 'hmac-md5')],
    ['other than that of a declared scheme', signer(shipped.qredoV1, { secret }, 'hmac-sha512')],
    ['other than that of SigV4', signer(sigV4(), { secret }, 'hmac-sha512')],
  ])("that a signer can't use is refused when the signer is made: %s", (_what, make) => {
    expect(make).toThrow(CountersignError)
  })

  it.each([
    ['unknown, with a secret, in RFC 9421', signer(rfc, { secret }, 'hmac-md5')],
    ['unknown, with a secret, in draft 12', signer(draft, { secret }, 'hmac-md5')],
    ['for another key', signer(rfc, { privateKey: ed25519.privateKey }, 'rsa-pss-sha512')],
    ['for HMAC, with a private key', signer(rfc, { privateKey: rsa.privateKey }, 'hmac-sha256')],
  ])('is refused when the signer is made: %s', (_what, make) => {
    expect(make).toThrow(CountersignError)
  })
})

describe('two texts', () => {
  it.each([
    ['Ł', 'A'],
    ['Łbc', 'Abc'],
    ['a\u{1f600}', 'a=\u0000'],
  ])('that differ only above a byte are not equal on Node: %j and %j', (a, b) => {
    expect([node.equal(a, b), node.equal(b, a)]).toEqual([false, false])
  })
})

const good: SchemeDeclaration = {
  name: 'good',
  title: 'Good',
  algorithm: 'hmac-sha256',
  secret: { encoding: 'base64', prefix: 'k_' },
  timestamp: { formats: ['seconds'], meaning: 'issued' },
  nonce: { formats: ['uuid'] },
  message: ['{timestamp}\n{nonce}\n{window}\n', { hash: 'sha256', encoding: 'hex', of: '{body}' }],
  signature: { encoding: 'hex' },
  headers: {
    'x-key': '{keyId}',
    'x-signature': { prefix: 'S ', separator: ',', items: ['t={timestamp}', 'n={nonce}', 'w={window}', 's={signature}'] },
  },
  parameters: { window: { characters: 'digits', default: '5000' } },
}

/** A declaration with a member more, somewhere in it. */
function withMember(path: readonly (string | number)[]): SchemeDeclaration {
  const changed = structuredClone(good)
  let at = changed as unknown as Record<string | number, unknown>
  for (const step of path) at = at[step] as Record<string | number, unknown>
  at['perfix'] = 'x'
  return changed
}

describe('a declaration', () => {
  it('with known members is taken', () => {
    expect(() => defineScheme(good)).not.toThrow()
    expect(() => defineScheme(withMember([]))).toThrow(expect.objectContaining({ code: 'scheme-invalid' }))
  })

  it.each([
    [['secret']],
    [['timestamp']],
    [['nonce']],
    [['signature']],
    [['headers', 'x-signature']],
    [['parameters', 'window']],
    [['message', 1]],
  ])('with an unknown member in %j is refused, and the member is named', path => {
    const declaration = withMember(path)
    expect(() => defineScheme(declaration)).toThrow(
      expect.objectContaining({ code: 'scheme-invalid', message: expect.stringContaining('perfix') }),
    )
  })
})

describe('a verifier of SigV4 that names a region and a service', () => {
  const place = { region: 'eu-west-1', service: 'execute-api' }

  it.each(['header', 'query'] as const)('takes no others (signed in the %s)', async way => {
    const codes: string[] = []
    for (const scope of [place, { ...place, region: 'us-east-1' }, { ...place, service: 's3' }, { region: 'us-east-1', service: 's3' }]) {
      const signer = createSigner(sigV4({ in: way, ...scope }), { keyId: 'k', secret }, { clock: () => NOW })
      const { url, headers } = signer.sign({ method: 'GET', url: `${ORIGIN}/x` })
      const scheme = sigV4({ in: way, ...place })
      const { verify } = createVerifier(scheme, { origin: ORIGIN, keys: memoryKeys(scheme, [{ id: 'k', secret }]), clock: () => NOW })
      const result = await verify({ method: 'GET', target: url.slice(ORIGIN.length), headers: { host: 'api.example.com', ...headers } })
      codes.push(result.ok ? 'accepted' : 'refused')
    }
    expect(codes).toEqual(['accepted', 'refused', 'refused', 'refused'])
  })
})

describe('a key is not made of what would be dropped or be taken for something else', () => {
  const secret = Buffer.alloc(40, 5)

  it.each<[string, object]>([
    ['a secret and secrets', { secret, secrets: [secret] }],
    ['a secret and a public key', { secret, publicKey: 'x' }],
    ['a state with a capital', { secret, state: 'Revoked' }],
    ['an end that is not a number', { secret, expiresAtMs: Number.NaN }],
  ])('%s', (_what, description) => {
    expect(() => createKey(shipped.rfc9421, { id: 'k', ...description })).toThrow(expect.objectContaining({ code: 'option-invalid' }))
  })
})

describe('a key without a passphrase', () => {
  it('takes none: neither a made-up one of OKX nor a session token of SigV4', async () => {
    const secret = Buffer.alloc(40, 5)
    const now = 1_764_000_000_000
    const origin = 'https://api.example.com'
    for (const [scheme, credentials, parameters] of [
      [shipped.okx, { passphrase: 'made up' }, {}],
      [shipped.awsSigV4, { sessionToken: 'made-up' }, { region: 'eu-west-1', service: 'execute-api' }],
    ] as const) {
      // Of a scheme without passphrases, as a source for several schemes may give it.
      const key = createKey(shipped.github, { id: 'k', secret })
      const { verify } = createVerifier(scheme, { origin, keys: { find: () => key }, clock: () => now })
      const signed = createSigner<SchemeTypes>(scheme, { keyId: 'k', secret, ...credentials }, { clock: () => now, parameters }).sign({
        method: 'POST',
        url: `${origin}/x`,
        body: '{}',
      })
      expect(await verify({ method: 'POST', target: '/x', headers: signed.headers, body: signed.body })).toMatchObject({
        failure: { code: 'bad-signature' },
      })
    }
  })
})

describe('a public key in the place of a secret', () => {
  const kinds: readonly (readonly [string, KeyPairKeyObjectResult])[] = [
    ['RSA', generateKeyPairSync('rsa', { modulusLength: 2048 })],
    ['RSA of 4096 bits', generateKeyPairSync('rsa', { modulusLength: 4096 })],
    ['Ed25519', generateKeyPairSync('ed25519')],
    ...(['P-256', 'P-384', 'P-521'] as const).map(namedCurve => [namedCurve, generateKeyPairSync('ec', { namedCurve })] as const),
  ]
  const dresses: { readonly [name: string]: (pair: KeyPairKeyObjectResult) => string | Uint8Array | undefined } = {
    PEM: ({ publicKey }) => String(publicKey.export({ type: 'spki', format: 'pem' })),
    'PEM behind a comment': ({ publicKey }) => `# alice\n${String(publicKey.export({ type: 'spki', format: 'pem' }))}`,
    'PEM in quotes with escaped newlines': ({ publicKey }) => JSON.stringify(publicKey.export({ type: 'spki', format: 'pem' })),
    'SPKI in base64': ({ publicKey }) => publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
    'SPKI in lines of base64': ({ publicKey }) =>
      publicKey
        .export({ type: 'spki', format: 'der' })
        .toString('base64')
        .replace(/.{64}(?=.)/g, '$&\n'),
    SPKI: ({ publicKey }) => new Uint8Array(publicKey.export({ type: 'spki', format: 'der' })),
    'PKCS#1': ({ publicKey }) =>
      publicKey.asymmetricKeyType === 'rsa' ? new Uint8Array(publicKey.export({ type: 'pkcs1', format: 'der' })) : undefined,
    JWK: ({ publicKey }) => JSON.stringify(publicKey.export({ format: 'jwk' })),
    'JWK, written wide': ({ publicKey }) => JSON.stringify(publicKey.export({ format: 'jwk' }), undefined, 2),
    SSH2: () => `---- BEGIN SSH2 PUBLIC KEY ----\n${'AAAA'.repeat(12)}`,
    'a line of SSH': () => `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${'A'.repeat(43)} alice@example`,
    'SSH in base64': () => `AAAAC3NzaC1lZDI1NTE5AAAAI${'A'.repeat(43)}`,
  }
  const schemes: readonly Scheme[] = [shipped.rfc9421, shipped.httpSignaturesDraft12, shipped.qredoV1, shipped.github, shipped.awsSigV4]

  it.each(Object.entries(dresses))('is refused where a key is made, and by signers that take either: %s', (_name, dress) => {
    for (const [kind, pair] of kinds) {
      const given = dress(pair)
      if (given === undefined) continue
      for (const scheme of schemes) {
        expect(() => createKey(scheme, { id: 'k', secret: given }), `${scheme.name}, ${kind}`).toThrow(CountersignError)
        if (scheme.base === undefined) continue
        expect(() => createSigner<SchemeTypes>(scheme, { keyId: 'k', secret: given }), `${scheme.name}, ${kind}`).toThrow(CountersignError)
      }
    }
  })

  it('is not seen in any secret that is random or a phrase', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 300 }), bytes => {
        expect(() => createKey(shipped.rfc9421, { id: 'k', secret: bytes })).not.toThrow()
        expect(() => createKey(shipped.httpSignaturesDraft12, { id: 'k', secret: Buffer.from(bytes).toString('base64') })).not.toThrow()
        expect(() => createKey(shipped.httpSignaturesDraft12, { id: 'k', secret: Buffer.from(bytes).toString('hex') })).not.toThrow()
      }),
      { seed: 13, numRuns: 2000 },
    )
  })
})
