import { describe, expect, it } from 'vitest'
import type { MaybePromise } from '../contract/maybe-promise.ts'
import { type Key, memoryKeys, type ReplayAnswer, type ReplayClaim, type Scheme } from '../index.ts'
import type { Moment, TimelyClaim } from '../scheme/plan.ts'
import { github, okx, rfc9421 } from '../schemes/index.ts'
import { type ClaimerOptions, claimEach, createClaimer, type Proven, takesReplayGuard } from './claim-call.ts'

const NOW = 1_764_000_000_000
const TOLERANCE = 300_000
const key = memoryKeys(rfc9421, [{ id: 'k', secret: Buffer.alloc(40, 5) }]).find('k') as Key

type Told = Partial<Moment> | undefined

/** A call that was proven; without a moment it says no time. */
function call(told: Told, callIds: readonly string[] = ['a'], nonce = ''): Proven {
  const moment =
    told === undefined ? undefined : { issuedMs: undefined, expiresMs: undefined, isLongLived: false, isUnique: false, ...told }
  return { claim: { nonce, moment } as unknown as TimelyClaim, callIds, credential: 0, key }
}

/** A guard that answers as it is told, `fresh` where nothing is said of an id, and notes what it was asked. */
function guardOf(answers: { readonly [id: string]: ReplayAnswer } = {}, isAsync = false) {
  const asked: ReplayClaim[] = []
  const claim = (one: ReplayClaim): MaybePromise<ReplayAnswer> => {
    asked.push(one)
    const answer = answers[one.id] ?? 'fresh'
    return isAsync ? Promise.resolve(answer) : answer
  }
  return { asked, ids: () => asked.map(({ id }) => id), guard: { claim } }
}

function claimerOf(replay: ClaimerOptions['replay'], scheme: Scheme = rfc9421, wait: ClaimerOptions['wait'] = answer => answer) {
  return createClaimer(scheme, { replay, toleranceMs: TOLERANCE, clock: () => NOW, wait })
}

describe('the last step of a verifier', () => {
  const signed: Told = { issuedMs: NOW }
  it.each<[string, string, Proven, boolean]>([
    ['a POST with a time', 'POST', call(signed), true],
    ['a DELETE with a time', 'DELETE', call(signed), true],
    ['a GET with a time, which reads the same again', 'GET', call(signed), false],
    ['a HEAD with a time', 'HEAD', call(signed), false],
    ['an OPTIONS with a time', 'OPTIONS', call(signed), false],
    ['a GET whose time no other call has', 'GET', call({ ...signed, isUnique: true }), true],
    ['a POST whose time no other call has', 'POST', call({ ...signed, isUnique: true }), true],
    ['a GET with a nonce', 'GET', call(signed, ['a'], 'n'), true],
    ['a GET with a nonce and no time', 'GET', call(undefined, ['a'], 'n'), true],
    ['a POST with a nonce and no time', 'POST', call(undefined, ['a'], 'n'), true],
    ['a POST with neither, where a second delivery may be another call', 'POST', call(undefined), false],
    ['a GET with neither', 'GET', call(undefined), false],
  ])('asks the guard or does not: %s', async (_what, method, one, isAsked) => {
    const { guard, ids } = guardOf({ a: 'seen' })
    const refusal = await claimerOf(guard)(method, one)
    expect(ids()).toEqual(isAsked ? ['a'] : [])
    expect(refusal?.failure.code).toBe(isAsked ? 'replayed' : undefined)
  })

  it.each<[string, Told, Pick<ReplayClaim, 'expiresAtMs' | 'issuedAtMs' | 'windowMs'>]>([
    ['a time', { issuedMs: NOW - 7 }, { expiresAtMs: NOW - 7 + TOLERANCE, issuedAtMs: NOW - 7, windowMs: TOLERANCE }],
    [
      'a time, and an end that it says itself',
      { issuedMs: NOW - 7, expiresMs: NOW + 9e8, isLongLived: true },
      { expiresAtMs: NOW + 9e8 - 1, issuedAtMs: NOW - 7 },
    ],
    ['an end', { expiresMs: NOW + 60_000 }, { expiresAtMs: NOW + 59_999, issuedAtMs: NOW + 60_000 - TOLERANCE }],
    ['both', { issuedMs: NOW - 7, expiresMs: NOW + 60_000 }, { expiresAtMs: NOW + 59_999, issuedAtMs: NOW - 7, windowMs: TOLERANCE }],
    ['a nonce and no time', undefined, { expiresAtMs: Number.POSITIVE_INFINITY, issuedAtMs: undefined }],
    [
      'an end that is only stated',
      { issuedMs: NOW, statedExpiresMs: NOW + 1 },
      { expiresAtMs: NOW + TOLERANCE, issuedAtMs: NOW, windowMs: TOLERANCE },
    ],
    [
      'neither, but an end that is only stated',
      { statedExpiresMs: NOW + 1 },
      { expiresAtMs: Number.POSITIVE_INFINITY, issuedAtMs: undefined },
    ],
  ])('tells the guard whose call it is, since when and until when it could be accepted: with %s', async (_what, told, times) => {
    const { guard, asked } = guardOf()
    await claimerOf(guard)('POST', call(told, ['a', 'b'], 'n'))
    await claimerOf(guard)('POST', call(told, ['c'], 'n'))
    expect(asked).toEqual(['a', 'b', 'c'].map(id => ({ id, keyId: 'k', ...times })))
  })

  const left = new Error('gone')
  it.each<[string, () => unknown, object | undefined]>([
    ['fresh', () => 'fresh', undefined],
    ['seen', () => 'seen', { failure: { code: 'replayed', keyId: 'k' } }],
    ['full', () => 'full', { failure: { code: 'replay-guard-full', keyId: 'k' } }],
    // It was good for five minutes from a minute ago.
    ['ended', () => 'ended', { failure: { code: 'timestamp-out-of-window', skewMs: TOLERANCE - 60_000, serverTimeMs: NOW } }],
    ['unsure', () => 'unsure', { failure: { code: 'replay-guard-unavailable' } }],
    ['nothing', () => undefined, { failure: { code: 'replay-guard-unavailable' } }],
    ['a word that none has heard of', () => 'FRESH', { failure: { code: 'replay-guard-unavailable' } }],
    ['true', () => true, { failure: { code: 'replay-guard-unavailable' } }],
    [
      'with an error',
      () => {
        throw left
      },
      { failure: { code: 'replay-guard-unavailable' }, cause: left },
    ],
  ])('takes no call but on the word of its guard: %s', async (_what, answer, expected) => {
    const whole = expected === undefined ? undefined : { ok: false, ...expected }
    const one = call({ issuedMs: NOW - 60_000 })
    const atOnce = { claim: () => answer() as ReplayAnswer }
    const later = { claim: async () => answer() as ReplayAnswer }
    expect(claimerOf(atOnce)('POST', one)).toEqual(whole)
    expect(await claimerOf(later)('POST', one)).toEqual(whole)
  })

  it.each([false, true])('remembers every id that a call could come with, one after the other (later: %s)', async isAsync => {
    const ids = ['a', 'b', 'c']
    for (const seen of ids) {
      for (const answer of ['seen', 'full'] as const) {
        const { guard, ids: asked } = guardOf({ [seen]: answer }, isAsync)
        const refusal = await claimerOf(guard)('POST', call({ issuedMs: NOW }, ids))
        expect(refusal?.failure.code).toBe(answer === 'seen' ? 'replayed' : 'replay-guard-full')
        // What is refused is asked no further.
        expect(asked()).toEqual(ids.slice(0, ids.indexOf(seen) + 1))
      }
    }
    const { guard, ids: asked } = guardOf({}, isAsync)
    expect(await claimerOf(guard)('POST', call({ issuedMs: NOW }, ids))).toBeUndefined()
    expect(asked()).toEqual(ids)
    expect(await claimerOf(guard)('POST', call({ issuedMs: NOW }, []))).toBeUndefined()
    expect(asked()).toEqual(ids)
  })

  it('answers at once where the guard does, and waits no longer than it is told where it does not', async () => {
    expect(claimerOf(guardOf().guard)('POST', call({ issuedMs: NOW }, ['a', 'b']))).toBeUndefined()
    const tooLate = new Error('too late')
    const wait: ClaimerOptions['wait'] = () => {
      throw tooLate
    }
    for (const ids of [['a'], ['a', 'b']]) {
      const refusal = await claimerOf(guardOf({}, true).guard, rfc9421, wait)('POST', call({ issuedMs: NOW }, ids))
      expect(refusal).toEqual({ ok: false, failure: { code: 'replay-guard-unavailable' }, cause: tooLate })
    }
  })

  it.each<[string, Scheme, boolean]>([
    ['that signs a time', okx, true],
    ['whose client chooses what it signs', rfc9421, true],
    ['that signs neither time nor nonce', github, false],
  ])('has a guard for a scheme %s, or says why not', async (_what, scheme, takesGuard) => {
    expect(takesReplayGuard(scheme)).toBe(takesGuard)
    const twice = (replay: ClaimerOptions['replay']): unknown[] => {
      const claimCall = claimerOf(replay, scheme)
      return [1, 2].map(() => claimCall('POST', call({ issuedMs: NOW }))).map(refusal => (refusal as { failure?: unknown })?.failure)
    }
    // One in memory, where none is given.
    expect(twice(undefined)).toEqual([undefined, takesGuard ? { code: 'replayed', keyId: 'k' } : undefined])
    expect(twice('off')).toEqual([undefined, undefined])
    const { guard, ids } = guardOf()
    if (!takesGuard) expect(() => claimerOf(guard, scheme)).toThrow(expect.objectContaining({ code: 'option-invalid' }))
    else {
      twice(guard)
      expect(ids()).toEqual(['a', 'a'])
    }
  })
})

describe('the signatures of one request', () => {
  const long = call({ issuedMs: NOW + 200_000 }, ['long'])
  const short = call({ issuedMs: NOW - 200_000 }, ['short'])
  const middle = call({ issuedMs: NOW }, ['middle'])
  const never = call(undefined, ['never'], 'n')
  const neverToo = call(undefined, ['never too'], 'm')

  function claim(proven: readonly Proven[], { accepted = proven[0] as Proven, answers = {} as { [id: string]: ReplayAnswer } } = {}) {
    const { guard, asked, ids } = guardOf(answers, true)
    const refusal = claimEach(claimerOf(guard), 'POST', proven, accepted, { toleranceMs: TOLERANCE, nowMs: NOW })
    return refusal.then(given => ({ failure: given?.failure, asked, ids: ids() }))
  }

  it.each<[string, Proven[], string[]]>([
    ['as they come', [long, middle, short], ['long', 'middle', 'short']],
    ['turned round', [short, middle, long], ['long', 'middle', 'short']],
    ['mixed', [middle, short, long], ['long', 'middle', 'short']],
    ['with some that never end', [short, never, long, neverToo, middle], ['never', 'never too', 'long', 'middle', 'short']],
  ])('are claimed longest first: %s', async (_what, proven, ids) => {
    const before = [...proven]
    expect(await claim(proven)).toMatchObject({ failure: undefined, ids })
    expect(proven).toEqual(before)
  })

  it('are claimed once where two have one id, for as long as the longer holds', async () => {
    const one = call({ issuedMs: NOW - 100_000 }, ['a', 'b'])
    const other = call({ issuedMs: NOW + 100_000 }, ['b', 'c'])
    for (const proven of [
      [one, other],
      [other, one],
      [one, other, one],
    ]) {
      const { asked, failure } = await claim(proven)
      expect(failure).toBeUndefined()
      expect(asked.map(({ id, expiresAtMs }) => [id, expiresAtMs])).toEqual([
        ['b', NOW + 100_000 + TOLERANCE],
        ['c', NOW + 100_000 + TOLERANCE],
        ['a', NOW - 100_000 + TOLERANCE],
      ])
    }
  })

  it('have one id remembered by the one that ends by the tolerance, so that it is for a longer tolerance too', async () => {
    const byWindow = call({ issuedMs: NOW }, ['a'])
    const byItself = call({ issuedMs: NOW + 100_000, expiresMs: NOW + TOLERANCE + 50_001 }, ['a'])
    for (const proven of [
      [byWindow, byItself],
      [byItself, byWindow],
    ])
      expect((await claim(proven)).asked).toEqual([
        { id: 'a', keyId: 'k', expiresAtMs: NOW + TOLERANCE + 50_000, issuedAtMs: NOW, windowMs: TOLERANCE },
      ])
    expect((await claim([byItself, byItself])).asked).toMatchObject([{ expiresAtMs: NOW + TOLERANCE + 50_000, issuedAtMs: NOW + 100_000 }])
  })

  it.each<[ReplayAnswer, string]>([
    ['seen', 'replayed'],
    ['full', 'replay-guard-full'],
    ['unsure', 'replay-guard-unavailable'],
  ])('are all refused when the guard says of any that it is %s', async (answer, code) => {
    for (const id of ['long', 'middle', 'short'])
      expect(await claim([middle, short, long], { answers: { [id]: answer } })).toMatchObject({ failure: { code } })
  })

  it('are passed over when their time is over, but not the one by which the call is taken', async () => {
    const proven = [middle, short, long]
    for (const accepted of proven) {
      for (const { callIds } of proven) {
        const { failure, ids } = await claim(proven, { accepted, answers: { [String(callIds[0])]: 'ended' } })
        expect(failure?.code).toBe(accepted.callIds === callIds ? 'timestamp-out-of-window' : undefined)
        if (failure === undefined) expect(ids).toEqual(['long', 'middle', 'short'])
      }
    }
  })

  it.each<[string, Told, number | undefined]>([
    ['twice the tolerance ahead', { issuedMs: NOW + 2 * TOLERANCE }, undefined],
    ['a millisecond more', { issuedMs: NOW + 2 * TOLERANCE + 1 }, 2 * TOLERANCE + 1],
    ['with an end twice the tolerance ahead', { expiresMs: NOW + 2 * TOLERANCE }, undefined],
    ['with an end a millisecond more', { expiresMs: NOW + 2 * TOLERANCE + 1 }, 2 * TOLERANCE + 1],
    ['a second signed time too far ahead', { issuedMs: NOW, newestMs: NOW + 2 * TOLERANCE + 1 }, 2 * TOLERANCE + 1],
    ['long over', { issuedMs: NOW - 1e12 }, undefined],
    ['without a time', undefined, undefined],
  ])('are refused, and none remembered, with one that would have to be remembered for long: %s', async (_what, told, skewMs) => {
    const proven = [middle, call(told, ['other'], 'n')]
    const { failure, ids } = await claim(proven)
    expect(failure).toEqual(skewMs === undefined ? undefined : { code: 'timestamp-out-of-window', skewMs, serverTimeMs: NOW })
    expect(ids).toHaveLength(skewMs === undefined ? 2 : 0)
  })
})
