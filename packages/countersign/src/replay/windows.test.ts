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
  let [now, steady] = [START, 0]
  const guard = memoryReplayGuard({ clock: () => now, steadyClock: () => steady })
  return {
    pass(ms: number) {
      now += ms
      steady += ms
    },
    /** Sets the clock on or back. */
    set(ms: number) {
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

  it('takes none again that was taken by a longer window, by a clock that is further ahead than the shorter one', () => {
    const { ask, pass, now } = setUp()
    expect(ask(MINUTE, 'by the shortest', now())).toBe('fresh')
    const signed = now() + 9 * MINUTE
    expect(ask(10 * MINUTE, 'call', signed)).toBe('fresh')
    expect(ask(60 * MINUTE, 'raises it again', now())).toBe('fresh')
    pass(20 * MINUTE)
    expect(ask(60 * MINUTE, 'call', signed)).toBe('unsure')
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
    windows.claimed({ expiresAtMs: START + 10 * MINUTE, issuedAtMs: START, windowMs: 10 * MINUTE }, START, START)
    expect(windows.claimed({ expiresAtMs: START + 999, issuedAtMs: START, windowMs: MINUTE }, START, START).endMs).toBe(START + 999)
    expect(windows.claimed({ expiresAtMs: START + DAY, issuedAtMs: START }, START, START).endMs).toBe(START + DAY)
    expect(windows.claimed({ expiresAtMs: START + DAY }, START, START).endMs).toBe(START + DAY)
  })

  it('lets a window go that nobody has had for a day', () => {
    const windows = createWindows()
    const endAt = (windowMs: number, atMs: number) =>
      windows.claimed({ expiresAtMs: atMs + windowMs, issuedAtMs: atMs, windowMs }, atMs, atMs).endMs - atMs
    expect(endAt(10 * MINUTE, START)).toBe(10 * MINUTE)
    expect(endAt(MINUTE, START + DAY)).toBe(10 * MINUTE)
    expect(endAt(MINUTE, START + DAY + 1)).toBe(MINUTE)
  })

  const WINDOWS = [2_000, 10_000, 30_000, 120_000, 2 * DAY] as const
  const step = fc.record({
    windowMs: fc.constantFrom(...WINDOWS),
    passed: fc.oneof(
      { weight: 8, arbitrary: fc.integer({ min: 0, max: 40_000 }) },
      { weight: 1, arbitrary: fc.constantFrom(120_000, DAY, DAY + 1_000, 2 * DAY) },
    ),
    call: fc.nat({ max: 3 }),
    /** Of the window: a client's clock may be as far ahead, or behind. */
    signed: fc.double({ min: -1, max: 1, noNaN: true }),
    setMs: fc.option(fc.integer({ min: -300_000, max: 300_000 }), { nil: 0, freq: 8 }),
    lastsMs: fc.option(fc.integer({ min: 1, max: 120_000 }), { nil: Number.POSITIVE_INFINITY, freq: 5 }),
  })

  it('never takes a call twice, whatever the windows of those that ask, and however far ahead clients are', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 4, maxLength: 30 }), steps => {
        const { ask, pass, set, now } = setUp()
        const calls = new Map<number, { id: number; signed: number; end: number; taken: number }>()
        for (const [id, { windowMs, passed, call, signed, setMs, lastsMs }] of steps.entries()) {
          pass(passed)
          set(setMs)
          const known = calls.get(call)
          const signedMs = now() + Math.round(signed * windowMs)
          const one =
            known !== undefined && known.signed + 4 * DAY > now() ? known : { id, signed: signedMs, end: signedMs + lastsMs, taken: 0 }
          calls.set(call, one)
          if (ask(windowMs, `call ${one.id}`, one.signed, one.end) === 'fresh') one.taken++
          expect(one.taken).toBeLessThan(2)
        }
      }),
      { numRuns: tries(40_000) },
    )
  })

  it('takes every new call that is younger than the shortest window', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), steps => {
        const { ask, pass, now } = setUp()
        for (const [at, { windowMs, passed, signed }] of steps.entries()) {
          pass(passed)
          expect(ask(windowMs, `call ${at}`, now() + Math.round(signed * 1_900))).toBe('fresh')
        }
      }),
      { numRuns: tries(2_000) },
    )
  })
})
