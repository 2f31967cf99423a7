import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createClaimCounts } from './claim-counts.ts'

const COUNTED_KEYS = 32

const KEYS = 100

/** Every claim by itself. */
function createPlainCounts() {
  let claims: { readonly key: number; readonly end: number }[] = []
  return {
    add: (key: number, end: number) => claims.push({ key, end }),
    dropBefore(slice: number): void {
      claims = claims.filter(({ end }) => end >= slice)
    },
    size: () => claims.length,
    ofEach(): number[] {
      const own = Array.from({ length: KEYS }, () => 0)
      for (const { key } of claims) own[key] = (own[key] ?? 0) + 1
      return own
    },
  }
}

type Check = (counts: ReturnType<typeof createClaimCounts>, own: readonly number[]) => void

/** Adds, and now and then drops; looks after each step. Half of all claims are of a few keys. */
function runAnySteps(keys: number, seed: number, check: Check): void {
  const step = fc.record({ key: fc.nat(keys - 1), few: fc.boolean(), end: fc.nat(5), drop: fc.nat(300) })
  fc.assert(
    fc.property(fc.array(step, { minLength: 100, maxLength: 300 }), steps => {
      const counts = createClaimCounts()
      const plain = createPlainCounts()
      for (const { key: any, few, end, drop } of steps) {
        const key = few ? any % 5 : any
        counts.add(`key ${key}`, end)
        plain.add(key, end)
        if (drop <= 6) {
          counts.dropBefore(drop)
          plain.dropBefore(drop)
        }
        expect(counts.size).toBe(plain.size())
        check(counts, plain.ofEach())
      }
    }),
    { seed, numRuns: 8 },
  )
}

describe('the counts of claims', () => {
  it('are exact while there are up to 32 keys', () => {
    runAnySteps(COUNTED_KEYS, 15, (counts, own) => {
      expect(own.map((_, key) => counts.mostOf(`key ${key}`))).toEqual(own)
      expect(own.map((_, key) => counts.isAlone(`key ${key}`))).toEqual(own.map(count => count === counts.size))
      const { busiestKeyId } = counts
      expect(busiestKeyId === undefined ? 0 : own[Number(busiestKeyId.slice(4))]).toBe(Math.max(...own))
    })
  })

  it('are never too low, and too high by a 33rd of all at most, however many keys there are', () => {
    runAnySteps(KEYS, 16, (counts, own) => {
      const wrong = own.filter((count, key) => {
        const most = counts.mostOf(`key ${key}`)
        return most < count || most > count + counts.size / (COUNTED_KEYS + 1) || (counts.isAlone(`key ${key}`) && count < counts.size)
      })
      expect(wrong).toEqual([])
    })
  })

  it('keep a key that has two of a slice when one more than they count comes, and forget those that had one', () => {
    const counts = createClaimCounts()
    const keys = Array.from({ length: COUNTED_KEYS + 1 }, (_, at) => `key ${at}`)
    counts.add('key 0', 1)
    for (const key of keys) counts.add(key, 1)
    // Each has at most one that isn't counted any more.
    expect(keys.map(key => counts.mostOf(key))).toEqual([2, ...Array.from({ length: COUNTED_KEYS }, () => 1)])
    expect(counts.busiestKeyId).toBe('key 0')
    // There is room to count others again.
    for (let times = 0; times < 3; times++) counts.add('key 40', 1)
    expect(counts.busiestKeyId).toBe('key 40')
    expect([counts.mostOf('key 40'), counts.mostOf('key 1')]).toEqual([4, 1])
    expect(counts.size).toBe(COUNTED_KEYS + 5)
  })

  it('count on for a key that is counted, where there are as many keys as they count', () => {
    const counts = createClaimCounts()
    for (let at = 0; at < COUNTED_KEYS; at++) counts.add(`key ${at}`, 1)
    for (let times = 0; times < 100; times++) counts.add('key 0', 1)
    expect([counts.mostOf('key 0'), counts.mostOf('key 1'), counts.mostOf('another')]).toEqual([101, 1, 0])
  })

  it('are those of the other slices when one has ended in which keys were not counted any more', () => {
    const counts = createClaimCounts()
    for (let times = 0; times < 10; times++) counts.add('key 0', 2)
    for (let times = 0; times < 3; times++) counts.add('key 0', 1)
    for (let at = 0; at < COUNTED_KEYS + 1; at++) counts.add(`key ${at}`, 1)
    counts.dropBefore(2)
    expect([counts.mostOf('key 0'), counts.mostOf('key 1'), counts.isAlone('key 0')]).toEqual([10, 0, true])
  })

  it('are as new when all has ended', () => {
    const counts = createClaimCounts()
    for (let at = 0; at < 200; at++) counts.add(`key ${at % 50}`, at % 3)
    counts.dropBefore(2)
    expect(counts.size).toBeGreaterThan(0)
    counts.dropBefore(3)
    expect([counts.size, counts.mostOf('key 0'), counts.busiestKeyId]).toEqual([0, 0, undefined])
    counts.add('one', 9)
    expect([counts.size, counts.mostOf('one'), counts.isAlone('one'), counts.isAlone('key 0')]).toEqual([1, 1, true, false])
    expect(counts.busiestKeyId).toBe('one')
  })
})
