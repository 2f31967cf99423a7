import { describe, expect, it } from 'vitest'
import { boundedMap } from './bounded-map.ts'

describe('a bounded map', () => {
  it('drops the oldest when it is full, and no other', () => {
    const map = boundedMap<number>(2)
    map.set('a', 1)
    map.set('b', 2)
    map.set('c', 3)
    expect(['a', 'b', 'c'].map(map.get)).toEqual([undefined, 2, 3])
  })

  it('makes a value that is set again the newest', () => {
    const map = boundedMap<number>(2)
    map.set('a', 1)
    map.set('b', 2)
    map.set('a', 3)
    map.set('c', 4)
    expect(['a', 'b', 'c'].map(map.get)).toEqual([3, undefined, 4])
  })

  it('keeps nothing where it may keep nothing', () => {
    const map = boundedMap<number>(0)
    map.set('a', 1)
    expect(map.get('a')).toBeUndefined()
  })
})
