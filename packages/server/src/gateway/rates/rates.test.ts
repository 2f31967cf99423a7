import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { memoryRates } from './memory-rates.ts'
import type { Rate, Taken } from './rate.ts'
import { rateHeaders } from './rate-headers.ts'

/** A limiter, and a clock that stands until it is moved. */
function counted(rate: Rate, maxBuckets?: number): { take: (bucket?: string) => Taken; pass: (ms: number) => void } {
  let now = 5_000
  const rates = memoryRates(() => now, maxBuckets)
  return {
    take: (bucket = 'k') => rates.take(bucket, rate) as Taken,
    pass: ms => {
      now += ms
    },
  }
}

describe('a rate', () => {
  it('is spent by calls at once, comes back evenly, and says how much is left', () => {
    const { take, pass } = counted({ quota: 3, windowSeconds: 6 })
    expect([take(), take(), take()].map(({ isAllowed, remaining, resetSeconds }) => [isAllowed, remaining, resetSeconds])).toEqual([
      [true, 2, 2],
      [true, 1, 4],
      [true, 0, 6],
    ])
    expect(take()).toEqual({ isAllowed: false, remaining: 0, resetSeconds: 6, retryAfterSeconds: 2 })
    pass(1_999)
    expect(take()).toMatchObject({ isAllowed: false, retryAfterSeconds: 1 })
    pass(1)
    expect(take()).toMatchObject({ isAllowed: true, remaining: 0 })
    pass(60_000)
    expect(take()).toMatchObject({ isAllowed: true, remaining: 2 })
  })

  it('is each bucket’s own; of too many, the one used longest ago is forgotten', () => {
    const { take } = counted({ quota: 1, windowSeconds: 60 }, 2)
    expect([take('a'), take('b'), take('a'), take('b')].map(({ isAllowed }) => isAllowed)).toEqual([true, true, false, false])
    expect([take('c'), take('b'), take('a')].map(({ isAllowed }) => isAllowed)).toEqual([true, false, true])
  })

  it('never lets more through than the quota and what came back, whenever calls come', () => {
    fc.assert(
      fc.property(
        fc.record({ quota: fc.integer({ min: 1, max: 50 }), windowSeconds: fc.integer({ min: 1, max: 100 }) }),
        fc.array(fc.integer({ min: 0, max: 3_000 }), { minLength: 1, maxLength: 200 }),
        (rate, gaps) => {
          const { take, pass } = counted(rate)
          let allowed = 0
          let elapsed = 0
          let tokens = rate.quota
          for (const gap of gaps) {
            pass(gap)
            elapsed += gap
            tokens = Math.min(rate.quota, tokens + (gap * rate.quota) / (rate.windowSeconds * 1000))
            const { isAllowed, remaining } = take()
            // What an ideal bucket says, but for rounding where it is at a whole token.
            if (Math.abs(tokens - 1) > 1e-3) expect(isAllowed).toBe(tokens > 1)
            if (isAllowed) {
              allowed++
              tokens -= 1
              expect(Math.abs(remaining - tokens)).toBeLessThan(1.01)
            }
          }
          expect(allowed).toBeLessThanOrEqual(rate.quota + (elapsed * rate.quota) / (rate.windowSeconds * 1000) + 0.01)
        },
      ),
      { seed: 18, numRuns: 300 },
    )
  })

  it('is told in headers, with when to come again where a call is refused', () => {
    const rate = { quota: 1, windowSeconds: 60 }
    const { take } = counted(rate)
    expect(rateHeaders(rate, take())).toEqual({
      'ratelimit-policy': '"per-key";q=1;w=60',
      ratelimit: '"per-key";r=0;t=60',
    })
    expect(rateHeaders(rate, take())).toMatchObject({ 'retry-after': '60' })
  })
})
