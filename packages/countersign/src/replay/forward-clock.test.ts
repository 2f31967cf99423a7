import { describe, expect, it } from 'vitest'
import { createForwardClock } from './forward-clock.ts'

const DAY = 86_400_000
const START = 1_764_000_000_000

describe('a clock that only goes forward', () => {
  // Each step: what the system's clock says, what the steady one does, and the time; all from the start.
  it.each<[string, (readonly [wall: number, steady: number, time: number])[]]>([
    ['begins with the system, however its own stands', [[0, 50_000, 0]]],
    [
      'goes with the system',
      [
        [0, 0, 0],
        [1_000, 1_000, 1_000],
        [1_500, 1_500, 1_500],
      ],
    ],
    [
      'goes slower than its own where the system does',
      [
        [0, 0, 0],
        [400, 1_000, 400],
        [500, 2_000, 500],
      ],
    ],
    [
      'stands while the system is put back, and until it is there again',
      [
        [0, 0, 0],
        [-9_000, 1_000, 0],
        [-1, 10_000, 0],
        [1, 10_002, 1],
      ],
    ],
    [
      'follows a system that is put forward two milliseconds for one',
      [
        [0, 0, 0],
        [600_000, 1_000, 2_000],
        [601_000, 2_000, 4_000],
      ],
    ],
    [
      'stands where no time has passed',
      [
        [0, 0, 0],
        [600_000, 0, 0],
        [600_000, 1, 2],
        [600_000, 1, 2],
      ],
    ],
    [
      'takes time that its own clock took back for none',
      [
        [0, 10_000, 0],
        [600_000, 5_000, 0],
        [600_000, 10_000, 0],
        [600_000, 10_001, 2],
      ],
    ],
    [
      'is never further behind than a day',
      [
        [0, 0, 0],
        [DAY, 0, 0],
        [DAY + 5, 0, 5],
        [30 * DAY, 1, 29 * DAY],
        [0, 2, 29 * DAY],
      ],
    ],
    [
      'reaches the system and goes no further',
      [
        [0, 0, 0],
        [3_000, 1_000, 2_000],
        [3_000, 2_000, 3_000],
        [3_000, 9_000, 3_000],
      ],
    ],
  ])('%s', (_what, steps) => {
    let steady = 0
    const clock = createForwardClock(() => steady)
    for (const [wallMs, steadyMs, time] of steps) {
      steady = steadyMs
      expect(clock.at(START + wallMs) - START).toBe(time)
    }
  })

  it('goes forward to the system at once where it is asked to, and never back', () => {
    expect(createForwardClock(() => 0).catchUp(START)).toBe(START)
    const clock = createForwardClock(() => 0)
    expect(clock.at(START)).toBe(START)
    expect(clock.catchUp(START + 600_000)).toBe(START + 600_000)
    expect(clock.catchUp(START)).toBe(START + 600_000)
    expect(clock.at(START)).toBe(START + 600_000)
  })
})
