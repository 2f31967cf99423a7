import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type MemoryReplayGuard, type MemoryReplayGuardOptions, memoryReplayGuard, type ReplayAnswer } from './replay.ts'

const START = 1_764_000_000_000
const WINDOW_MS = 300_000
const MINUTE = 60_000

function claimOf(guard: MemoryReplayGuard) {
  return (id: string, expiresAtMs: number, keyId = 'key'): ReplayAnswer => guard.claim({ id, keyId, expiresAtMs })
}

/** A guard in a time that nobody sets: both of its clocks are the given one. */
function guardBy(clock: () => number, options: MemoryReplayGuardOptions = {}) {
  const guard = memoryReplayGuard({ clock, steadyClock: clock, ...options })
  return { guard, claim: claimOf(guard) }
}

/** Holds exactly so many calls, up to some six thousand. */
function bytesFor(claims: number): number {
  return Math.ceil(claims / 0.85) * 12
}

function times<T>(count: number, make: (at: number) => T): T[] {
  return Array.from({ length: count }, (_, at) => make(at))
}

describe('a guard in memory that holds many calls', () => {
  it('agrees with a plain map of ids, whatever comes and ends in which order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ id: fc.integer({ min: 0, max: 3000 }), wait: fc.nat(3), ends: fc.nat(20_000) }), {
          minLength: 500,
          maxLength: 4000,
        }),
        steps => {
          let now = START
          const { guard, claim } = guardBy(() => now, { maxBytes: bytesFor(2000) })
          const ends = new Map<number, number>()
          for (const { id, wait, ends: after } of steps) {
            now += wait
            for (const [other, end] of ends) if (Math.floor(end / 1000) < Math.floor(now / 1000)) ends.delete(other)
            const expected = ends.has(id) ? 'seen' : ends.size >= 2000 ? 'full' : 'fresh'
            if (expected === 'fresh') ends.set(id, now + after)
            expect(claim(`call ${id}`, now + after, `key ${id % 7}`)).toBe(expected)
            expect(guard.usage().claims).toBe(ends.size)
          }
        },
      ),
      { seed: 14, numRuns: 20 },
    )
  })

  it.each([24, 1_000, 49_152, 98_304, 1_000_000, 3_333_333])('never takes more than %d bytes, and fills most of them', maxBytes => {
    const { guard, claim } = guardBy(() => START, { maxBytes })
    const { maxClaims } = guard.usage()
    expect(maxClaims).toBeLessThanOrEqual((maxBytes / 12) * 0.85)
    let at = 0
    // Each call is another key's.
    while (claim(`call ${at}`, START + WINDOW_MS, `key ${at}`) === 'fresh') {
      at++
      if (at % 997 === 0) expect(guard.usage().bytesUsed).toBeLessThanOrEqual(maxBytes)
    }
    expect(guard.usage().bytesUsed).toBeLessThanOrEqual(maxBytes)
    // The ids are spread over up to 64 tables, of which one is full first.
    expect(at).toBeGreaterThanOrEqual(Math.floor(maxClaims * 0.9))
    expect(at).toBe(guard.usage().claims)
  })

  it('refuses nothing after a sleep, though one part of its table is full before the whole is', () => {
    let now = START
    let steady = 0
    const guard = memoryReplayGuard({ maxBytes: 1_048_576, clock: () => now, steadyClock: () => steady })
    let id = 0
    const answers = new Set<ReplayAnswer>()
    const run = (seconds: number) => {
      for (let second = 0; second < seconds; second++) {
        now += 1_000
        steady += 1_000
        for (let at = 0; at < 40; at++) answers.add(guard.claim({ id: `${id++}`, keyId: `key ${at}`, expiresAtMs: now + WINDOW_MS }))
      }
    }
    run(400)
    now += 1_440 * MINUTE
    run(2_200)
    expect([...answers]).toEqual(['fresh'])
  })

  it('is taken as it fills, and given back when calls have ended', () => {
    let now = START
    const { guard, claim } = guardBy(() => now)
    const used = (): number => guard.usage().bytesUsed
    expect(used()).toBe(0)
    claim('first', now + WINDOW_MS)
    expect(used()).toBeLessThan(20_000)
    for (let at = 0; at < 100_000; at++) claim(`call ${at}`, now + WINDOW_MS, `key ${at % 3}`)
    expect(used()).toBeGreaterThan(100_000 * 12)
    expect(used()).toBeLessThan(100_000 * 36)
    // Some go on coming, so that it is never empty.
    for (let minute = 0; minute < 30; minute++) {
      now += 60_000
      claim(`later ${minute}`, now + WINDOW_MS)
    }
    expect(guard.usage().claims).toBeLessThan(10)
    expect(used()).toBeLessThan(20_000)
    now += 3_600_000
    claim('last', now - 1)
    claim('last', now)
    expect(guard.usage().claims).toBe(1)
    expect(used()).toBeLessThan(20_000)
  })

  it('holds a hundred thousand, drops them, and takes as many again', () => {
    let now = START
    const { claim } = guardBy(() => now, { maxBytes: 1_500_000 })
    for (const round of ['a', 'b', 'c']) {
      const ids = times(100_000, at => `${round} ${at}`)
      expect(ids.filter((id, at) => claim(id, now + 5_000, `key ${at % 3}`) !== 'fresh')).toEqual([])
      expect(ids.filter(id => claim(id, now + 5_000) !== 'seen')).toEqual([])
      now += 7_000
    }
  })

  it('is half while there are others: a greedy one is refused, and a hundred quiet ones never are', () => {
    let now = START
    const { guard, claim } = guardBy(() => now, { maxBytes: 300_000 })
    const { maxClaims } = guard.usage()
    const greedy: ReplayAnswer[] = []
    const quiet: ReplayAnswer[] = []
    let id = 0
    for (let second = 0; second < 900; second++) {
      now += 1_000
      for (let count = 0; count < 300; count++) greedy.push(claim(`greedy ${id++}`, now + WINDOW_MS, 'greedy'))
      // Ten calls a second in all.
      for (let count = 0; count < 10; count++) quiet.push(claim(`quiet ${id++}`, now + WINDOW_MS, `quiet ${id % 100}`))
      expect(guard.usage().claims).toBeLessThanOrEqual(maxClaims)
    }
    expect(new Set(quiet)).toEqual(new Set(['fresh']))
    expect(new Set(greedy)).toEqual(new Set(['fresh', 'full']))
  })

  it('is never above half beside others, and never refused to a key that has less than four tenths, whoever comes', () => {
    const steps = fc.array(fc.record({ key: fc.nat(60), many: fc.nat(120), wait: fc.nat(4_000), ends: fc.nat(30_000) }), {
      minLength: 30,
      maxLength: 150,
    })
    fc.assert(
      fc.property(steps, all => {
        let now = START
        const { claim } = guardBy(() => now, { maxBytes: bytesFor(1_000) })
        const ends = new Map<string, number[]>()
        let id = 0
        for (const { key, many, wait, ends: after } of all) {
          now += wait
          // A third of all steps is of one key.
          const keyId = `key ${key % 3 === 0 ? 0 : key}`
          const isLive = (end: number): boolean => Math.floor(end / 1000) >= Math.floor(now / 1000)
          for (const [other, own] of ends) ends.set(other, own.filter(isLive))
          const own = ends.get(keyId) ?? []
          ends.set(keyId, own)
          for (let count = 0; count < many; count++) {
            const live = [...ends.values()].reduce((sum, some) => sum + some.length, 0)
            const answer = claim(`call ${id++}`, now + after, keyId)
            if (answer === 'fresh') {
              if (own.length < live) expect(own.length).toBeLessThan(500)
              own.push(now + after)
            } else expect(live === 1_000 || own.length >= 400).toBe(true)
          }
        }
      }),
      { seed: 15, numRuns: 40 },
    )
  })

  // In the second, calls that have ended are let go of early, for want of room.
  it.each([67_108_864, 25_000])('takes no call twice, wherever it is set, with %d bytes', maxBytes => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ step: fc.integer({ min: -2_000, max: 2_000 }), passed: fc.nat(1_000) }), { minLength: 2, maxLength: 12 }),
        steps => {
          let now = 1_000_000_000
          let steady = 0
          const claim = claimOf(memoryReplayGuard({ maxBytes, clock: () => now, steadyClock: () => steady }))
          let fresh = 0
          for (const [at, { step, passed }] of steps.entries()) {
            now += step * 1000
            steady += passed * 1000
            if (claim('a', 1_000_300_000) === 'fresh') fresh++
            // Others, so many that the table is made anew and what has ended is dropped from it.
            for (let other = 0; other < 1500; other++) claim(`${at} ${other}`, now + WINDOW_MS)
          }
          expect(fresh).toBeLessThanOrEqual(1)
        },
      ),
      { seed: 13, numRuns: 60 },
    )
  })

  it.each([
    ['ten minutes forward and back', [10, -10]],
    ['four minutes back and forward', [-4, 4]],
    ['a day forward and back', [1_440, -1_440]],
    ['forward and back, again and again', [10, -10, 10, -10, 10, -10, 30, -30]],
    ['back and forward, again and again', [-4, 4, -3, 3, -4, 10, -6]],
  ])('remembers all of 50,000 calls, and takes new ones: %s', (_how, steps) => {
    let now = START
    let steady = 5_000
    const guard = memoryReplayGuard({ clock: () => now, steadyClock: () => steady })
    const claim = claimOf(guard)
    const ids = times(50_000, at => `call ${at}`)
    for (const [at, id] of ids.entries()) claim(id, START + WINDOW_MS, `key ${at % 5}`)
    for (const [at, minutes] of steps.entries()) {
      now += minutes * MINUTE
      // A second passes between two steps.
      now += 1_000
      steady += 1_000
      expect(claim(`while set ${at}`, now + WINDOW_MS)).toBe('fresh')
    }
    expect(guard.usage().claims).toBe(50_000 + steps.length)
    expect(ids.filter(id => claim(id, START + WINDOW_MS) !== 'seen')).toEqual([])
    expect(claim('new', now + WINDOW_MS)).toBe('fresh')
  })

  it.each([60, 1_440, 525_600])('goes on after a machine slept for %d minutes, however many calls there are', minutes => {
    let now = START
    let steady = 0
    // Room for seven minutes of ten calls a second.
    const guard = memoryReplayGuard({ maxBytes: 4_200 * 15, clock: () => now, steadyClock: () => steady })
    const claim = claimOf(guard)
    const run = (seconds: number): readonly string[] =>
      times(seconds * 10, at => {
        now += 100
        steady += 100
        return claim(`${now} ${at}`, now + WINDOW_MS, `key ${at % 3}`)
      })
    expect(new Set(run(600))).toEqual(new Set(['fresh']))
    now += minutes * MINUTE
    expect(new Set(run(3_600))).toEqual(new Set(['fresh']))
    // What was let go of is not taken again, should the clock be put back.
    const before = now
    now -= minutes * MINUTE
    expect([claim('a', now + WINDOW_MS), claim(`${before} 0`, before - minutes * MINUTE)]).toEqual(['unsure', 'unsure'])
  })
})
