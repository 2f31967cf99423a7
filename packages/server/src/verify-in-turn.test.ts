import type { BodyReader, BodyUse, Digest, Failure, Verification, Verifier } from 'countersign'
import { carriesOf, coverageOf, createSigner, createVerifier, memoryKeys, type Scheme } from 'countersign'
import { qredoV1, rfc9421, SCHEMES } from 'countersign/schemes'
import { describe, expect, it } from 'vitest'
import { verifyInTurn } from './verify-in-turn.ts'

/** A verifier that always says the same. */
function saying(name: string, failure: Failure | undefined): Verifier {
  const result = failure === undefined ? ({ ok: true } as Verification) : ({ ok: false, failure } as const)
  return {
    scheme: { ...qredoV1, name },
    maxBodyBytes: 1,
    presents: () => failure?.code !== 'missing-header',
    bodyUseOf: () => undefined,
    verify: async () => result,
  }
}

const outcome = async (...verifiers: readonly Verifier[]): Promise<string> => {
  const { result, scheme } = await verifyInTurn(verifiers)({ method: 'POST', target: '/', headers: [] })
  return `${scheme}: ${result.ok ? 'ok' : result.failure.code}`
}

const accepts = (name: string): Verifier => saying(name, undefined)
const lacksHeaders = (name: string): Verifier => saying(name, { code: 'missing-header', header: 'x' })

describe('verifiers in turn', () => {
  it('ask the next where a call has other headers', async () => {
    expect(await outcome(lacksHeaders('a'), accepts('b'))).toBe('b: ok')
    expect(await outcome(lacksHeaders('a'), lacksHeaders('b'))).toBe('a: missing-header')
  })

  it('ask the next where a scheme that does not sign the whole request does not take such calls', async () => {
    expect(await outcome(saying('a', { code: 'method-not-allowed', method: 'POST' }), accepts('b'))).toBe('b: ok')
    expect(await outcome(saying('a', { code: 'part-not-taken', part: 'path' }), accepts('b'))).toBe('b: ok')
    expect(await outcome(saying('a', { code: 'part-not-taken', part: 'path' }), lacksHeaders('b'))).toBe('a: part-not-taken')
  })

  it('leave it at the first that has its headers', async () => {
    expect(await outcome(saying('a', { code: 'bad-signature', keyId: 'k' }), accepts('b'))).toBe('a: bad-signature')
  })

  it('have the body read once, and kept if any of them wants it', async () => {
    const using = (name: string, use: BodyUse | undefined): Verifier => ({
      ...saying(name, undefined),
      bodyUseOf: () => use,
      async verify({ body }) {
        if (typeof body === 'function' && use !== undefined) await body(9, use)
        return { ok: false, failure: { code: 'part-not-taken', part: 'body' } }
      },
    })
    const useOf = (isWanted: boolean, digest: Digest): BodyUse => ({ isWanted: async () => isWanted, digests: [digest] })
    const uses = { none: undefined, unwanted: useOf(false, 'sha256'), wanted: useOf(true, 'sha512') }
    for (const [first, second] of [
      ['unwanted', 'wanted'],
      ['wanted', 'unwanted'],
      ['unwanted', 'unwanted'],
      ['none', 'wanted'],
    ] as const) {
      const asked: { isWanted: boolean; digests: readonly Digest[] }[] = []
      const body: BodyReader = async (_maxBytes, { isWanted, digests }) => {
        asked.push({ isWanted: await isWanted(), digests })
        return undefined
      }
      const verifiers = [using('a', uses[first]), using('b', uses[second])]
      await verifyInTurn(verifiers)({ method: 'POST', target: '/', headers: [], body })
      const digests = [...new Set([uses[first], uses[second]].flatMap(use => use?.digests ?? []))]
      expect(asked).toEqual([{ isWanted: [first, second].some(name => name === 'wanted'), digests }])
    }
  })
})

describe('a request that is signed by two schemes', () => {
  const NOW = 1_764_000_000_000
  const ORIGIN = 'https://api.example.com'
  const secret = Buffer.alloc(40, 5).toString('base64')
  /** Those that sign a body, tell a replay, and carry all in headers. */
  const schemes = SCHEMES.filter(
    scheme =>
      scheme.keyId === 'carried' &&
      scheme.keys !== 'key-pair' &&
      scheme.detectsReplays &&
      coverageOf(scheme).parts.body !== 'not' &&
      carriesOf(scheme).every(({ in: place }) => place === 'header'),
  )
  const headersIn = (scheme: Scheme): readonly string[] => carriesOf(scheme).map(({ name }) => name)
  const pairs = schemes.flatMap(a => schemes.filter(b => !headersIn(a).some(name => headersIn(b).includes(name))).map(b => [a, b] as const))

  const verifierOf = (scheme: Scheme, clock = () => NOW): Verifier =>
    createVerifier(scheme, {
      origin: ORIGIN,
      clock,
      keys: memoryKeys(scheme, [{ id: 'k', secret, passphrase: scheme.hasPassphrase ? 'phrase' : undefined }]),
    })
  const headersOf = (scheme: Scheme, nowMs = NOW): { [name: string]: string } =>
    createSigner(scheme, { keyId: 'k', secret, passphrase: scheme.hasPassphrase ? 'phrase' : undefined }, { clock: () => nowMs }).sign({
      method: 'POST',
      url: `${ORIGIN}/pay`,
      body: '{"amount":1}',
    }).headers
  const call = (headers: object, reads: { count: number } = { count: 0 }) => ({
    method: 'POST',
    target: '/pay',
    headers: Object.entries(headers) as [string, string][],
    body: async () => {
      reads.count++
      return Buffer.from('{"amount":1}')
    },
  })

  /** The same signature of RFC 9421 under several labels; one as long as a key pair's where there is no index. */
  const manyOf = (headers: { readonly [name: string]: string }, count: number, which: (index: number) => number | undefined) => {
    const repeat = (name: string): string =>
      Array.from({ length: count }, (_, index) => {
        const one = String(headers[name]).replace(/^[^=]*=/, `l${index}=`)
        return which(index) === undefined && name === 'signature' ? `l${index}=:${Buffer.alloc(64, 1).toString('base64')}:` : one
      }).join(', ')
    return { ...headers, signature: repeat('signature'), 'signature-input': repeat('signature-input') }
  }

  it('is tried for many pairs', () => expect(pairs.length).toBeGreaterThan(10))

  it.each(pairs.map(([a, b]) => [a.name, b.name, a, b] as const))(
    'is one call for %s and %s, whichever is taken out',
    async (_a, _b, a, b) => {
      for (const alone of [a, b]) {
        for (const order of ['whole first', 'alone first']) {
          for (const deferBody of [false, true]) {
            const verify = verifyInTurn([verifierOf(a), verifierOf(b)])
            const [ofA, ofB] = [headersOf(a), headersOf(b)]
            const both = { ...ofA, ...ofB }
            const one = alone === a ? ofA : ofB
            const codes: string[] = []
            for (const headers of order === 'whole first' ? [both, one] : [one, both]) {
              const reads = { count: 0 }
              const { result } = await verify(call(headers, reads), { deferBody })
              expect(reads.count).toBeLessThan(2)
              codes.push(result.ok ? 'ok' : result.failure.code)
            }
            expect([order, deferBody, alone.name, ...codes]).toEqual([order, deferBody, alone.name, 'ok', 'replayed'])
          }
        }
      }
    },
  )

  it.each(pairs.map(([a, b]) => [a.name, b.name, a, b] as const))(
    'is refused where one signature is good only later: %s now, %s then',
    async (_a, _b, a, b) => {
      let nowMs = NOW
      const clock = (): number => nowMs
      const verify = verifyInTurn([verifierOf(a, clock), verifierOf(b, clock)])
      const later = headersOf(b, NOW + 400_000)
      const { result } = await verify(call({ ...headersOf(a), ...later }))
      expect(result.ok ? 'ok' : result.failure.code).toBe('timestamp-out-of-window')
      nowMs += 400_000
      // Alone it is a call that nobody has seen.
      expect((await verify(call(later))).result.ok).toBe(true)
    },
  )

  it.each<readonly [string, (headers: { readonly [name: string]: string }) => object]>([
    ['is malformed', headers => ({ ...headers, signature: 'nonsense"' })],
    ['is one of too many', headers => manyOf(headers, 9, index => index)],
    ['comes behind two wrong ones that could be of key pairs', headers => manyOf(headers, 3, index => (index < 2 ? undefined : index))],
  ])('is refused where the other %s', async (_what, change) => {
    const verify = verifyInTurn([verifierOf(qredoV1), verifierOf(rfc9421)])
    const { result } = await verify(call({ ...headersOf(qredoV1), ...change(headersOf(rfc9421)) }))
    expect(result.ok).toBe(false)
  })

  it('is taken where the other is by a key that nobody has', async () => {
    const verify = verifyInTurn([verifierOf(qredoV1), verifierOf(rfc9421)])
    const of = headersOf(rfc9421)
    const others = { ...of, 'signature-input': String(of['signature-input']).replace('keyid="k"', 'keyid="other"') }
    expect((await verify(call({ ...headersOf(qredoV1), ...others }))).result.ok).toBe(true)
  })

  it('is taken by the one that holds, where the other does not', async () => {
    const verify = verifyInTurn([verifierOf(qredoV1), verifierOf(rfc9421)])
    const { signature = '', ...others } = headersOf(rfc9421)
    const wrong = { ...others, signature: signature.replace(/:.*:/, `:${Buffer.alloc(32).toString('base64')}:`) }
    expect((await verify(call({ ...headersOf(qredoV1), ...wrong }))).result.ok).toBe(true)
  })

  describe('the other several times', () => {
    const KEYS = [{ id: 'k', secret, addresses: ['10.0.0.2'] }]
    const relabelled = (headers: { readonly [name: string]: string }, label: string): { [name: string]: string } =>
      Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [
          name,
          name.startsWith('signature') ? value.replace(/^[^=]*=/, `${label}=`) : value,
        ]),
      )
    const joined = (a: { readonly [name: string]: string }, b: { readonly [name: string]: string }): { [name: string]: string } =>
      Object.fromEntries(Object.entries(a).map(([name, value]) => [name, name.startsWith('signature') ? `${value}, ${b[name]}` : value]))
    const unknown = Object.fromEntries(
      Object.entries(headersOf(rfc9421)).map(([name, value]) => [name, value.replace('keyid="k"', 'keyid="gone"')]),
    )
    const wrong = { ...headersOf(rfc9421), signature: `sig1=:${Buffer.alloc(32).toString('base64')}:` }
    const FIRST = { 'of an unknown key': unknown, 'that is wrong': wrong, 'whose time is over': headersOf(rfc9421, NOW - 900_000) }
    const GOOD_ELSEWHERE = {
      'good later': { headers: headersOf(rfc9421, NOW + 360_000), description: { id: 'k', secret } },
      'good from another address': { headers: headersOf(rfc9421), description: KEYS[0] },
    } as const
    const cases = Object.entries(FIRST).flatMap(([first, one]) =>
      Object.entries(GOOD_ELSEWHERE).flatMap(([second, { headers, description }]) =>
        [false, true].map(isTurned => [first, second, isTurned, one, headers, description] as const),
      ),
    )

    it.each(cases)('is refused: one %s, one that is %s, turned round: %s', async (_first, _second, isTurned, one, other, description) => {
      const second = createVerifier(rfc9421, {
        origin: ORIGIN,
        clock: () => NOW,
        keys: memoryKeys(rfc9421, [description ?? { id: 'k', secret }]),
      })
      const verify = verifyInTurn([verifierOf(qredoV1), second])
      const [x, y] = [relabelled(one, 'x'), relabelled(other, 'y')]
      const { result } = await verify({
        ...call({ ...headersOf(qredoV1), ...(isTurned ? joined(y, x) : joined(x, y)) }),
        address: '10.0.0.1',
      })
      expect(result.ok).toBe(false)
    })
  })

  describe('what is no signature of the other scheme', () => {
    const ownHeaders = [
      ['authorization', 'Bearer eyJhbGciOiJIUzI1NiJ9.e30.x'],
      ['authorization', 'Basic eDp5'],
      ['x-mbx-apikey', 'abc'],
      ['content-digest', 'nonsense'],
      ['digest', 'nonsense'],
      ['date', 'yesterday'],
      ['signature-input', 'nonsense'],
    ] as const
    const others = SCHEMES.filter(scheme => scheme !== qredoV1 && scheme.keys !== 'key-pair' && scheme.keyId === 'carried')
    const targets = ['/pay', '/pay?timestamp=1', '/pay?signature=abc']

    it.each(others.map(scheme => [scheme.name, scheme] as const))('refuses no call of qredo-v1 beside %s', async (_name, other) => {
      const own = carriesOf(qredoV1).map(({ name }) => name)
      const refused: unknown[] = []
      for (const target of targets) {
        for (const [name, value] of ownHeaders) {
          if (own.includes(name)) continue
          const { headers } = createSigner(qredoV1, { keyId: 'k', secret }, { clock: () => NOW }).sign({
            method: 'POST',
            url: ORIGIN + target,
            body: '{"amount":1}',
          })
          const { result } = await verifyInTurn([verifierOf(qredoV1), verifierOf(other)])({
            ...call({ ...headers, [name]: value }),
            target,
          })
          if (!result.ok) refused.push([target, name, value, result.failure.code])
        }
      }
      expect(refused).toEqual([])
    })
  })
})
