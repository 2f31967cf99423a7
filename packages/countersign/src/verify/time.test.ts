import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CompleteClaim, Moment } from '../scheme/plan.ts'
import { findSkew, firstMomentMs, judgeTime, lastMomentMs } from './time.ts'

const NOW = 1_764_000_000_000
const TOLERANCE = 300_000

const moment = (some: Partial<Moment>): Moment => ({
  issuedMs: undefined,
  expiresMs: undefined,
  isLongLived: false,
  isUnique: false,
  ...some,
})

describe('a moment', () => {
  it.each<[string, Partial<Moment>, number | undefined]>([
    ['signed now', { issuedMs: NOW }, undefined],
    ['signed just within the window', { issuedMs: NOW - TOLERANCE }, undefined],
    ['signed a millisecond too early', { issuedMs: NOW - TOLERANCE - 1 }, -TOLERANCE - 1],
    ['signed ahead, just within the window', { issuedMs: NOW + TOLERANCE }, undefined],
    ['signed too far ahead', { issuedMs: NOW + TOLERANCE + 1 }, TOLERANCE + 1],
    ['that ends in a moment', { expiresMs: NOW + 1 }, undefined],
    ['that ends now', { expiresMs: NOW }, 0],
    ['that ends further ahead than the tolerance', { expiresMs: NOW + TOLERANCE + 1 }, TOLERANCE + 1],
    ['signed within the window, ended', { issuedMs: NOW - 1000, expiresMs: NOW - 1 }, -1],
    ['signed too early, though it has not ended', { issuedMs: NOW - TOLERANCE - 1, expiresMs: NOW + 1000 }, -TOLERANCE - 1],
    ['long-lived, signed an hour ago', { issuedMs: NOW - 3_600_000, expiresMs: NOW + 1, isLongLived: true }, undefined],
    ['long-lived and ended', { issuedMs: NOW - 3_600_000, expiresMs: NOW, isLongLived: true }, 0],
    ['with two signed times, the later too far ahead', { issuedMs: NOW, newestMs: NOW + TOLERANCE + 1 }, TOLERANCE + 1],
    ['with two signed times, the earlier too early', { issuedMs: NOW - TOLERANCE - 1, newestMs: NOW }, -TOLERANCE - 1],
    ['signed now, that ends further ahead than the tolerance', { issuedMs: NOW, expiresMs: NOW + TOLERANCE + 1 }, undefined],
    ['signed too early, that ends now', { issuedMs: NOW - TOLERANCE - 1, expiresMs: NOW }, 0],
    ['of no time at all', {}, undefined],
    ['with an end that is stated and over', { issuedMs: NOW, statedExpiresMs: NOW }, 0],
    ['with an end that is stated and ahead, however far', { issuedMs: NOW, statedExpiresMs: NOW + 1e12 }, undefined],
  ])('%s', (_what, some, skewMs) => {
    const expected = skewMs === undefined ? undefined : { code: 'timestamp-out-of-window', skewMs, serverTimeMs: NOW }
    // A skew of 0 may come as −0.
    expect(findSkew(moment(some), NOW, TOLERANCE)).toEqual(expected)
  })

  it.each<[string, Partial<Moment>]>([
    ['signed', { issuedMs: NOW }],
    ['that ends', { expiresMs: NOW }],
    ['long-lived', { issuedMs: NOW, expiresMs: NOW, isLongLived: true }],
    ['with an end that is stated', { statedExpiresMs: NOW }],
    ['of no time', {}],
  ])('%s is refused where the clock says no number', (_what, some) => {
    expect(findSkew(moment(some), Number.NaN, TOLERANCE)).toEqual({
      code: 'timestamp-out-of-window',
      skewMs: Number.NaN,
      serverTimeMs: Number.NaN,
    })
  })

  it('makes a claim timely, or says what is wrong with it; a claim that says no time is timely', () => {
    const claim = (some: Partial<Moment> | undefined) => ({ moment: some && moment(some) }) as unknown as CompleteClaim
    for (const good of [claim(undefined), claim({ issuedMs: NOW })]) expect(judgeTime(good, NOW, TOLERANCE)).toBe(good)
    expect(judgeTime(claim({ issuedMs: NOW + TOLERANCE + 1 }), NOW, TOLERANCE)).toMatchObject({ code: 'timestamp-out-of-window' })
  })

  it.each<[string, Partial<Moment> | undefined, number, number]>([
    ['signed', { issuedMs: NOW }, NOW - TOLERANCE, NOW + TOLERANCE],
    ['signed at two times', { issuedMs: NOW, newestMs: NOW + 5 }, NOW + 5 - TOLERANCE, NOW + TOLERANCE],
    ['that ends', { expiresMs: NOW }, NOW - TOLERANCE, NOW - 1],
    ['signed, that ends early', { issuedMs: NOW, expiresMs: NOW + 9 }, NOW - TOLERANCE, NOW + 8],
    ['signed, that ends late', { issuedMs: NOW, expiresMs: NOW + TOLERANCE + 2 }, NOW - TOLERANCE, NOW + TOLERANCE],
    ['long-lived', { issuedMs: NOW, expiresMs: NOW + 1e9, isLongLived: true }, NOW - TOLERANCE, NOW + 1e9 - 1],
    ['of no time', {}, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
    ['that is not there', undefined, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
  ])('%s is accepted from its first moment to its last, and not before or after', (_what, some, first, last) => {
    const one = some && moment(some)
    expect([firstMomentMs(one, TOLERANCE), lastMomentMs(one, TOLERANCE)]).toEqual([first, last])
    if (one === undefined || first === Number.NEGATIVE_INFINITY) return
    const isTaken = (nowMs: number): boolean => findSkew(one, nowMs, TOLERANCE) === undefined
    expect([first - 1, first, last, last + 1].map(isTaken)).toEqual([false, true, true, false])
  })

  it('is accepted up to its last moment and never after it, whatever it says', () => {
    const time = fc.option(fc.integer({ min: NOW - 2_000_000, max: NOW + 2_000_000 }), { nil: undefined })
    fc.assert(
      fc.property(
        time,
        time,
        time,
        fc.boolean(),
        fc.integer({ min: 0, max: 600_000 }),
        (issuedMs, expiresMs, statedExpiresMs, isLong, toleranceMs) => {
          const one = moment({
            issuedMs,
            expiresMs,
            statedExpiresMs,
            isLongLived: isLong && issuedMs !== undefined && expiresMs !== undefined,
          })
          const last = lastMomentMs(one, toleranceMs)
          if (last === Number.POSITIVE_INFINITY) return
          expect(findSkew(one, last + 1, toleranceMs)).toBeDefined()
          const mayStillBeTooEarly = issuedMs !== undefined && issuedMs - last > toleranceMs
          if (statedExpiresMs === undefined && !mayStillBeTooEarly) expect(findSkew(one, last, toleranceMs)).toBeUndefined()
        },
      ),
      { seed: 13, numRuns: 2000 },
    )
  })
})
