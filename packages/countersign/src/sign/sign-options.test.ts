import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { draftSignatures } from '../bases/draft-signatures/scheme.ts'
import { httpMessageSignatures, signMessage } from '../bases/http-signatures/index.ts'
import { sigV4 } from '../bases/sigv4/scheme.ts'
import { CountersignError } from '../contract/error.ts'
import { defineScheme } from '../define/define.ts'
import { credentialsFor, NOW, place, secretBytes } from '../faults/scene.ts'
import { createKey, type KeyDescription } from '../keys/key.ts'
import type { Credentials } from '../scheme/credentials.ts'
import type { Scheme } from '../scheme/scheme.ts'
import type { SchemeTypes } from '../scheme/scheme-types.ts'
import { SCHEMES, schemeNamed } from '../schemes/index.ts'
import { createSigner, type SignableRequest, type SignerOptions } from './sign.ts'

const pair = generateKeyPairSync('ed25519', {
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
})
const rsaKey = String(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }))
const ALL: readonly Scheme[] = [
  ...SCHEMES,
  httpMessageSignatures({ parameters: ['created', 'keyid'] }),
  draftSignatures({ carrier: 'kong' }),
]
const request: SignableRequest = { method: 'POST', url: 'https://sqs.eu-west-1.amazonaws.com/' }

/** The code with which something is refused; `taken` where it is not. */
function refusal(act: () => unknown): unknown {
  try {
    act()
  } catch (error) {
    return error instanceof CountersignError ? error.code : error
  }
  return 'taken'
}

const signing = (
  scheme: Scheme,
  options: SignerOptions = {},
  more: Partial<SignableRequest> = {},
  credentials: Partial<Credentials> = {},
) =>
  refusal(() =>
    createSigner(scheme, { ...credentialsFor(scheme, rsaKey), ...credentials }, { clock: () => NOW, ...options }).sign({
      ...request,
      ...more,
    }),
  )

const hasNonce = ({ name, base }: Scheme): boolean => base?.takes.nonce ?? ['kraken', 'qredo-partner'].includes(name)

describe.each(ALL.map(scheme => [scheme.name, scheme] as const))('A signer of %s', (name, scheme) => {
  it('refuses a parameter that the scheme does not have', () => {
    for (const parameter of ['zzz', 'regoin', '__proto__', 'constructor'])
      expect(signing(scheme, { parameters: Object.fromEntries([[parameter, 'a']]) }), parameter).toBe('option-invalid')
  })

  it("refuses a timestamp format that it can't be told to write", () => {
    for (const timestamp of ['rfc-850', ...(scheme.base === undefined ? [] : ['nanoseconds', 'seconds', 'http-date'])])
      expect(signing(scheme, { timestamp: timestamp as 'seconds' }), timestamp).toBe('timestamp-invalid')
  })

  it('lets no misspelled allowance allow a thing, and names the right one', () => {
    for (const allow of ['body-on-gte', 'dot-segment', 'toString']) {
      const options = { allow: [allow as 'body-on-get'] }
      if (scheme.base !== undefined) expect(signing(scheme, options), allow).toBe('option-invalid')
      else
        expect(signing(scheme, options, { method: 'GET', body: scheme.name === 'kraken' ? 'a=1' : '{}' }), allow).toBe('body-not-signable')
    }
    expect(signing(scheme, { allow: ['body-on-get', 'dot-segments'] })).toBe(signing(scheme))
  })

  it('refuses a nonce where no call carries one', () => {
    expect(signing(scheme, {}, { nonce: 'n' }) === 'nonce-invalid', name).toBe(!hasNonce(scheme))
  })

  it('refuses a clock that is not one of milliseconds since the epoch', () => {
    for (const time of [Number.NaN, Number.POSITIVE_INFINITY, -1, 0, NOW / 1000, NOW * 1000, undefined as unknown as number])
      expect(signing(scheme, { clock: () => time }), String(time)).toBe(readsClock(scheme) ? 'option-invalid' : 'taken')
  })

  it('refuses a path and query that are longer than a verifier takes, unless it is told so', () => {
    const url = `https://sqs.eu-west-1.amazonaws.com/${'a'.repeat(8192)}`
    const allow = ['ambiguous-request'] as const
    expect(signing(scheme, { allow }, { url })).toBe('url-not-signable')
    expect(signing(scheme, { allow, maxTargetLength: 20_000 }, { url })).toBe(signing(scheme, { allow }))
  })

  it('refuses credentials that it has no use for', () => {
    const own = credentialsFor(scheme, rsaKey)
    const others: Credentials = { keyId: 'k', secret: secretBytes, privateKey: pair.privateKey, passphrase: 'p', sessionToken: 't' }
    for (const [member, value] of Object.entries(others)) {
      if (member in own || takes(scheme, member)) continue
      expect(signing(scheme, {}, {}, { [member]: value }), member).toBe('option-invalid')
    }
    expect(signing(scheme, {}, {}, { keyID: 'k' } as Credentials)).toBe('option-invalid')
    expect(signing(scheme, {}, {}, { algorithm: 'hmac-md5' as 'hmac-sha1' })).toBe('option-invalid')
  })

  // A scheme of key pairs has no secret.
  const itWithSecret = scheme.keys === 'key-pair' ? () => undefined : it
  itWithSecret('refuses a key in PEM as a secret, as the verifier does', () => {
    for (const pem of [pair.publicKey, pair.privateKey, `\n ${pair.publicKey}`, pair.publicKey.trim()])
      for (const secret of [pem, Buffer.from(pem)]) {
        expect(signing(scheme, {}, {}, { secret })).toBe('secret-malformed')
        expect(refusal(() => createKey(scheme, { id: 'k', ...keyOf(scheme), secret }))).toBe('secret-malformed')
      }
  })

  it('has a key that refuses what it has no use for', () => {
    const own = keyOf(scheme)
    if (scheme.keys === 'secret') expect(keyRefusal(scheme, { publicKey: pair.publicKey })).toBe('option-invalid')
    if (own.passphrase === undefined)
      expect(keyRefusal(scheme, { passphrase: 'p' })).toBe(scheme.base?.takes.sessionToken === true ? 'taken' : 'option-invalid')
    expect(keyRefusal(scheme, { expiresAtMs: new Date(2030, 1) as unknown as number })).toBe('option-invalid')
    expect(keyRefusal(scheme, { expiresAtMs: '2030' as unknown as number })).toBe('option-invalid')
    expect(keyRefusal(scheme, { expiresAtMs: Number.NaN })).toBe('option-invalid')
    expect(keyRefusal(scheme, { permissions: 'read' as unknown as string[] })).toBe('option-invalid')
  })
})

function keyOf(scheme: Scheme): Partial<KeyDescription> {
  const { passphrase } = credentialsFor(scheme, rsaKey)
  return { ...(scheme.keys === 'key-pair' ? {} : { secret: secretBytes }), ...(passphrase === undefined ? {} : { passphrase }) }
}

const keyRefusal = (scheme: Scheme, description: Partial<KeyDescription>): unknown =>
  refusal(() => createKey(scheme, { id: 'k', ...keyOf(scheme), ...description }))

/** Whether its calls have a time that the clock says. */
function readsClock({ name }: Scheme): boolean {
  return !['github', 'shopify'].includes(name)
}

/** What a scheme takes and the usual credentials leave out. */
function takes(scheme: Scheme, member: string): boolean {
  return member === 'sessionToken' && scheme.base?.takes.sessionToken === true
}

describe('A service and a region', () => {
  const credentials = { keyId: 'k', secret: secretBytes }
  const sign = (options: object, parameters: Record<string, string>): unknown =>
    refusal(() => createSigner(sigV4(options), credentials, { parameters }).sign({ method: 'GET', url: 'https://a.example/' }))

  it('that the scheme says are no other by a parameter', () => {
    expect(sign(place, { region: 'us-east-1' })).toBe('option-invalid')
    expect(sign(place, { service: 's3' })).toBe('option-invalid')
    expect(sign(place, { ...place })).toBe('taken')
    expect(sign({}, { ...place })).toBe('taken')
  })

  it('go without an end, unless that travels', () => {
    expect(sign(place, { expires: '60' })).toBe('option-invalid')
    expect(sign({ ...place, in: 'query' }, { expires: '60' })).toBe('taken')
  })
})

describe('A header that is signed', () => {
  const schemes: readonly Scheme[] = [
    defineScheme({
      name: 'of-a-header',
      title: 'Of a header',
      algorithm: 'hmac-sha256',
      message: '{method}\n{target}\n{header.x-a}\n{body}',
      signature: { encoding: 'hex' },
      headers: { 'x-key': '{keyId}', 'x-signature': '{signature}' },
    }),
    httpMessageSignatures({ components: ['@method', '@target-uri', 'x-a'] }),
    httpMessageSignatures({ components: ['@method', '@target-uri', '"x-a";bs'] }),
    draftSignatures({ headers: ['(request-target)', 'date', 'x-a'] }),
    sigV4(place),
    sigV4({ ...place, in: 'query' }),
  ]

  it.each(['a\nb', 'a\rb', 'a\r\nb', 'a\0b', '\u007f', '→', undefined as unknown as string, 5 as unknown as string])(
    'is refused by a signer of any scheme when no HTTP carries its value: %j',
    value => {
      for (const scheme of schemes)
        expect(signing(scheme, {}, { url: 'https://a.example/', headers: { 'X-A': value } }), scheme.name).toBe('option-invalid')
    },
  )

  it.each(['', '1', 'a\tb', 'é', '"', '%'])('is signed by all where HTTP carries it: %j', value => {
    for (const scheme of schemes)
      expect(signing(scheme, {}, { url: 'https://a.example/', headers: { 'x-a': value } }), scheme.name).toBe('taken')
  })

  it('is refused by signMessage for what createSigner refuses it for', () => {
    const key = { algorithm: 'hmac-sha256', secret: secretBytes } as const
    const sign = (identifier: string, value: string): unknown =>
      refusal(() => signMessage({ headers: [['x-a', value]] }, { label: 'a', components: [identifier], parameters: {}, key }))
    for (const identifier of ['x-a', '"x-a";bs', '"x-a";sf', '"x-a";key="a"']) {
      for (const value of ['a=1,\rb', 'a=1,\nb', 'a=1,\r\nb'])
        expect(sign(identifier, value), `${identifier} ${JSON.stringify(value)}`).toBe('option-invalid')
      expect(sign(identifier, 'a=1, b')).toBe('taken')
    }
    expect(
      refusal(() =>
        signMessage(
          { headers: [['x-a', '1']] },
          { label: 'a', components: ['x-a'], parameters: {}, key: { algorithm: 'hmac-sha256', secret: Buffer.from(pair.publicKey) } },
        ),
      ),
    ).toBe('secret-malformed')
  })
})

it('A secret beside a private key is refused where either will do', () => {
  for (const scheme of [schemeNamed('rfc9421') as Scheme, draftSignatures()])
    expect(refusal(() => createSigner<SchemeTypes>(scheme, { keyId: 'k', secret: secretBytes, privateKey: pair.privateKey }))).toBe(
      'option-invalid',
    )
})

it('A passphrase is no longer than the field that carries it', () => {
  for (const scheme of SCHEMES.filter(({ hasPassphrase, keys }) => hasPassphrase && keys === 'secret')) {
    const isSigned = scheme.name === 'kucoin'
    expect(signing(scheme, {}, {}, { passphrase: 'p'.repeat(1024) }), scheme.name).toBe('taken')
    expect(signing(scheme, {}, {}, { passphrase: 'p'.repeat(1025) }), scheme.name).toBe(isSigned ? 'taken' : 'credential-missing')
  }
})
