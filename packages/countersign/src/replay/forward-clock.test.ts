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
      'is not moved by a clock that is a year ahead for seconds',
      [
        [0, 0, 0],
        [365 * DAY, 1, 2],
        [365 * DAY + 2_000, 2_000, 4_000],
        [3_000, 3_000, 4_000],
        [5_000, 5_000, 5_000],
      ],
    ],
    [
      'reaches a clock that has been ahead for a day at once',
      [
        [0, 0, 0],
        [30 * DAY, 1, 2],
        [30.5 * DAY - 1, DAY / 2, DAY],
        [31 * DAY - 1, DAY, 31 * DAY - 1],
      ],
    ],
    [
      'does not, if that clock was put back in between',
      [
        [0, 0, 0],
        [30 * DAY, 1, 2],
        [DAY / 4, DAY / 4, DAY / 4],
        [30.5 * DAY, DAY / 2 + 1, 0.75 * DAY + 2],
        [31 * DAY, DAY, 1.75 * DAY],
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

  // Each step: what the system's clock says, what the steady one does, and the time after catching up.
  it.each<[string, (readonly [wall: number, steady: number, time: number])[]]>([
    ['is there already at first', [[0, 0, 0]]],
    [
      'reaches a clock that has been ahead for a minute',
      [
        [0, 0, 0],
        [DAY, 1_000, 2_000],
        [DAY + 40_000, 41_000, 82_000],
        [DAY + 60_000, 61_000, 122_000],
        [DAY + 75_000, 76_000, DAY + 75_000],
        [0, 77_000, DAY + 75_000],
      ],
    ],
    [
      'goes only as far as that clock was all the time',
      [
        [0, 0, 0],
        [DAY, 30_000, 60_000],
        [2 * DAY, 60_000, DAY + 30_000],
      ],
    ],
    [
      'does not follow a clock that was just set, however long nobody called before',
      [
        [0, 0, 0],
        [9 * DAY, 2 * DAY, 4 * DAY],
      ],
    ],
  ])('catches up where it is asked to: %s', (_what, steps) => {
    let steady = 0
    const clock = createForwardClock(() => steady)
    for (const [wallMs, steadyMs, time] of steps) {
      steady = steadyMs
      clock.at(START + wallMs)
      expect(clock.catchUp() - START).toBe(time)
    }
  })

  it('stands without a steady clock', () => {
    const clock = createForwardClock(() => Number.NaN)
    expect([clock.at(START), clock.at(START + DAY), clock.catchUp()]).toEqual([START, START, START])
  })
})
