import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import type { Fingerprinter } from './fingerprint.ts'
import { createReplayTable, layOutReplayTable, NEVER } from './replay-table.ts'

const SLOT_BYTES = 12

/** Of an id such as `5:7`: its low word is 5, which says where it is looked for, its high one 7. */
const asWritten: Fingerprinter = (id, into) => {
  const [low, high] = id.split(':').map(Number)
  into.low = (low ?? 0) | 0
  into.high = (high ?? 0) | 0
}

/** So far apart that the first slots of a table of sixteen are hit one after the other. */
const SIXTEENTH = 2 ** 28
const inSlot = (slot: number, high = 0): string => `${slot * SIXTEENTH}:${high}`

/** One shard of at most so many slots. */
const small = (mostSlots: number, fingerprint = asWritten) =>
  createReplayTable({ shards: 1, mostSlots, maxClaims: Math.floor(mostSlots * 0.85) }, fingerprint)

describe('the layout of a replay table', () => {
  it.each([
    [0, 1, 0, 0],
    [23, 1, 1, 0],
    [24, 1, 2, 1],
    [98_303, 1, 8_191, 6_962],
    [98_304, 2, 4_096, 6_962],
    [196_607, 2, 8_191, 13_924],
    [196_608, 4, 4_096, 13_924],
    [3_145_727, 32, 8_191, 222_784],
    [3_145_728, 64, 4_096, 222_784],
    [67_108_864, 64, 87_381, 4_753_472],
  ])('of %d bytes has %d shards of up to %d slots, for %d ids', (maxBytes, shards, mostSlots, maxClaims) => {
    expect(layOutReplayTable(maxBytes)).toEqual({ shards, mostSlots, maxClaims })
  })
})

describe('a replay table', () => {
  it('grows to twice what it holds once it is more than 70 % full, and is filled to 85 % at last', () => {
    const table = small(60)
    const sizes: number[] = []
    let at = 0
    // Spread evenly.
    while (table.claim(`${at * 70_000_000}:1`, 9, 1, true) === 'fresh') {
      at++
      sizes.push(table.bytesUsed / SLOT_BYTES)
    }
    const repeat = (count: number, size: number): number[] => Array.from({ length: count }, () => size)
    expect(sizes).toEqual([...repeat(11, 16), ...repeat(5, 24), ...repeat(7, 34), ...repeat(10, 48), ...repeat(18, 60)])
    for (let other = 0; other < at; other++) expect(table.claim(`${other * 70_000_000}:1`, 9, 1, false)).toBe('seen')
    // It falls on a slot that is free.
    expect(table.claim('4200000000:2', 9, 1, true)).toBe('full')
    // When the others have ended there is room again.
    expect(table.claim('4200000000:2', 20, 10, true)).toBe('fresh')
    expect(table.bytesUsed / SLOT_BYTES).toBe(16)
  })

  it('is no larger at first than it may become', () => {
    expect(small(5).bytesUsed).toBe(5 * SLOT_BYTES)
    expect(createReplayTable({ shards: 4, mostSlots: 100, maxClaims: 340 }, asWritten).bytesUsed).toBe(4 * 16 * SLOT_BYTES)
  })

  it('tells ids apart by both of their words, negative ones as well', () => {
    const table = small(100)
    const ids = ['5:7', '5:8', '6:7', '6:8', '-5:7', '5:-7', '-5:-7', `${2 ** 31 - 1}:1`, `${-(2 ** 31)}:1`, '0:0']
    for (const id of ids) expect(table.claim(id, 9, 1, true)).toBe('fresh')
    for (const id of ids) expect(table.claim(id, 9, 1, true)).toBe('seen')
  })

  it('finds an id behind others that fell on its slot, around the end of the table, and behind some that ended', () => {
    const table = small(16)
    const ends: [id: string, end: number][] = [
      [inSlot(14, 1), 3],
      [inSlot(14, 2), 9],
      [inSlot(14, 3), 3],
      [inSlot(15, 4), 9],
      [inSlot(14, 5), 9],
      [inSlot(0, 6), 9],
    ]
    for (const [id, end] of ends) expect(table.claim(id, end, 1, true)).toBe('fresh')
    for (const now of [1, 3, 4]) {
      for (const [id, end] of ends) if (end >= now) expect(table.claim(id, 9, now, true)).toBe('seen')
    }
    // What has ended is as good as not there, and its slot is taken again.
    for (let at = 0; at < 10; at++) expect(table.claim(inSlot(14, 10 + at), 4 + at, 4 + at, true)).toBe('fresh')
    expect(table.bytesUsed).toBe(16 * SLOT_BYTES)
    for (const [id, end] of ends) if (end >= 9) expect(table.claim(id, 9, 9, true)).toBe('seen')
  })

  it('says of an id in its last slice that it was seen, in the next that it is fresh, and of one that never ends always', () => {
    const table = small(16)
    table.claim('1:1', 5, 1, true)
    table.claim('2:2', NEVER, 1, true)
    expect(table.claim('1:1', 5, 5, true)).toBe('seen')
    expect(table.claim('1:1', 6, 6, true)).toBe('fresh')
    for (const now of [2 ** 31, NEVER]) expect(table.claim('2:2', NEVER, now, true)).toBe('seen')
  })

  it('remembers nothing where it is told that there is no room, and knows what it has seen', () => {
    const table = small(16)
    table.claim('1:1', 9, 1, true)
    expect([table.claim('1:1', 9, 1, false), table.claim('2:2', 9, 1, false), table.claim('2:2', 9, 1, true)]).toEqual([
      'seen',
      'full',
      'fresh',
    ])
  })

  it('leaves out what has ended before it grows, and only that', () => {
    const table = small(1_000)
    // Ten that end, and one in the present slice that has not.
    for (let at = 0; at < 10; at++) table.claim(inSlot(at), 5, 1, true)
    table.claim(inSlot(10), 6, 1, true)
    expect(table.claim(inSlot(12), 9, 6, true)).toBe('fresh')
    expect(table.bytesUsed).toBe(16 * SLOT_BYTES)
    expect([table.claim(inSlot(10), 6, 6, true), table.claim(inSlot(12), 9, 6, true), table.claim(inSlot(0), 9, 6, true)]).toEqual([
      'seen',
      'seen',
      'fresh',
    ])
  })

  it('gives memory back where it needs half of what it has, one shard after the other', () => {
    // The last bit of the high word says which shard.
    const table = createReplayTable({ shards: 2, mostSlots: 1_000, maxClaims: 1_700 }, asWritten)
    for (let at = 0; at < 100; at++) table.claim(`${at * 40_000_000}:${at}`, at < 20 ? 9 : 5, 1, true)
    const full = table.bytesUsed
    expect(full).toBe(2 * 96 * SLOT_BYTES)
    table.tidy(5, 2)
    expect(table.bytesUsed).toBe(full)
    table.tidy(6, 0)
    expect(table.bytesUsed).toBe(full)
    table.tidy(6, 1)
    expect(table.bytesUsed).toBe((96 + 22) * SLOT_BYTES)
    table.tidy(6, 1)
    expect(table.bytesUsed).toBe(2 * 22 * SLOT_BYTES)
    for (let at = 0; at < 20; at++) expect(table.claim(`${at * 40_000_000}:${at}`, 9, 9, true)).toBe('seen')
    table.tidy(10, 1_000_000_000)
    // 22 slots are less than twice 16.
    expect(table.bytesUsed).toBe(2 * 22 * SLOT_BYTES)
  })

  it.each([
    [22, 46],
    [23, 48],
    [24, 96],
  ])('keeps what it has where it needs more than half of it: with %d ids %d slots are left of 96', (live, slots) => {
    const table = small(1_000)
    for (let at = 0; at < 50; at++) table.claim(`${at * 80_000_000}:1`, at < live ? 9 : 5, 1, true)
    expect(table.bytesUsed).toBe(96 * SLOT_BYTES)
    // Those of the present slice are needed.
    table.tidy(5, 1)
    expect(table.bytesUsed).toBe(96 * SLOT_BYTES)
    table.tidy(9, 1)
    expect(table.bytesUsed).toBe(slots * SLOT_BYTES)
  })

  it('agrees with a plain map, whatever falls together and ends in which order', () => {
    const step = fc.record({ id: fc.nat(60), wait: fc.nat(9), lasts: fc.nat(12) })
    fc.assert(
      fc.property(fc.array(step, { minLength: 100, maxLength: 400 }), fc.integer({ min: 2, max: 60 }), (steps, mostSlots) => {
        // Many fall on one slot.
        const idOf = (id: number): string => `${(id % 9) * 477_000_000}:${id * 2}`
        const table = small(mostSlots)
        const most = Math.floor(mostSlots * 0.85)
        const ends = new Map<number, number>()
        let now = 1
        for (const { id, wait, lasts } of steps) {
          if (wait === 0) now++
          if (wait === 1) table.tidy(now, 1)
          for (const [other, end] of ends) if (end < now) ends.delete(other)
          const expected = ends.has(id) ? 'seen' : ends.size >= most ? 'full' : 'fresh'
          if (expected === 'fresh') ends.set(id, now + lasts)
          expect(table.claim(idOf(id), now + lasts, now, true)).toBe(expected)
          expect(table.bytesUsed).toBeLessThanOrEqual(mostSlots * SLOT_BYTES)
        }
      }),
      { seed: 15, numRuns: 60 },
    )
  })

  it('spreads ids under a key of its own, of which both words count', () => {
    const random = vi.spyOn(globalThis.crypto, 'getRandomValues')
    /** How the table grows says how its ids are spread. */
    const growth = (key: readonly [number, number]): string => {
      random.mockImplementationOnce(into => {
        if (into instanceof Int32Array) into.set(key)
        return into
      })
      const table = createReplayTable(layOutReplayTable(67_108_864))
      return Array.from({ length: 600 }, (_, at) => {
        table.claim(`call ${at}`, 9, 1, true)
        return table.bytesUsed
      }).join()
    }
    try {
      expect(growth([1, 2])).toBe(growth([1, 2]))
      expect(new Set([growth([1, 2]), growth([3, 2]), growth([1, 4])]).size).toBe(3)
    } finally {
      random.mockRestore()
    }
  })
})
