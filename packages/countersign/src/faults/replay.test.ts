import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { draftSignatures } from '../bases/draft-signatures/index.ts'
import { httpMessageSignatures } from '../bases/http-signatures/index.ts'
import { sigV4 } from '../bases/sigv4/index.ts'
import {
  type Algorithm,
  type BodyReader,
  createSigner,
  createVerifier,
  defineScheme,
  type IncomingRequest,
  type KeyDescription,
  memoryKeys,
  memoryReplayGuard,
  type ReplayClaim,
  type Scheme,
  type SignableRequest,
  type VerifierOptions,
} from '../index.ts'
import * as shipped from '../schemes/index.ts'
import { codeOf, NOW, ORIGIN, passphrase, place, secret } from './scene.ts'

const BODY = Buffer.from('{"amount":1}')
function verifierOf(scheme: Scheme, options: Partial<VerifierOptions> & { key?: Partial<KeyDescription> } = {}) {
  const { key, ...others } = options
  const keys = memoryKeys(scheme, [{ id: 'k', secret, passphrase: scheme.hasPassphrase ? passphrase : undefined, ...key }])
  const fixed = scheme.keyId === 'none' ? { keyId: 'k' } : {}
  return { keys, ...createVerifier(scheme, { origin: ORIGIN, keys, clock: () => NOW, ...fixed, ...others }) }
}

function signedBy(scheme: Scheme, pair: { privateKey?: string; algorithm?: Algorithm } = {}, request: Partial<SignableRequest> = {}) {
  const credentials = pair.privateKey === undefined ? { secret, passphrase: scheme.hasPassphrase ? passphrase : undefined } : pair
  const named = scheme.keyId === 'none' ? {} : { keyId: 'k' }
  const signer = createSigner(scheme, { ...named, ...credentials }, { clock: () => NOW })
  const { method, url, headers, body } = signer.sign({ method: 'POST', url: `${ORIGIN}/orders`, body: BODY, ...request })
  return { method, target: url.slice(ORIGIN.length), headers: { host: 'api.example.com', ...headers }, body }
}

const CURVES = {
  'P-256': {
    algorithm: 'ecdsa-p256-sha256',
    order: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
    bytes: 32,
  },
  'P-384': {
    algorithm: 'ecdsa-p384-sha384',
    order: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
    bytes: 48,
  },
} as const

const SIGNATURE = /[A-Za-z0-9+/]{86}==|[A-Za-z0-9+/]{128}/

/** The same call with (r, n − s) in the place of (r, s): anyone can work it out, and it verifies as well. */
function withOtherHalf<R extends IncomingRequest & { headers: { [name: string]: string } }>(request: R, curve: keyof typeof CURVES): R {
  const { order, bytes } = CURVES[curve]
  const other = (text: string): string => {
    const signature = Buffer.from(text, 'base64')
    const s = order - BigInt(`0x${signature.subarray(bytes).toString('hex')}`)
    return Buffer.concat([signature.subarray(0, bytes), Buffer.from(s.toString(16).padStart(bytes * 2, '0'), 'hex')]).toString('base64')
  }
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, value.replace(SIGNATURE, other)]))
  return { ...request, headers }
}

function declared(curve: keyof typeof CURVES): Scheme {
  return defineScheme({
    name: 'declared-ecdsa',
    title: 'Declared ECDSA',
    algorithm: CURVES[curve].algorithm,
    timestamp: { formats: ['seconds'] },
    message: '{timestamp}\n{method}\n{target}\n{body|sha256|hex}',
    signature: { encoding: 'base64' },
    headers: { 'x-key': '{keyId}', 'x-time': '{timestamp}', 'x-signature': '{signature}' },
  })
}

function twoHalves(scheme: Scheme, curve: keyof typeof CURVES) {
  const { publicKey, privateKey } = generateKeyPairSync('ec', {
    namedCurve: curve,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  const { algorithm } = CURVES[curve]
  const call = signedBy(scheme, { privateKey, algorithm })
  return { ...verifierOf(scheme, { key: { publicKey, algorithm, secret: undefined } }), call, other: withOtherHalf(call, curve) }
}

describe.each(['P-256', 'P-384'] as const)('a second signature that anyone can make of the first, on %s,', curve => {
  it.each([
    ['draft 12', draftSignatures()],
    ['draft 12 in the header of ActivityPub', draftSignatures({ carrier: 'signature' })],
    ['RFC 9421 without a nonce', httpMessageSignatures({ parameters: ['created', 'keyid'] })],
    ['a declared scheme', declared(curve)],
  ])('does not let the call of %s through once more', async (_name, scheme) => {
    const { verify, call, other } = twoHalves(scheme, curve)
    expect(other.headers).not.toEqual(call.headers)
    expect([codeOf(await verify(call)), codeOf(await verify(other))]).toEqual(['accepted', 'replayed'])
  })

  it('does not let a call of RFC 9421 with a nonce through once more', async () => {
    const { verify, call, other } = twoHalves(httpMessageSignatures(), curve)
    expect([codeOf(await verify(call)), codeOf(await verify(other))]).toEqual(['accepted', 'replayed'])
  })
})

/** Every scheme that says when; `lasts` is how long a call of it is good, in milliseconds. */
const timed: readonly { name: string; scheme: Scheme; lasts: number }[] = [
  ...[
    shipped.qredoV1,
    shipped.qredoV2,
    shipped.okx,
    shipped.kucoin,
    shipped.coinbaseExchange,
    shipped.slack,
    shipped.stripe,
    shipped.standardWebhooks,
    shipped.rfc9421,
    shipped.httpSignaturesDraft12,
    sigV4(place),
    httpMessageSignatures({ name: 'rfc9421-without-nonce', parameters: ['created', 'keyid'] }),
    draftSignatures({ name: 'draft-12-created', headers: ['(request-target)', '(created)', 'host', 'digest'] }),
  ].map(scheme => ({ name: scheme.name, scheme, lasts: 300_000 })),
  { name: 'bitmex', scheme: shipped.bitmex, lasts: 60_000 },
  {
    name: 'rfc9421-expires',
    scheme: httpMessageSignatures({ name: 'rfc9421-expires', parameters: ['created', 'expires', 'keyid'] }),
    lasts: 60_000,
  },
  {
    name: 'draft-12-expires',
    scheme: draftSignatures({ name: 'draft-12-expires', headers: ['(request-target)', '(created)', '(expires)', 'host', 'digest'] }),
    lasts: 60_000,
  },
  { name: 'a presigned URL', scheme: sigV4({ ...place, in: 'query' }), lasts: 3_600_000 },
]

describe('a call whose body comes slowly', () => {
  it.each(timed)('is refused by $name when its time is over once the body is there, however often', async ({ scheme, lasts }) => {
    let now = NOW + lasts - 1_000
    const { verify } = verifierOf(scheme, { clock: () => now })
    const call = signedBy(scheme)
    let release = (): void => {}
    const opened = new Promise<void>(resolve => {
      release = resolve
    })
    const body: BodyReader = async () => {
      await opened
      now = NOW + lasts + 2_000
      return BODY
    }
    const results = [1, 2, 3].map(() => verify({ ...call, body }))
    release()
    const outOfWindow = 'timestamp-out-of-window'
    expect((await Promise.all(results)).map(codeOf)).toEqual([outOfWindow, outOfWindow, outOfWindow])
  })

  const whileRead: [string, (keys: ReturnType<typeof memoryKeys>) => void, RegExp][] = [
    ['revoked', keys => keys.set({ id: 'k', secret, state: 'revoked' }), /^key-revoked$/],
    ['disabled', keys => keys.set({ id: 'k', secret, state: 'disabled' }), /^key-disabled$/],
    ['taken away', keys => keys.delete('k'), /^(unknown-key|key-revoked)$/],
  ]

  it.each(whileRead)('is refused when its key was %s while the body was read', async (_what, change, code) => {
    const { verify, keys } = verifierOf(shipped.qredoV1)
    const body: BodyReader = async () => {
      change(keys)
      return BODY
    }
    expect(codeOf(await verify({ ...signedBy(shipped.qredoV1), body }))).toMatch(code)
  })

  it('is refused when its key expired while the body was read', async () => {
    let now = NOW
    const { verify } = verifierOf(shipped.qredoV1, { clock: () => now, key: { expiresAtMs: NOW + 5_000 } })
    const body: BodyReader = async () => {
      now = NOW + 6_000
      return BODY
    }
    expect(codeOf(await verify({ ...signedBy(shipped.qredoV1), body }))).toBe('key-expired')
  })
})

describe('a call is remembered as long as it would be accepted', () => {
  /** The end that the guard is told. */
  async function endsOf(scheme: Scheme, call: IncomingRequest): Promise<readonly number[]> {
    const ends: number[] = []
    const claim = ({ expiresAtMs }: ReplayClaim) => {
      ends.push(expiresAtMs)
      return 'fresh' as const
    }
    await verifierOf(scheme, { replay: { claim } }).verify(call)
    return ends
  }

  it.each(timed)('by $name', async ({ scheme, lasts }) => {
    const call = signedBy(scheme)
    const ends = await endsOf(scheme, call)
    expect(ends).toHaveLength(1)
    expect([NOW + lasts - 1, NOW + lasts]).toContain(ends[0])
    const at = async (ms: number): Promise<string> => codeOf(await verifierOf(scheme, { clock: () => ms }).verify(call))
    expect([await at(NOW + lasts - 1), await at(NOW + lasts + 1)]).toEqual(['accepted', 'timestamp-out-of-window'])
  })

  it('and no longer, where it says that it holds longer than the verifier takes it', async () => {
    const scheme = httpMessageSignatures({ parameters: ['created', 'expires', 'keyid'] })
    const signer = createSigner(scheme, { keyId: 'k', secret }, { clock: () => NOW, lifetimeMs: 3_600_000 })
    const { headers } = signer.sign({ method: 'POST', url: `${ORIGIN}/orders` })
    expect(await endsOf(scheme, { method: 'POST', target: '/orders', headers })).toEqual([NOW + 300_000])
  })

  it('by a presigned URL that holds for an hour, through all of it', async () => {
    let now = NOW
    const scheme = sigV4({ ...place, in: 'query' })
    const { verify } = verifierOf(scheme, { clock: () => now })
    const call = signedBy(scheme)
    const codes: string[] = []
    for (now of [NOW + 600_000, NOW + 1_200_000, NOW + 3_599_000, NOW + 3_601_000]) codes.push(codeOf(await verify(call)))
    expect(codes).toEqual(['accepted', 'replayed', 'replayed', 'timestamp-out-of-window'])
  })

  it.each([1, 1_000, 300_000])('so a guard in memory does not call fresh what ended %d ms ago', ago => {
    const guard = memoryReplayGuard({ clock: () => NOW })
    const late = { id: 'a', keyId: 'k', expiresAtMs: NOW - ago }
    expect([guard.claim(late), guard.claim(late)]).not.toContain('fresh')
  })
})

describe('a nonce that the scheme does not demand', () => {
  it('is remembered all the same', async () => {
    const scheme = httpMessageSignatures({ parameters: ['keyid'] })
    const secret = Buffer.alloc(40, 5)
    const signed = createSigner(scheme, { keyId: 'k', secret }).sign({
      method: 'POST',
      url: 'https://api.example.com/x',
      body: '{}',
      nonce: 'n1',
    })
    const { verify } = createVerifier(scheme, { origin: 'https://api.example.com', keys: memoryKeys(scheme, [{ id: 'k', secret }]) })
    const call = { method: 'POST', target: '/x', headers: signed.headers, body: signed.body }
    expect([await verify(call), await verify(call)]).toMatchObject([{ ok: true }, { failure: { code: 'replayed' } }])
  })
})
