import { describe, expect, it } from 'vitest'
import { compileHeaderReader, DUPLICATE } from './headers.ts'

const read = compileHeaderReader(['x-key', 'x-sig', 'host'])

describe('compileHeaderReader', () => {
  it('finds names in any case, in every form that headers come in', () => {
    const expected = ['k', 's', undefined]
    expect(read(['X-Key', 'k', 'accept', '*/*', 'x-SIG', 's'])).toEqual(expected)
    expect(
      read([
        ['X-Key', 'k'],
        ['x-sig', 's'],
      ]),
    ).toEqual(expected)
    expect(read(new Headers({ 'X-Key': 'k', 'x-sig': 's' }))).toEqual(expected)
    expect(read({ 'X-Key': 'k', 'x-sig': ['s'], other: undefined })).toEqual(expected)
  })

  it('tells that one came twice, even with the same value', () => {
    expect(read(['x-key', 'k', 'X-KEY', 'k'])).toEqual([DUPLICATE, undefined, undefined])
    expect(read({ 'x-key': ['a', 'b', 'c'] })).toEqual([DUPLICATE, undefined, undefined])
  })
})
