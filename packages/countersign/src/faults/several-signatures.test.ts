import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { httpMessageSignatures } from '../bases/http-signatures/index.ts'
import { createSigner, createVerifier, memoryKeys, memoryReplayGuard, type ReplayAnswer, type ReplayClaim, type Scheme } from '../index.ts'
import { rfc9421 } from '../schemes/index.ts'
import { codeOf, NOW, ORIGIN, secret } from './scene.ts'

/** One request may be signed several times; each signature can be taken out by whoever sees it. */
const BODY = Buffer.from('{"amount":1}')
const IDS = ['k1', 'k2', 'k3']

interface One {
  readonly headers: { readonly [name: string]: string }
  readonly input: string
  readonly signature: string
}

const secretOf = (id: string): Uint8Array => Buffer.concat([Buffer.from(secret, 'base64'), Buffer.from(id)])

function sign(scheme: Scheme, keyId: string, at: number = NOW, nonce?: string): One {
  const signer = createSigner(scheme, { keyId, secret: secretOf(keyId) }, { clock: () => at })
  const { headers } = signer.sign({ method: 'POST', url: `${ORIGIN}/pay`, body: BODY, nonce })
  const own = (name: string): string => String(headers[name]).replace(/^[^=]+=/, '')
  return { headers, input: own('signature-input'), signature: own('signature') }
}

function callOf(signatures: readonly One[]) {
  const list = (part: 'input' | 'signature'): string => signatures.map((one, index) => `s${index}=${one[part]}`).join(', ')
  const headers = { ...signatures[0]?.headers, 'signature-input': list('input'), signature: list('signature') }
  return { method: 'POST', target: '/pay', headers: Object.entries(headers) as [string, string][], body: BODY }
}

const SCHEMES: readonly (readonly [string, Scheme])[] = [
  ['with a nonce', rfc9421],
  ['without one', httpMessageSignatures({ parameters: ['created', 'keyid'] })],
  ['with an end', httpMessageSignatures({ parameters: ['created', 'expires', 'keyid'] })],
  ['with an end and no beginning', httpMessageSignatures({ parameters: ['expires', 'keyid'] })],
]

describe.each(SCHEMES)('a request with several signatures %s', (_name, scheme) => {
  const keysOf = () =>
    memoryKeys(
      scheme,
      IDS.map(id => ({ id, secret: secretOf(id) })),
    )
  const signedBy = (keyId: string, at?: number): One => sign(scheme, keyId, at)

  it('is taken once, whichever of them come, in whatever order', async () => {
    const subset = fc.uniqueArray(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...IDS), { minLength: 4, maxLength: 4 }),
        fc.array(subset, { maxLength: 4 }),
        async (ids, parts) => {
          // Two signatures by one key in one second are alike without a nonce.
          const signatures = ids.map((id, index) => signedBy(id, NOW + index * 1000))
          const { verify } = createVerifier(scheme, { origin: ORIGIN, keys: keysOf(), clock: () => NOW })
          expect(codeOf(await verify(callOf(signatures)))).toBe('accepted')
          for (const part of parts) {
            const some = part.flatMap(index => signatures.slice(index, index + 1))
            expect(codeOf(await verify(callOf(some)))).toBe('replayed')
          }
        },
      ),
      { seed: 13, numRuns: 40 },
    )
  })

  it('is refused when one of them came before by itself', async () => {
    const signatures = IDS.map(id => signedBy(id))
    for (const one of signatures) {
      const { verify } = createVerifier(scheme, { origin: ORIGIN, keys: keysOf(), clock: () => NOW })
      expect(codeOf(await verify(callOf([one])))).toBe('accepted')
      expect(codeOf(await verify(callOf(signatures)))).toBe('replayed')
    }
  })

  it.each([-1, 1])('counts one whose key may not be used now, or that is for later, before the good one or after it (%d)', async order => {
    let now = NOW
    const keys = keysOf()
    const { verify } = createVerifier(scheme, { origin: ORIGIN, keys, clock: () => now })
    const disabled = { id: 'k2', secret: secretOf('k2') }
    keys.set({ ...disabled, state: 'disabled' })
    const [held, later, good] = [signedBy('k2'), signedBy('k3', NOW + 400_000), signedBy('k1')]
    expect(codeOf(await verify(callOf(order < 0 ? [held, later, good] : [good, held, later])))).toBe('accepted')
    keys.set(disabled)
    expect(codeOf(await verify(callOf([held])))).toBe('replayed')
    now = NOW + 350_000
    expect(codeOf(await verify(callOf([later])))).toBe('replayed')
  })

  it('is refused with one that is good only much later, and nothing of it is remembered until then', async () => {
    const ends: number[] = []
    const claim = ({ expiresAtMs }: ReplayClaim): ReplayAnswer => {
      ends.push(expiresAtMs)
      return 'fresh'
    }
    const { verify } = createVerifier(scheme, { origin: ORIGIN, keys: keysOf(), clock: () => NOW, replay: { claim } })
    // Up to the year 2223, as far ahead as a signer's clock goes.
    for (let ahead = 1_000; ahead < 8e12 - NOW; ahead *= 2) {
      const later = signedBy('k2', NOW + ahead)
      for (const call of [callOf([signedBy('k1'), later]), callOf([later, signedBy('k1')])]) {
        const code = codeOf(await verify(call))
        expect(code).toBe(ahead <= 512_000 ? 'accepted' : 'timestamp-out-of-window')
      }
      // Where it does not hold, it can't be sent.
      const wrong = { ...later, signature: `:${Buffer.alloc(32).toString('base64')}:` }
      expect(codeOf(await verify(callOf([signedBy('k1'), wrong])))).toBe('accepted')
    }
    expect(Math.max(...ends)).toBeLessThanOrEqual(NOW + 3 * 300_000)
  })

  it('passes over those that do not hold, or whose time is over', async () => {
    const { verify } = createVerifier(scheme, { origin: ORIGIN, keys: keysOf(), clock: () => NOW })
    const wrong = { ...signedBy('k2'), signature: `:${Buffer.alloc(32).toString('base64')}:` }
    expect(codeOf(await verify(callOf([wrong, signedBy('k3', NOW - 400_000), signedBy('k1')])))).toBe('accepted')
  })

  it('takes the same signature twice as one', async () => {
    const { verify } = createVerifier(scheme, { origin: ORIGIN, keys: keysOf(), clock: () => NOW })
    const one = signedBy('k1')
    expect(codeOf(await verify(callOf([one, one])))).toBe('accepted')
  })

  it('is refused when the guard has no room for all of them', async () => {
    const replay = memoryReplayGuard({ maxBytes: 36, clock: () => NOW })
    const { verify } = createVerifier(scheme, { origin: ORIGIN, keys: keysOf(), replay, clock: () => NOW })
    expect(codeOf(await verify(callOf(IDS.map(id => signedBy(id)))))).toBe('replay-guard-full')
  })

  it('asks an asynchronous guard for each, and leaves out those that it has ended', async () => {
    const asked: string[] = []
    const answers: ReplayAnswer[] = ['fresh', 'ended', 'fresh']
    const replay = { claim: async ({ id }: ReplayClaim) => answers[asked.push(id) - 1] ?? 'full' }
    const { verify } = createVerifier(scheme, { origin: ORIGIN, keys: keysOf(), replay, clock: () => NOW })
    expect(codeOf(await verify(callOf(IDS.map(id => signedBy(id)))))).toBe('accepted')
    expect(new Set(asked).size).toBe(3)
  })
})

it('two signatures with one nonce are remembered until the later ends', async () => {
  let now = NOW
  const keys = memoryKeys(rfc9421, [{ id: 'k1', secret: secretOf('k1') }])
  const { verify } = createVerifier(rfc9421, { origin: ORIGIN, keys, clock: () => now })
  const [older, newer] = [sign(rfc9421, 'k1', NOW - 200_000, 'once'), sign(rfc9421, 'k1', NOW + 200_000, 'once')]
  expect(codeOf(await verify(callOf([older, newer])))).toBe('accepted')
  now = NOW + 400_000
  expect(codeOf(await verify(callOf([newer])))).toBe('replayed')
})

describe('what would not be looked at', () => {
  const many = (count: number, components: number, scheme: Scheme) => {
    const headers = Object.fromEntries(Array.from({ length: components }, (_, index) => [`x-${index}`, '1']))
    const all = Array.from({ length: count }, () => {
      const signed = createSigner(scheme, { keyId: 'k1', secret: secretOf('k1') }, { clock: () => NOW })
      const { headers: made } = signed.sign({ method: 'POST', url: `${ORIGIN}/pay`, body: BODY, headers })
      const own = (name: string): string => String((made as { [name: string]: string })[name]).replace(/^[^=]+=/, '')
      return { headers: { ...headers, ...made }, input: own('signature-input'), signature: own('signature') }
    })
    return callOf(all)
  }
  const answer = async (scheme: Scheme, call: ReturnType<typeof callOf>): Promise<string> => {
    const keys = memoryKeys(scheme, [{ id: 'k1', secret: secretOf('k1') }])
    return codeOf(await createVerifier(scheme, { origin: ORIGIN, keys, clock: () => NOW }).verify(call))
  }

  it('is not taken: more than eight signatures, or more than 64 components between them', async () => {
    expect(await answer(rfc9421, many(8, 0, rfc9421))).toBe('accepted')
    expect(await answer(rfc9421, many(9, 0, rfc9421))).toBe('malformed-header')
    const wide = httpMessageSignatures({
      components: ['@method', '@target-uri', 'content-digest', ...Array.from({ length: 40 }, (_, index) => `x-${index}` as const)],
    })
    expect(await answer(wide, many(1, 40, wide))).toBe('accepted')
    expect(await answer(wide, many(2, 40, wide))).toBe('malformed-header')
  })

  it('is remembered: a signature under a label that is not asked for, which anyone can rename', async () => {
    const scheme = httpMessageSignatures({ label: 's0' })
    const keys = memoryKeys(
      scheme,
      IDS.map(id => ({ id, secret: secretOf(id) })),
    )
    const { verify } = createVerifier(scheme, { origin: ORIGIN, keys, clock: () => NOW })
    const [one, other] = [sign(scheme, 'k1'), sign(scheme, 'k2')]
    expect(codeOf(await verify(callOf([one, other])))).toBe('accepted')
    expect(codeOf(await verify(callOf([other])))).toBe('replayed')
    const wrong = { ...one, signature: `:${Buffer.alloc(32).toString('base64')}:` }
    expect(codeOf(await verify(callOf([wrong, sign(scheme, 'k3')])))).toBe('bad-signature')
  })
})

describe('a signature beside another that covers the body', () => {
  it('is remembered though it does not cover it, so that it is not taken alone without the body', async () => {
    const whole = rfc9421
    const bare = httpMessageSignatures({ components: ['@method', '@target-uri'] })
    const keys = memoryKeys(
      whole,
      IDS.map(id => ({ id, secret: secretOf(id) })),
    )
    const one = sign(whole, 'k1')
    const signer = createSigner(bare, { keyId: 'k2', secret: secretOf('k2') }, { clock: () => NOW })
    const { headers } = signer.sign({ method: 'POST', url: `${ORIGIN}/pay` })
    const own = (text: string): string => text.replace(/^[^=]+=/, '')
    const other: One = { headers: { ...headers }, input: own(headers['signature-input']), signature: own(headers.signature) }
    const alone = { ...callOf([other]), body: undefined }
    for (const order of ['both first', 'alone first']) {
      const { verify } = createVerifier(whole, { origin: ORIGIN, keys, clock: () => NOW })
      const both = callOf([one, other])
      const codes = []
      for (const call of order === 'both first' ? [both, alone] : [alone, both]) codes.push(codeOf(await verify(call)))
      expect([order, ...codes]).toEqual([order, 'accepted', 'replayed'])
    }
  })
})

describe('signatures of which some cover a digest', () => {
  const bare = httpMessageSignatures({ components: ['@method', '@target-uri'] })
  const keys = memoryKeys(
    rfc9421,
    IDS.map(id => ({ id, secret: secretOf(id) })),
  )
  const FORGED = Buffer.from('{"amount":1000000}')
  const signed = (scheme: Scheme, keyId: string, body: Uint8Array | string | undefined): One => {
    const { headers } = createSigner(scheme, { keyId, secret: secretOf(keyId) }, { clock: () => NOW }).sign({
      method: 'POST',
      url: `${ORIGIN}/pay`,
      body,
    })
    const own = (name: string): string => String(headers[name]).replace(/^[^=]+=/, '')
    return { headers, input: own('signature-input'), signature: own('signature') }
  }
  const ofBody = signed(rfc9421, 'k1', BODY)
  const ofNothing = signed(rfc9421, 'k2', '')
  const without = signed(bare, 'k3', undefined)
  const POOL = {
    ofBody,
    ofNothing,
    without,
    wrong: { ...without, signature: `:${Buffer.alloc(32).toString('base64')}:` },
    unknown: { ...without, input: without.input.replace('"k3"', '"nobody"') },
  }
  type Name = keyof typeof POOL
  const NAMES = Object.keys(POOL) as Name[]
  /** Every order of one to three of them. */
  const orders = (left: number): readonly (readonly Name[])[] =>
    left === 0
      ? [[]]
      : [[], ...NAMES.flatMap(name => orders(left - 1).map(rest => [name, ...rest]))].filter(list => new Set(list).size === list.length)
  const DIGESTS: { readonly [name: string]: string | undefined } = {
    ofBody: ofBody.headers['content-digest'],
    ofNothing: ofNothing.headers['content-digest'],
    none: undefined,
  }
  const BODIES = { ofBody: BODY, ofNothing: undefined, forged: FORGED }

  it.each(Object.keys(DIGESTS))('let in no body but the one whose digest holds, in any order (digest: %s)', async digest => {
    const wrong: unknown[] = []
    for (const names of orders(3).filter(({ length }) => length > 0)) {
      for (const [sent, body] of Object.entries(BODIES)) {
        const { verify } = createVerifier(rfc9421, { origin: ORIGIN, keys, clock: () => NOW })
        const call = callOf(names.map(name => POOL[name]))
        const headers = call.headers.filter(([name]) => name !== 'content-digest')
        if (DIGESTS[digest] !== undefined) headers.push(['content-digest', DIGESTS[digest]])
        const result = await verify({ ...call, headers, body })
        const isProven = names.includes(digest as Name) && sent === digest
        // A digest that is there has to be right, signed or not.
        const isTaken = isProven || (body === undefined && digest !== 'ofBody' && names.includes('without'))
        if (result.ok !== isTaken) wrong.push([names, sent, codeOf(result)])
      }
    }
    expect(wrong).toEqual([])
  })
})
