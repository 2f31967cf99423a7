import { describe, expect, it } from 'vitest'
import { httpMessageSignatures } from '../bases/http-signatures/index.ts'
import { createKey, type KeyDescription, memoryKeys } from '../keys/key.ts'
import type { ReplayGuard } from '../replay/replay.ts'
import { qredoV1, rfc9421 } from '../schemes/index.ts'
import { createSigner } from '../sign/sign.ts'
import type { IncomingRequest, Refusal, VerifierOptions, VerifyOptions } from './types.ts'
import { createVerifier } from './verify.ts'

const NOW = 1_764_000_000_000
const ORIGIN = 'https://api.example.com'
const secret = Buffer.alloc(40, 5).toString('base64')
const BODY = Buffer.from('{"a":1}')
const KEYS: readonly KeyDescription[] = [
  { id: 'k', secret },
  { id: 'revoked', secret, state: 'revoked' },
  { id: 'disabled', secret, state: 'disabled' },
  { id: 'elsewhere', secret, addresses: ['10.0.0.1'] },
  { id: 'expired', secret, expiresAtMs: NOW - 1 },
]

interface Signature {
  readonly input: string
  readonly signature: string
  readonly digest: string | undefined
}

function signed(keyId: string, { at = NOW, by = rfc9421, body = BODY as Uint8Array | undefined } = {}): Signature {
  const { headers } = createSigner(by, { keyId, secret }, { clock: () => at }).sign({ method: 'POST', url: `${ORIGIN}/x`, body })
  const own = (text: string | undefined): string => String(text).replace(/^[^=]+=/, '')
  return { input: own(headers['signature-input']), signature: own(headers.signature), digest: headers['content-digest'] }
}

const call = (signatures: readonly Signature[], more: Partial<IncomingRequest> = {}): IncomingRequest => {
  const list = (part: 'input' | 'signature'): string => signatures.map((one, index) => `s${index}=${one[part]}`).join(', ')
  const digest = signatures.find(one => one.digest !== undefined)?.digest
  return {
    method: 'POST',
    target: '/x',
    headers: {
      'signature-input': list('input'),
      signature: list('signature'),
      ...(digest === undefined ? {} : { 'content-digest': digest }),
    },
    body: BODY,
    address: '192.0.2.1',
    ...more,
  }
}

const holdsOf = async (request: IncomingRequest, options: Partial<VerifierOptions> = {}, asked?: VerifyOptions) => {
  const verifier = createVerifier(rfc9421, { origin: ORIGIN, keys: memoryKeys(rfc9421, KEYS), clock: () => NOW, ...options })
  const result = await verifier.verify(request, asked)
  return result.ok ? 'accepted' : [result.failure.code, result.holds]
}

const bare = httpMessageSignatures({ components: ['@method', '@target-uri'] })
const wrong: Signature = { ...signed('k'), signature: `:${Buffer.alloc(32).toString('base64')}:` }
const costly: Signature = { ...signed('k'), signature: `:${Buffer.alloc(64).toString('base64')}:` }

/** One signature, what a call by it alone is refused as, and whether it could be good. */
const CASES: { readonly [what: string]: readonly [Signature, code: string, holds: boolean | undefined] } = {
  'of an unknown key': [signed('nobody'), 'unknown-key', false],
  'that is wrong': [wrong, 'bad-signature', false],
  'of a revoked key': [signed('revoked'), 'key-revoked', false],
  'whose time is over': [signed('k', { at: NOW - 400_000 }), 'timestamp-out-of-window', false],
  'of a disabled key': [signed('disabled'), 'key-disabled', true],
  'of a key of another address': [signed('elsewhere'), 'address-not-allowed', true],
  'of a key whose time is over': [signed('expired'), 'key-expired', true],
}

describe('whether a refused signature could be good all the same', () => {
  it.each(Object.entries(CASES))('is said of one %s', async (_what, [one, code, holds]) => {
    expect(await holdsOf(call([one]))).toEqual([code, holds])
  })

  it.each(
    Object.entries(CASES).flatMap(([a, [one, code, first]]) =>
      Object.entries(CASES).map(([b, [other, , second]]) => [a, b, one, other, code, first === true || second === true] as const),
    ),
  )('is said of two, one %s and one %s', async (_a, _b, one, other, code, holds) => {
    expect(await holdsOf(call([one, other]))).toEqual([code, holds])
  })

  it('is not said where it was not found out', async () => {
    const later = signed('k', { at: NOW + 400_000 })
    expect(await holdsOf(call([later]))).toEqual(['timestamp-out-of-window', undefined])
    expect(await holdsOf(call([signed('k')], { body: Buffer.from('other') }))).toEqual(['digest-mismatch', undefined])
    expect(await holdsOf(call([signed('nobody')], { body: Buffer.from('other') }))).toEqual(['digest-mismatch', undefined])
    expect(await holdsOf(call([signed('k', { by: bare, body: undefined })]))).toEqual(['insufficient-coverage', undefined])
    expect(await holdsOf({ ...call([signed('k')]), headers: {} })).toEqual(['missing-header', undefined])
    const away = { find: () => Promise.reject(new Error('away')) }
    expect(await holdsOf(call([signed('k')]), { keys: away })).toEqual(['key-source-unavailable', undefined])
    expect(await holdsOf(call([costly, costly, signed('k')]))).toEqual(['too-many-signatures', undefined])
  })

  it('is said of several of which one was not judged only where another could be good', async () => {
    const unjudged = { ...signed('k'), input: signed('k').input.replace('"@method"', '"@method" "x-a"') }
    const code = 'missing-header'
    expect(await holdsOf(call([unjudged, signed('nobody')]))).toEqual([code, undefined])
    expect(await holdsOf(call([signed('nobody'), unjudged]))).toEqual(['unknown-key', undefined])
    expect(await holdsOf(call([unjudged, signed('disabled')]))).toEqual([code, true])
    expect(await holdsOf(call([signed('disabled'), unjudged]))).toEqual(['key-disabled', true])
    expect(await holdsOf(call([signed('nobody'), signed('k', { at: NOW + 400_000 })]))).toEqual(['unknown-key', true])
    expect(await holdsOf(call([signed('k', { at: NOW + 400_000 }), signed('nobody')]))).toEqual(['timestamp-out-of-window', true])
    expect(await holdsOf(call([signed('k', { by: bare, body: undefined }), signed('nobody')]))).toEqual(['insufficient-coverage', true])
  })

  it('is said of a call that came before, and of one that lacks its permission', async () => {
    const seen: ReplayGuard = { claim: () => 'seen' }
    expect(await holdsOf(call([signed('k')]), { replay: seen })).toEqual(['replayed', true])
    expect(await holdsOf(call([signed('k')]), {}, { permission: 'admin' })).toEqual(['permission-denied', true])
    expect(await holdsOf(call([signed('nobody'), signed('k')]), { replay: seen })).toEqual(['replayed', true])
  })
})

describe('a call that may be meant for several origins', () => {
  it('is taken for each of them', async () => {
    const origins = ['https', 'http', 'wss', 'ws'].map(scheme => `${scheme}://api.example.com`)
    for (const origin of origins) {
      const { headers } = createSigner(qredoV1, { keyId: 'k', secret }, { clock: () => NOW }).sign({
        method: 'POST',
        url: `${origin}/x`,
        body: BODY,
      })
      const keys = memoryKeys(qredoV1, [{ id: 'k', secret }])
      const { verify } = createVerifier(qredoV1, { origin: origins, keys, clock: () => NOW })
      const request = { method: 'POST', target: '/x', headers: { host: 'api.example.com', ...headers }, body: BODY }
      expect([origin, (await verify(request)).ok]).toEqual([origin, true])
      const other = await verify({ ...request, target: '/y' })
      expect(other.ok ? 'accepted' : other.failure.code).toBe('bad-signature')
    }
  })
})

describe('a verifier that names the key', () => {
  const nameless = httpMessageSignatures({ parameters: ['created', 'nonce'] })
  const named = httpMessageSignatures()

  it.each([
    [undefined, 'accepted'],
    ['k', 'accepted'],
    ['disabled', { code: 'unknown-key', keyId: 'disabled' }],
  ] as const)('takes a call that names %s', async (keyId, expected) => {
    const { headers } = createSigner(keyId === undefined ? nameless : named, { keyId, secret } as never, { clock: () => NOW }).sign({
      method: 'POST',
      url: `${ORIGIN}/x`,
      body: BODY,
    })
    const { verify } = createVerifier(nameless, { origin: ORIGIN, keys: memoryKeys(nameless, KEYS), keyId: 'k', clock: () => NOW })
    const result = await verify({ method: 'POST', target: '/x', headers: { ...headers } as Record<string, string>, body: BODY })
    expect(result.ok ? 'accepted' : result.failure).toEqual(expected)
  })
})

describe('whoever is told of refusals', () => {
  const told: Refusal[] = []
  const verifier = createVerifier(rfc9421, {
    origin: ORIGIN,
    keys: { find: () => createKey(rfc9421, { id: 'k', secret }) },
    clock: () => NOW,
    onRefused: refusal => void told.push(refusal),
  })

  it.each([
    ['at its head', { headers: {} }, BODY, undefined],
    ['at its head, with a body to be read', { headers: {}, body: async () => BODY }, 'unread', undefined],
    ['for its signature', {}, BODY, ORIGIN],
    ['for its signature, with a body to be read', { body: async () => BODY }, BODY, ORIGIN],
    ['for its signature, with a body that is empty', { body: async () => new Uint8Array() }, undefined, ORIGIN],
  ] as const)('sees what was read of a call that is refused %s', async (_what, change, body, origin) => {
    await verifier.verify(call([wrong], change))
    const refusal = told.pop()
    expect([refusal?.body, refusal?.origin?.origin]).toEqual([body, origin])
  })
})
