import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { memoryReplayGuard } from './replay.ts'

describe('memoryReplayGuard', () => {
  it('knows what it has seen until its window is over, and then lets it go', () => {
    let now = 1_000_000
    const guard = memoryReplayGuard({ clock: () => now })
    expect(guard.claim('a', now + 10_000)).toBe('fresh')
    expect(guard.claim('a', now + 10_000)).toBe('seen')
    expect(guard.claim('a', now + 20_000)).toBe('seen')
    now += 9_999
    expect(guard.claim('a', now)).toBe('seen')
    expect(guard.size).toBe(1)
    now += 2_000
    expect(guard.claim('b', now + 1)).toBe('fresh')
    expect(guard.size).toBe(1)
  })

  it('refuses a claim that has ended: it would be forgotten at once, and pass again', () => {
    const guard = memoryReplayGuard({ clock: () => 1_000_000 })
    for (const end of [0, 999_999, Number.NEGATIVE_INFINITY]) expect(guard.claim('a', end)).toBe('ended')
    expect(guard.claim('a', 1_000_000)).toBe('fresh')
    expect(guard.claim('a', 1_000_000)).toBe('seen')
  })

  it('refuses rather than forgets when it is full, and takes on again when there is room', () => {
    let now = 1_000_000
    const guard = memoryReplayGuard({ maxEntries: 2, clock: () => now })
    expect(guard.claim('a', now + 5_000)).toBe('fresh')
    expect(guard.claim('b', now + 5_000)).toBe('fresh')
    expect(guard.claim('c', now + 5_000)).toBe('full')
    expect(guard.claim('a', now + 5_000)).toBe('seen')
    expect(guard.size).toBe(2)
    now += 7_000
    expect(guard.claim('c', now + 5_000)).toBe('fresh')
  })

  it('holds on to what never ends', () => {
    let now = 0
    const guard = memoryReplayGuard({ clock: () => now })
    guard.claim('nonce', Number.POSITIVE_INFINITY)
    now = Number.MAX_SAFE_INTEGER
    expect(guard.claim('nonce', Number.POSITIVE_INFINITY)).toBe('seen')
  })

  it('agrees with a plain map of ids, whatever comes and ends in which order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ id: fc.integer({ min: 0, max: 3000 }), wait: fc.nat(3), ends: fc.nat(20_000) }), {
          minLength: 500,
          maxLength: 4000,
        }),
        steps => {
          let now = 1_764_000_000_000
          const guard = memoryReplayGuard({ maxEntries: 2000, clock: () => now })
          const ends = new Map<number, number>()
          for (const { id, wait, ends: after } of steps) {
            now += wait
            for (const [other, end] of ends) if (Math.floor(end / 1000) < Math.floor(now / 1000)) ends.delete(other)
            const expected = ends.has(id) ? 'seen' : ends.size >= 2000 ? 'full' : 'fresh'
            if (expected === 'fresh') ends.set(id, now + after)
            expect(guard.claim(`key ${id}`, now + after)).toBe(expected)
            expect(guard.size).toBe(ends.size)
          }
        },
      ),
      { seed: 14, numRuns: 20 },
    )
  })

  it('holds a hundred thousand, drops them, and takes as many again', () => {
    let now = 1_764_000_000_000
    const guard = memoryReplayGuard({ maxEntries: 100_000, clock: () => now })
    for (const round of ['a', 'b', 'c']) {
      const ids = Array.from({ length: 100_000 }, (_, at) => `${round} ${at}`)
      expect(ids.filter(id => guard.claim(id, now + 5_000) !== 'fresh')).toEqual([])
      expect(ids.filter(id => guard.claim(id, now + 5_000) !== 'seen')).toEqual([])
      expect(guard.claim('one more', now)).toBe('full')
      now += 7_000
    }
  })

  it('asks for no random numbers before the first claim, since some platforms have none at the start of a module', () => {
    const random = vi.spyOn(globalThis.crypto, 'getRandomValues')
    try {
      const guard = memoryReplayGuard()
      expect(random).not.toHaveBeenCalled()
      expect(guard.claim('a', Date.now() + 10_000)).toBe('fresh')
      expect(random).toHaveBeenCalledOnce()
      expect(guard.claim('a', Date.now() + 10_000)).toBe('seen')
      expect(random).toHaveBeenCalledOnce()
    } finally {
      random.mockRestore()
    }
  })

  it('takes no call twice, wherever its clock is set', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -2_000, max: 2_000 }), { minLength: 2, maxLength: 12 }), steps => {
        let now = 1_000_000_000
        const guard = memoryReplayGuard({ clock: () => now })
        let fresh = 0
        for (const [at, step] of steps.entries()) {
          now += step * 1000
          if (guard.claim('a', 1_000_300_000) === 'fresh') fresh++
          // Others, so many that the table is made anew and what has ended is dropped from it.
          for (let other = 0; other < 1500; other++) guard.claim(`${at} ${other}`, now + 300_000)
        }
        expect(fresh).toBeLessThanOrEqual(1)
      }),
      { seed: 13, numRuns: 60 },
    )
  })

  it('goes on where a clock is set back by less than a window', () => {
    let now = 1_000_000_000
    const guard = memoryReplayGuard({ clock: () => now })
    expect(guard.claim('a', now + 300_000)).toBe('fresh')
    now -= 60_000
    expect(guard.claim('b', now + 300_000)).toBe('fresh')
    expect(guard.claim('a', 1_000_300_000)).toBe('seen')
  })
})
