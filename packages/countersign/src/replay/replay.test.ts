import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { tries } from '../properties/tries.ts'
import {
  LEAST_REPLAY_BYTES,
  type MemoryReplayGuard,
  type MemoryReplayGuardOptions,
  memoryReplayGuard,
  type NearlyFull,
  type ReplayAnswer,
} from './replay.ts'

const START = 1_764_000_000_000
const WINDOW_MS = 300_000

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

describe('memoryReplayGuard', () => {
  it('knows what it has seen until its window is over, and then lets it go', () => {
    let now = 1_000_000
    const { guard, claim } = guardBy(() => now)
    expect(claim('a', now + 10_000)).toBe('fresh')
    expect(claim('a', now + 10_000)).toBe('seen')
    expect(claim('a', now + 20_000)).toBe('seen')
    now += 9_999
    expect(claim('a', now)).toBe('seen')
    expect(guard.usage().claims).toBe(1)
    now += 2_000
    expect(claim('b', now + 1)).toBe('fresh')
    expect(guard.usage().claims).toBe(1)
  })

  it('refuses a claim that has ended: it would be forgotten at once, and pass again', () => {
    const { claim } = guardBy(() => 1_000_000)
    for (const end of [0, 999_999, Number.NEGATIVE_INFINITY, Number.NaN]) expect(claim('a', end)).toBe('ended')
    expect(claim('a', 1_000_000)).toBe('fresh')
    expect(claim('a', 1_000_000)).toBe('seen')
  })

  it('refuses rather than forgets when it is full, and takes on again when there is room', () => {
    let now = 1_000_000
    const { guard, claim } = guardBy(() => now, { maxBytes: bytesFor(2) })
    expect(claim('a', now + 5_000)).toBe('fresh')
    expect(claim('b', now + 5_000)).toBe('fresh')
    expect(claim('c', now + 5_000)).toBe('full')
    expect(claim('a', now + 5_000)).toBe('seen')
    expect(guard.usage().claims).toBe(2)
    now += 7_000
    expect(claim('c', now + 5_000)).toBe('fresh')
  })

  it('forgets a call that never ends only after the lifetime that it is told', () => {
    let now = START
    const { guard, claim } = guardBy(() => now, { nonceLifetimeMs: 86_400_000 })
    expect(claim('nonce', Number.POSITIVE_INFINITY)).toBe('fresh')
    now += 86_400_000
    expect(claim('nonce', Number.POSITIVE_INFINITY)).toBe('seen')
    now += 86_400_000
    expect(claim('other', now)).toBe('fresh')
    expect(guard.usage().claims).toBe(1)
  })

  it('keeps calls that end at any time from now to years ahead, and longer than it has to by a 64th at most', () => {
    const distances = times(60, at => Math.floor(1.4 ** at * 1000))
    for (const distance of distances) {
      let now = START
      const { guard, claim } = guardBy(() => now)
      claim('a', START + distance)
      now = START + distance
      expect(claim('a', now)).toBe('seen')
      now = START + distance * (1 + 1 / 64) + 2_000
      claim('b', now)
      expect(guard.usage().claims).toBe(1)
    }
  })

  it('asks for no random numbers before the first claim, since some platforms have none at the start of a module', () => {
    const random = vi.spyOn(globalThis.crypto, 'getRandomValues')
    try {
      const claim = claimOf(memoryReplayGuard())
      expect(random).not.toHaveBeenCalled()
      expect(claim('a', Date.now() + 10_000)).toBe('fresh')
      expect(random).toHaveBeenCalledOnce()
      expect(claim('a', Date.now() + 10_000)).toBe('seen')
      expect(random).toHaveBeenCalledOnce()
    } finally {
      random.mockRestore()
    }
  })
})

describe('the options of a replay guard', () => {
  it.each<[string, object]>([
    ['bytes that are no number', { maxBytes: Number.NaN }],
    ['fewer bytes than none', { maxBytes: -1 }],
    ['bytes that hold no call', { maxBytes: LEAST_REPLAY_BYTES - 1 }],
    ['a lifetime that is no number', { nonceLifetimeMs: Number.NaN }],
    ['a lifetime without end', { nonceLifetimeMs: Number.POSITIVE_INFINITY }],
    ['a clock that is none', { clock: START }],
    ['a steady clock that is none', { steadyClock: 0 }],
    ['a listener that is none', { onNearlyFull: 'log' }],
    ['an option that there is not', { maxByte: 1_000 }],
  ])('are refused where they are given: %s', (_what, options) => {
    expect(() => memoryReplayGuard(options)).toThrow(expect.objectContaining({ code: 'option-invalid' }))
  })

  it('take as few bytes as hold one call', () => {
    expect(memoryReplayGuard({ maxBytes: LEAST_REPLAY_BYTES }).usage().maxClaims).toBe(1)
  })

  it('are by default thirty days for a nonce, and the clocks of the system', () => {
    const DAYS = 86_400_000
    const system = vi.spyOn(Date, 'now')
    const steady = vi.spyOn(performance, 'now')
    const set = (ms: number): void => {
      system.mockReturnValue(START + ms)
      steady.mockReturnValue(ms)
    }
    try {
      set(0)
      const guard = memoryReplayGuard()
      const claim = claimOf(guard)
      expect(claim('nonce', Number.POSITIVE_INFINITY)).toBe('fresh')
      set(30 * DAYS)
      expect(claim('nonce', Number.POSITIVE_INFINITY)).toBe('seen')
      set(31 * DAYS)
      expect(claim('nonce', Number.POSITIVE_INFINITY)).toBe('fresh')
      expect(guard.usage().claims).toBe(1)
    } finally {
      system.mockRestore()
      steady.mockRestore()
    }
  })
})

describe('the memory of a replay guard', () => {
  it('is told: how many calls are in it, how many fit, how many bytes', () => {
    let now = START
    const { guard, claim } = guardBy(() => now, { maxBytes: 1_000 })
    const all = { maxClaims: 70, maxBytes: 1_000 }
    expect(guard.usage()).toEqual({ ...all, claims: 0, bytesUsed: 0 })
    for (let at = 0; at < 30; at++) claim(`call ${at}`, now + 2_000, `key ${at % 3}`)
    expect(guard.usage()).toEqual({ ...all, claims: 30, bytesUsed: 48 * 12 })
    // Where all have ended, it is as at the beginning.
    now += 3_000
    claim('next', now + 2_000)
    expect(guard.usage()).toEqual({ ...all, claims: 1, bytesUsed: 16 * 12 })
  })

  it('is given back at once, however much it was, when all have ended', () => {
    let now = START
    const { guard, claim } = guardBy(() => now)
    for (let at = 0; at < 5_000; at++) claim(`call ${at}`, now + 2_000, `key ${at % 3}`)
    now += 4_000
    claim('next', now)
    expect(guard.usage().bytesUsed).toBe(64 * 16 * 12)
  })

  it('is given back a part at a time, as many parts as seconds passed', () => {
    let now = START
    const { guard, claim } = guardBy(() => now)
    for (let at = 0; at < 5_000; at++) claim(`call ${at}`, now + 2_000, `key ${at % 3}`)
    claim('stays', now + 3_600_000)
    const full = guard.usage().bytesUsed
    now += 3_000
    claim('next', now)
    const [afterThree, least] = [guard.usage().bytesUsed, 16 * 12]
    expect(full - afterThree).toBeGreaterThan(0)
    expect(full - afterThree).toBeLessThanOrEqual(3 * (full / 64) * 2)
    now += 1_000
    claim('last', now)
    expect(afterThree - guard.usage().bytesUsed).toBeLessThanOrEqual(2 * (full / 64))
    expect(guard.usage().bytesUsed).toBeGreaterThan(64 * least)
  })

  it('is given back while calls go on coming', () => {
    let now = START
    const { guard, claim } = guardBy(() => now)
    for (let at = 0; at < 5_000; at++) claim(`call ${at}`, now + 2_000, `key ${at % 3}`)
    claim('stays', now + 3_600_000)
    const full = guard.usage().bytesUsed
    for (let at = 0; at < 64; at++) {
      now += 3_000
      claim(`one ${at}`, now)
    }
    expect(full).toBeGreaterThan(60_000)
    expect(guard.usage().bytesUsed).toBe(64 * 16 * 12)
  })

  it.each([
    ['the epoch itself', 0],
    ['half a second after the epoch', 500],
    ['the end of all that it counts', 0xffffffff * 1_000],
    ['later than it counts', 1e15],
  ])('knows calls at any time: %s', (_when, now) => {
    const { claim } = guardBy(() => now)
    for (const end of [now, now + 300, now + WINDOW_MS, now + 1e13, Number.MAX_VALUE, Number.POSITIVE_INFINITY])
      expect([claim(`call ${end}`, end), claim(`call ${end}`, end)]).toEqual(['fresh', 'seen'])
  })

  it('holds by default 10,000 calls a second of five minutes, of one key alone or of several', () => {
    const { maxClaims, maxBytes } = memoryReplayGuard().usage()
    expect(maxBytes).toBe(64 * 1024 * 1024)
    // A call is kept for up to a 64th longer, and one key alone fills seven eighths.
    expect(maxClaims * (7 / 8)).toBeGreaterThan(10_000 * (WINDOW_MS / 1000) * (1 + 1 / 64))
  })
})

describe('the room of one key', () => {
  it('is seven eighths alone, so that others find room when they come', () => {
    const { guard, claim } = guardBy(() => START, { maxBytes: bytesFor(4_000) })
    const answers = times(5_000, at => claim(`greedy ${at}`, START + WINDOW_MS, 'greedy'))
    expect(answers.filter(answer => answer === 'fresh')).toHaveLength(3_500)
    expect(times(500, at => claim(`quiet ${at}`, START + WINDOW_MS, `quiet ${at % 100}`)).filter(answer => answer !== 'fresh')).toEqual([])
    expect(guard.usage().claims).toBe(4_000)
  })
})

describe('the room of one key beside others', () => {
  it.each([1, 100, 499])('is half, with %d calls of another', others => {
    const { claim } = guardBy(() => START, { maxBytes: bytesFor(1_000) })
    for (let at = 0; at < others; at++) claim(`other ${at}`, START + WINDOW_MS, 'other')
    const answers = times(600, at => claim(`busy ${at}`, START + WINDOW_MS, 'busy'))
    expect(answers).toEqual(times(600, at => (at < 500 ? 'fresh' : 'full')))
    expect(claim('busy 0', START + WINDOW_MS, 'busy')).toBe('seen')
    expect(claim('late', START + WINDOW_MS, 'other')).toBe('fresh')
  })

  it('is as much as is left where the others have more, up to the last', () => {
    const { claim } = guardBy(() => START, { maxBytes: bytesFor(1_000) })
    const answers = times(1_001, at => claim(`${at}`, START + WINDOW_MS, `key ${at % 3}`))
    expect(answers).toEqual([...times(1_000, () => 'fresh'), 'full'])
  })
})

describe('a replay guard that fills up', () => {
  function warned(maxClaims = 1_000) {
    const warnings: NearlyFull[] = []
    const time = { now: START }
    const onNearlyFull = (usage: NearlyFull) => warnings.push(usage)
    const { guard, claim } = guardBy(() => time.now, { maxBytes: bytesFor(maxClaims), onNearlyFull })
    let id = 0
    const call = (keyId: string, lastsMs = WINDOW_MS) => claim(`call ${id++}`, time.now + lastsMs, keyId)
    const said = () => warnings.map(({ of, keyId, claims }) => [of, keyId, claims])
    return { guard, call, time, warnings, said }
  }

  it.each<[string, (at: number) => string, readonly (readonly [of: string, keyId: string, claims: number])[]]>([
    [
      'of a key alone, by the half it has beside others, and of the guard',
      () => 'busy',
      [
        ['key', 'busy', 400],
        ['all', 'busy', 800],
      ],
    ],
    [
      'of a key beside another',
      at => (at === 0 || at > 500 ? `quiet ${at}` : 'busy'),
      [
        ['key', 'busy', 401],
        ['all', 'busy', 800],
      ],
    ],
    [
      'of two keys',
      at => `key ${at % 2}`,
      [
        ['key', 'key 0', 799],
        ['key', 'key 1', 800],
        ['all', 'key 0', 800],
      ],
    ],
    ['of the guard only, if many fill it', at => `key ${at % 5}`, [['all', 'key 0', 800]]],
  ])('warns at 80 %%, once of each: %s', (_what, keyOf, warnings) => {
    const { call, said } = warned()
    for (let at = 0; at < 1_000; at++) call(keyOf(at))
    expect(said()).toEqual(warnings)
  })

  it('says what is nearly full, and how full', () => {
    const { call, warnings } = warned()
    for (let at = 0; at < 800; at++) call(at % 2 === 0 ? 'busy' : `key ${at % 7}`)
    const usage = { maxClaims: 1_000, maxBytes: bytesFor(1_000), bytesUsed: expect.any(Number) }
    expect(warnings).toEqual([
      { ...usage, of: 'key', keyId: 'busy', share: 0.8, claims: 799 },
      { ...usage, of: 'all', keyId: 'busy', share: 0.8, claims: 800 },
    ])
  })

  it('warns of the guard although a key that stays near its share was warned of before', () => {
    const { guard, call, time, said } = warned(4_641)
    let answer: ReplayAnswer = 'fresh'
    for (let second = 0; answer === 'fresh'; second++) {
      time.now = START + second * 1_000
      for (let at = 0; at < 32 && answer === 'fresh'; at++) answer = call('steady', 60_000)
      for (let at = 0; at < second / 50 && answer === 'fresh'; at++) answer = call(`other ${at}`, 60_000)
    }
    expect(guard.usage().claims).toBe(4_641)
    expect(said().map(([of, keyId]) => [of, keyId])).toEqual([
      ['key', 'steady'],
      ['all', 'steady'],
    ])
  })

  it('refuses no call for want of room without a warning before it, whoever calls', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 1, max: 300 })), { maxLength: 12 }), bursts => {
        const { call, warnings } = warned(500)
        for (const [key, count] of bursts)
          for (let at = 0; at < count; at++)
            if (call(`key ${key}`) === 'full') expect(warnings.some(({ of, keyId }) => of === 'all' || keyId === `key ${key}`)).toBe(true)
      }),
      { seed: 15, numRuns: tries(200) },
    )
  })

  it.each([
    [100, 1],
    [101, 2],
  ])('warns again after an eighth and one more have ended: %d of 800', (ending, count) => {
    const { call, time, warnings } = warned()
    for (let at = 0; at < 800; at++) call(`key ${at % 5}`, at < ending ? 1_000 : 60_000)
    expect(warnings).toHaveLength(1)
    time.now += 2_000
    for (let at = 0; at < 150; at++) call(`key ${at % 5}`, 60_000)
    expect(warnings).toHaveLength(count)
  })

  it.each([
    [50, 1],
    [51, 2],
  ])('warns of a key again after an eighth of its calls and one more have ended: %d of 400', (ending, count) => {
    const { call, time, warnings } = warned()
    for (let at = 0; at < 400; at++) call('busy', at < ending ? 1_000 : 60_000)
    expect(warnings).toHaveLength(1)
    time.now += 2_000
    for (let at = 0; at < 90; at++) call('busy', 60_000)
    expect(warnings).toHaveLength(count)
  })

  it('answers as ever where whoever is warned throws', () => {
    const onNearlyFull = (): never => {
      throw new Error('log')
    }
    const { claim } = guardBy(() => START, { maxBytes: bytesFor(10), onNearlyFull })
    expect(times(11, at => claim(`${at}`, START + 5_000, `key ${at}`))).toEqual([...times(10, () => 'fresh'), 'full'])
  })
})

describe('a replay guard whose clock is set', () => {
  const MINUTE = 60_000
  it.each([10, 60, 1_440])(
    'takes nothing while it is put back by %d minutes, since it may have forgotten, and goes on after that',
    back => {
      let now = START
      let steady = 0
      const guard = memoryReplayGuard({ clock: () => now, steadyClock: () => steady })
      const claim = claimOf(guard)
      claim('a', START + WINDOW_MS)
      now -= back * MINUTE
      expect([claim('a', now + WINDOW_MS), claim('b', now + WINDOW_MS), claim('a', now - 1)]).toEqual(['unsure', 'unsure', 'ended'])
      now += back * MINUTE
      steady += 1_000
      expect([claim('a', START + WINDOW_MS), claim('b', now + WINDOW_MS)]).toEqual(['seen', 'fresh'])
    },
  )

  it('catches up with a clock that was set right, in as much time as it was wrong by', () => {
    let now = START
    let steady = 0
    const guard = memoryReplayGuard({ clock: () => now, steadyClock: () => steady })
    const claim = claimOf(guard)
    claim('a', now + WINDOW_MS)
    now += 3_600_000
    claim('b', now + WINDOW_MS)
    expect(guard.usage().claims).toBe(2)
    now += 3_600_000
    steady += 3_600_000
    claim('c', now + WINDOW_MS)
    expect(guard.usage().claims).toBe(1)
  })

  it('goes on where a clock is set back by less than a window', () => {
    let now = 1_000_000_000
    const { claim } = guardBy(() => now)
    expect(claim('a', now + 300_000)).toBe('fresh')
    now -= 60_000
    expect(claim('b', now + 300_000)).toBe('fresh')
    expect(claim('a', 1_000_300_000)).toBe('seen')
  })

  it.each([10 * MINUTE, 1_440 * MINUTE * 365])(
    'loses nothing if it is set forward by %d ms for seconds and put back, even with no room left',
    ahead => {
      let now = START
      let steady = 0
      const guard = memoryReplayGuard({ maxBytes: bytesFor(100), clock: () => now, steadyClock: () => steady })
      const claim = claimOf(guard)
      for (let at = 0; at < 100; at++) claim(`call ${at}`, now + WINDOW_MS, `key ${at % 3}`)
      const answers = times(20, at => {
        steady += 1_000
        now = START + ahead + steady
        return claim(`ahead ${at}`, now + WINDOW_MS)
      })
      expect(new Set(answers)).toEqual(new Set(['full']))
      now = START + steady
      expect([claim('call 0', START + WINDOW_MS), claim('new', now + WINDOW_MS)]).toEqual(['seen', 'full'])
      now += WINDOW_MS
      steady += WINDOW_MS
      expect(claim('new', now + WINDOW_MS)).toBe('fresh')
    },
  )

  it('lets go of what has ended by a clock that stays ahead for a minute, if it needs the room, and takes nothing again', () => {
    let now = START
    let steady = 0
    const guard = memoryReplayGuard({ maxBytes: bytesFor(100), clock: () => now, steadyClock: () => steady })
    const claim = claimOf(guard)
    const pass = (ms: number) => {
      now += ms
      steady += ms
    }
    for (let at = 0; at < 90; at++) claim(`call ${at}`, now + WINDOW_MS, `key ${at % 3}`)
    now += 60 * MINUTE
    for (let at = 90; at < 98; at++) expect(claim(`call ${at}`, now + WINDOW_MS, `key ${at % 3}`)).toBe('fresh')
    pass(MINUTE / 2)
    claim('call 98', now + WINDOW_MS, 'key 0')
    pass(MINUTE / 2)
    claim('call 99', now + WINDOW_MS, 'key 1')
    expect(guard.usage().claims).toBe(100)
    expect(claim('call 100', now + WINDOW_MS)).toBe('fresh')
    expect(guard.usage().claims).toBe(11)
    now -= 60 * MINUTE
    expect([claim('call 0', START + WINDOW_MS), claim('new', now + WINDOW_MS)]).toEqual(['unsure', 'unsure'])
  })

  it('does so where nothing is left then', () => {
    let now = START
    let steady = 0
    const guard = memoryReplayGuard({ maxBytes: bytesFor(100), clock: () => now, steadyClock: () => steady })
    const claim = claimOf(guard)
    for (let at = 0; at < 100; at++) claim(`call ${at}`, now + WINDOW_MS, `key ${at % 3}`)
    for (let at = 0; at < 3; at++) {
      now = START + 60 * MINUTE + steady
      claim('next', now)
      steady += MINUTE / 2
    }
    expect([claim('next', now), claim('last', now), guard.usage().claims]).toEqual(['seen', 'fresh', 2])
  })

  it('keeps a call longer by a quarter of its time at most, while the clock is ahead of the time it goes by', () => {
    let now = START
    let steady = 0
    const guard = memoryReplayGuard({ clock: () => now, steadyClock: () => steady })
    const claim = claimOf(guard)
    const end = START + 1_440 * MINUTE + WINDOW_MS
    claim('first', now)
    now += 1_440 * MINUTE
    claim('call', end)
    now = end
    steady = 1e9
    expect(claim('call', end)).toBe('seen')
    expect(guard.usage().claims).toBe(1)
    now = end + WINDOW_MS / 4 + 1_000
    steady = 2e9
    claim('last', now)
    expect(guard.usage().claims).toBe(1)
  })
})
