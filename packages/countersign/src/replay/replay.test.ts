import { describe, expect, it, vi } from 'vitest'
import { type MemoryReplayGuard, type MemoryReplayGuardOptions, memoryReplayGuard, type NearlyFull, type ReplayAnswer } from './replay.ts'

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
    expect(guard.size).toBe(1)
    now += 2_000
    expect(claim('b', now + 1)).toBe('fresh')
    expect(guard.size).toBe(1)
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
    expect(guard.size).toBe(2)
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
    expect(guard.size).toBe(1)
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
      expect(guard.size).toBe(1)
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

describe('the memory of a replay guard', () => {
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
    expect(guard.size).toBe(4_000)
  })
})

describe('a replay guard that fills up', () => {
  it('warns at 80 %, once until it was below 70 %, and names the busiest key', () => {
    let now = START
    const warnings: NearlyFull[] = []
    const { claim } = guardBy(() => now, { maxBytes: bytesFor(1_000), onNearlyFull: usage => warnings.push(usage) })
    let id = 0
    const fill = (count: number): void => {
      for (let at = 0; at < count; at++) claim(`call ${id++}`, now + 10_000, at % 4 === 0 ? 'busy' : `key ${at}`)
    }
    fill(799)
    expect(warnings).toEqual([])
    fill(201)
    expect(warnings).toEqual([expect.objectContaining({ claims: 800, maxClaims: 1_000, maxBytes: bytesFor(1_000), busiestKeyId: 'busy' })])
    fill(500)
    expect(warnings).toHaveLength(1)
    now += 12_000
    fill(810)
    expect(warnings).toHaveLength(2)
  })

  it('warns before a key that is not alone is refused, and names it', () => {
    const warned: NearlyFull[] = []
    const guard = memoryReplayGuard({
      maxBytes: 65_536,
      clock: () => START,
      steadyClock: () => 0,
      onNearlyFull: usage => warned.push(usage),
    })
    const claim = claimOf(guard)
    claim('other', START + WINDOW_MS, 'quiet')
    let calls = 0
    while (claim(`call ${calls}`, START + WINDOW_MS, 'busy') === 'fresh') calls++
    expect(calls).toBeGreaterThan(1000)
    expect(warned).toHaveLength(1)
    expect(warned[0]?.busiestKeyId).toBe('busy')
    expect(warned[0]?.claims).toBeLessThan(calls * 0.9)
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
    expect(guard.size).toBe(2)
    now += 3_600_000
    steady += 3_600_000
    claim('c', now + WINDOW_MS)
    expect(guard.size).toBe(1)
  })

  it('goes on where a clock is set back by less than a window', () => {
    let now = 1_000_000_000
    const { claim } = guardBy(() => now)
    expect(claim('a', now + 300_000)).toBe('fresh')
    now -= 60_000
    expect(claim('b', now + 300_000)).toBe('fresh')
    expect(claim('a', 1_000_300_000)).toBe('seen')
  })
})
