import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { tries } from '../properties/tries.ts'
import { memoryReplayGuard, type ReplayAnswer } from './replay.ts'
import { createWindows } from './windows.ts'

const START = 1_764_000_000_000
const MINUTE = 60_000
const DAY = 86_400_000

/** A guard, and the verifiers that ask it, each with a window of its own. */
function setUp() {
  let now = START
  const guard = memoryReplayGuard({ clock: () => now, steadyClock: () => now })
  return {
    pass(ms: number) {
      now += ms
    },
    now: () => now,
    /** What a verifier does with a call: one outside of its window doesn't reach the guard. */
    ask(windowMs: number, id: string, issuedMs: number, endMs = Number.POSITIVE_INFINITY): ReplayAnswer | 'outside' {
      const expiresAtMs = Math.min(issuedMs + windowMs, endMs - 1)
      if (issuedMs - now > windowMs || now > expiresAtMs) return 'outside'
      return guard.claim({ id, keyId: 'key', expiresAtMs, issuedAtMs: issuedMs, windowMs })
    },
  }
}

describe('windows that differ', () => {
  it('takes no call again that was taken before the window became longer', () => {
    const { ask, pass, now } = setUp()
    const signed = now()
    expect(ask(5 * MINUTE, 'call', signed)).toBe('fresh')
    pass(6 * MINUTE)
    expect(ask(5 * MINUTE, 'call', signed)).toBe('outside')
    expect(ask(10 * MINUTE, 'call', signed)).toBe('unsure')
    expect(ask(10 * MINUTE, 'new', now())).toBe('fresh')
    expect(ask(10 * MINUTE, 'four minutes old', now() - 4 * MINUTE)).toBe('fresh')
    expect(ask(10 * MINUTE, 'six minutes old', now() - 6 * MINUTE)).toBe('unsure')
    pass(6 * MINUTE)
    expect(ask(10 * MINUTE, 'new', now() - 6 * MINUTE)).toBe('seen')
    pass(10 * MINUTE)
    expect(ask(10 * MINUTE, 'nine minutes old', now() - 9 * MINUTE)).toBe('fresh')
  })

  it('takes none again that was signed by a clock that is ahead, either', () => {
    const { ask, pass, now } = setUp()
    const signed = now() + 4 * MINUTE
    expect(ask(5 * MINUTE, 'call', signed)).toBe('fresh')
    expect(ask(10 * MINUTE, 'raises the window', now())).toBe('fresh')
    pass(10 * MINUTE)
    expect(ask(10 * MINUTE, 'call', signed)).toBe('unsure')
  })

  it('takes none again that was taken before the window became longer twice', () => {
    const { ask, pass, now } = setUp()
    const signed = now() + 4 * MINUTE
    expect(ask(5 * MINUTE, 'call', signed)).toBe('fresh')
    expect(ask(10 * MINUTE, 'raises the window', now())).toBe('fresh')
    pass(13 * MINUTE)
    expect(ask(12 * MINUTE, 'raises it again', now())).toBe('fresh')
    expect(ask(12 * MINUTE, 'call', signed)).toBe('unsure')
  })

  it('remembers calls for the longest window of those that ask', () => {
    const { ask, pass, now } = setUp()
    ask(10 * MINUTE, 'by the one', now())
    pass(21 * MINUTE)
    const signed = now()
    expect(ask(MINUTE, 'call', signed)).toBe('fresh')
    pass(5 * MINUTE)
    expect(ask(10 * MINUTE, 'call', signed)).toBe('seen')
    expect(ask(10 * MINUTE, 'another', signed)).toBe('fresh')
  })

  it('remembers a call for no longer than it says itself', () => {
    const windows = createWindows()
    windows.endOf({ expiresAtMs: START + 10 * MINUTE, issuedAtMs: START, windowMs: 10 * MINUTE }, START, START)
    expect(windows.endOf({ expiresAtMs: START + 999, issuedAtMs: START, windowMs: MINUTE }, START, START)).toBe(START + 999)
    expect(windows.endOf({ expiresAtMs: START + DAY, issuedAtMs: START }, START, START)).toBe(START + DAY)
    expect(windows.endOf({ expiresAtMs: START + DAY }, START, START)).toBe(START + DAY)
  })

  it('lets a window go that nobody has had for a day', () => {
    const windows = createWindows()
    const endAt = (windowMs: number, atMs: number) =>
      windows.endOf({ expiresAtMs: atMs + windowMs, issuedAtMs: atMs, windowMs }, atMs, atMs) - atMs
    expect(endAt(10 * MINUTE, START)).toBe(10 * MINUTE)
    expect(endAt(MINUTE, START + DAY)).toBe(10 * MINUTE)
    expect(endAt(MINUTE, START + DAY + 1)).toBe(MINUTE)
  })

  const windowMs = fc.constantFrom(2_000, 10_000, 30_000, 60_000, 120_000)
  const step = fc.record({
    windowMs,
    passedMs: fc.oneof(fc.integer({ min: 0, max: 20_000 }), fc.constantFrom(DAY, DAY + 1)),
    call: fc.nat({ max: 15 }),
    signedMs: fc.integer({ min: -120_000, max: 120_000 }),
    lastsMs: fc.option(fc.integer({ min: 1, max: 120_000 }), { nil: Number.POSITIVE_INFINITY }),
  })

  it('never takes a call twice, whatever the windows of those that ask', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), steps => {
        const { ask, pass, now } = setUp()
        const calls = new Map<number, { readonly signed: number; readonly end: number; taken: number }>()
        for (const { windowMs, passedMs, call, signedMs, lastsMs } of steps) {
          pass(passedMs)
          const signed = now() + signedMs
          const known = calls.get(call) ?? { signed, end: signed + lastsMs, taken: 0 }
          calls.set(call, known)
          if (ask(windowMs, `call ${call}`, known.signed, known.end) === 'fresh') known.taken++
        }
        expect([...calls.values()].filter(({ taken }) => taken > 1)).toEqual([])
      }),
      { numRuns: tries(20_000) },
    )
  })

  it('takes every new call that is younger than the shortest window', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), steps => {
        const { ask, pass, now } = setUp()
        for (const [at, { windowMs, passedMs, signedMs }] of steps.entries()) {
          pass(passedMs)
          expect(ask(windowMs, `call ${at}`, now() + (signedMs % 2_000))).toBe('fresh')
        }
      }),
      { numRuns: tries(2_000) },
    )
  })
})
