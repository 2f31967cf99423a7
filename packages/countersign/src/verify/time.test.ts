import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Moment } from '../scheme/plan.ts'
import { findSkew, lastMomentMs } from './time.ts'

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
    ['with an end that is stated and over', { issuedMs: NOW, statedExpiresMs: NOW }, 0],
    ['with an end that is stated and ahead, however far', { issuedMs: NOW, statedExpiresMs: NOW + 1e12 }, undefined],
  ])('%s', (_what, some, skewMs) => {
    const expected = skewMs === undefined ? undefined : { code: 'timestamp-out-of-window', skewMs, serverTimeMs: NOW }
    // A skew of 0 may come as −0.
    expect(findSkew(moment(some), NOW, TOLERANCE)).toEqual(expected)
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
