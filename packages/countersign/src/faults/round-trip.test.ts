import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { sigV4 } from '../bases/sigv4/index.ts'
import {
  createSigner,
  createVerifier,
  defineScheme,
  memoryKeys,
  type Scheme,
  type SchemeDeclaration,
  type SignableRequest,
  type VerifierOptions,
} from '../index.ts'
import * as shipped from '../schemes/index.ts'
import { codeOf, NOW, ORIGIN, passphrase, place, secret } from './scene.ts'

const pair = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
})

function verifierOf(scheme: Scheme, options: Partial<VerifierOptions> = {}, ownPassphrase = passphrase) {
  const key = scheme.keys === 'key-pair' ? { publicKey: pair.publicKey } : { secret }
  const keys = memoryKeys(scheme, [{ id: 'k', ...key, passphrase: scheme.hasPassphrase ? ownPassphrase : undefined }])
  const defaults: VerifierOptions = { origin: ORIGIN, keys, clock: () => NOW, ...(scheme.keyId === 'none' ? { keyId: 'k' } : {}) }
  return createVerifier(scheme, { ...defaults, ...options })
}

function signerOf(scheme: Scheme, ownPassphrase = passphrase) {
  const key = scheme.keys === 'key-pair' ? { privateKey: pair.privateKey } : { secret }
  const given = { keyId: scheme.keyId === 'none' ? undefined : 'k', ...key, passphrase: scheme.hasPassphrase ? ownPassphrase : undefined }
  return createSigner(scheme, given, { clock: () => NOW, ...(scheme.name.startsWith('aws') ? { parameters: place } : {}) })
}

/** What becomes of a request that is signed and sent as it was signed. */
async function outcomeOf(scheme: Scheme, request: SignableRequest, options: Partial<VerifierOptions> = {}, ownPassphrase?: string) {
  const { method, url, headers, body } = signerOf(scheme, ownPassphrase).sign(request)
  const { verify } = verifierOf(scheme, options, ownPassphrase)
  return codeOf(await verify({ method, target: url.slice(ORIGIN.length), headers: { host: 'api.example.com', ...headers }, body }))
}

const schemes = shipped.SCHEMES.map(scheme => ({ name: scheme.name, scheme }))
const sendsPost = { method: 'POST', body: 'a=1' } as const

describe('a URL with a character that no request line may hold', () => {
  it.each(schemes)('is refused by the signer of $name, which would sign what its verifier refuses', ({ scheme }) => {
    const { sign } = signerOf(scheme)
    expect(() => sign({ ...sendsPost, url: `${ORIGIN}/a?ids[]=1` })).toThrow(expect.objectContaining({ code: 'url-not-signable' }))
  })

  it.each(['[', ']', '{', '}', '|', '^', '`', '\\', '<', '>', '"'])('is refused by the signer: %s', bad => {
    const { sign } = signerOf(shipped.qredoV1)
    for (const url of [`${ORIGIN}/a${bad}b`, `${ORIGIN}/a?b=${bad}`])
      expect(() => sign({ method: 'GET', url })).toThrow(expect.objectContaining({ code: 'url-not-signable' }))
  })

  it.each(['#', ' ', 'ü', '\n'])('is refused by the signer: %j', bad => {
    const { sign } = signerOf(shipped.qredoV1)
    for (const url of [`${ORIGIN}/a${bad}b`, `${ORIGIN}/a?b=${bad}`])
      expect(() => sign({ method: 'GET', url })).toThrow(expect.objectContaining({ code: 'url-not-signable' }))
  })
})

describe('a passphrase', () => {
  const { okx, kucoin, coinbaseExchange } = shipped
  const request = { method: 'GET', url: `${ORIGIN}/api/v5/account/balance` }

  it.each([
    ['two words', 'okx', okx],
    ['two  spaces', 'okx', okx],
    ['a,b', 'okx', okx],
    ['two words', 'coinbase-exchange', coinbaseExchange],
    ['a, b', 'coinbase-exchange', coinbaseExchange],
  ])('of %j is accepted by %s', async (words, _name, scheme) => {
    expect(await outcomeOf(scheme, request, {}, words)).toBe('accepted')
  })

  it('is accepted by kucoin, where it travels signed', async () => {
    for (const words of ['two words', 'a,b', 'für']) expect(await outcomeOf(kucoin, request, {}, words)).toBe('accepted')
  })

  it.each([' before', 'behind ', 'a\nb', 'a\u0000b'])('that no header can carry is refused by the signer of okx: %j', words => {
    expect(() => signerOf(okx, words).sign(request)).toThrow(expect.objectContaining({ name: 'CountersignError' }))
  })
})

describe('a body that is no form, where the scheme carries its nonce in a form', () => {
  const json = '{"pair":"XBTUSD","volume":1}'
  const signing = (body: SignableRequest['body']) => (): unknown =>
    signerOf(shipped.kraken).sign({ method: 'POST', url: `${ORIGIN}/0/private/AddOrder`, body })

  it.each([
    ['JSON as text', json],
    ['JSON as bytes', Buffer.from(json)],
    ['a list', '[1,2]'],
    ['bytes that are no text', Uint8Array.of(0xff, 0xfe, 0)],
  ])('is refused by the signer of kraken: %s', (_what, body) => {
    expect(signing(body)).toThrow(expect.objectContaining({ code: 'body-not-signable' }))
  })

  it('is refused by the signer of kraken: JSON as a value', () => {
    expect(signing({ pair: 'XBTUSD' })).toThrow(expect.objectContaining({ code: 'body-not-signable' }))
  })

  it('is none when it is a form or empty', async () => {
    for (const body of ['pair=XBTUSD&volume=1', 'a=b%20c', '', undefined]) {
      const only = { only: { methods: ['POST'] } }
      expect(await outcomeOf(shipped.kraken, { method: 'POST', url: `${ORIGIN}/0/private/AddOrder`, body }, only)).toBe('accepted')
    }
  })
})

describe('a parameter of a declaration', () => {
  const withParameters = (
    parameters: NonNullable<SchemeDeclaration['parameters']>,
    more: Record<string, string> = {},
  ): SchemeDeclaration => ({
    name: 'versioned',
    title: 'Versioned',
    algorithm: 'hmac-sha256',
    timestamp: { formats: ['seconds'] },
    message: '{timestamp}\n{version}\n{method}\n{target}\n{body|sha256|hex}',
    signature: { encoding: 'hex' },
    headers: { 'x-key': '{keyId}', 'x-time': '{timestamp}', 'x-signature': '{signature}', ...more },
    parameters,
  })

  it.each([
    ['has a default', { version: { characters: 'digits', default: '2' } }],
    ['is made for every call', { version: { characters: 'token', generate: 'uuid' } }],
  ] as const)('is carried where it is signed: a scheme where it %s and is not carried is refused', (_what, parameters) => {
    const declaration: SchemeDeclaration = withParameters(parameters)
    expect(() => defineScheme(declaration)).toThrow(expect.objectContaining({ code: 'scheme-invalid' }))
  })

  it('is accepted where it is carried', async () => {
    const declaration = withParameters({ version: { characters: 'digits', default: '2' } }, { 'x-version': '{version}' })
    expect(await outcomeOf(defineScheme(declaration), { ...sendsPost, url: `${ORIGIN}/x` })).toBe('accepted')
  })
})

describe('an order at Binance, as its documentation has it,', () => {
  const url = `${ORIGIN}/api/v3/order`
  const only = { only: { methods: ['POST'], paths: ['/api/v3/order'] } }
  const what = 'symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC'
  const much = 'quantity=1&price=0.1&recvWindow=5000'

  it.each<[string, SignableRequest]>([
    ['in query and body', { method: 'POST', url: `${url}?${what}`, body: much }],
    ['all in the body', { method: 'POST', url, body: `${what}&${much}` }],
  ])('is accepted as our signer signs it: %s', async (_where, request) => {
    expect(await outcomeOf(shipped.binance, request, only)).toBe('accepted')
  })

  it('is accepted as our signer signs it: all in the query', async () => {
    expect(await outcomeOf(shipped.binance, { method: 'POST', url: `${url}?${what}&${much}` }, only)).toBe('accepted')
  })
})

describe('a plus in a query that SigV4 signs', () => {
  const v4 = sigV4(place)
  const sign = (target: string) => signerOf(v4).sign({ method: 'GET', url: ORIGIN + target })

  it('is signed as %2B', () => {
    expect(sign('/x?q=a+b').headers['authorization']).toBe(sign('/x?q=a%2Bb').headers['authorization'])
    expect(sign('/x?q=a+b').headers['authorization']).not.toBe(sign('/x?q=a%20b').headers['authorization'])
  })

  it('is sent as %2B, so that no server reads it as a space', () => {
    expect(sign('/x?q=a+b').url).toBe(`${ORIGIN}/x?q=a%2Bb`)
  })

  it('is sent as %2B in a presigned URL', () => {
    const { url } = signerOf(sigV4({ ...place, in: 'query' })).sign({ method: 'GET', url: `${ORIGIN}/x?q=a+b` })
    expect(url).toContain('/x?q=a%2Bb&')
  })

  it('is accepted as it was signed', async () => {
    expect(await outcomeOf(v4, { method: 'GET', url: `${ORIGIN}/x?q=a+b` })).toBe('accepted')
  })
})

describe('a list that is read behind the header of the signature', () => {
  it.each([
    [';', (items: string[]) => items],
    [',', (items: string[]) => items],
    [',', (items: string[]) => items.reverse()],
    [';', (items: string[]) => items.reverse()],
  ] as const)('leaves the signature as it is, with %j between its items', async (separator, order) => {
    const scheme = defineScheme({
      name: 'own',
      title: 'Own',
      algorithm: 'hmac-sha256',
      timestamp: { formats: ['milliseconds'] },
      message: '{timestamp}\n{method}\n{target}\n{body|sha256|hex}',
      signature: { encoding: 'hex' },
      headers: { 'x-sig': '{signature}', 'x-auth': { separator, items: ['k={keyId}', 't={timestamp}'] } },
    })
    const { headers } = signerOf(scheme).sign({ method: 'POST', url: `${ORIGIN}/x`, body: '{}' })
    const auth = order((headers['x-auth'] ?? '').split(separator)).join(separator)
    const request = { method: 'POST', target: '/x', headers: { ...headers, 'x-auth': auth }, body: Buffer.from('{}') }
    expect(codeOf(await verifierOf(scheme).verify(request))).toBe('accepted')
  })
})

describe('a header with a name that none has', () => {
  it('gets into no signature', () => {
    for (const scheme of [sigV4(place), shipped.rfc9421, shipped.schemeNamed('http-signatures-draft-12') as Scheme])
      expect(() => signerOf(scheme).sign({ ...sendsPost, url: `${ORIGIN}/`, headers: { 'x\r\ninjected: 1': 'a' } })).toThrow(
        expect.objectContaining({ code: 'option-invalid' }),
      )
  })
})
