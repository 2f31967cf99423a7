import { describe, expect, it } from 'vitest'
import { queryJson } from './query.ts'

const TEXT = '{"keys":[{"id":"k1","n":12345678901234567890.10}],"a/b":{"m~n":""},"":0,"__proto__":"own"}'

describe('queryJson', () => {
  it.each([
    ['/keys/0/id', 'k1'],
    ['/keys/0/n', '12345678901234567890.10'],
    ['/keys/0', '{"id":"k1","n":12345678901234567890.10}'],
    ['/a~1b/m~0n', ''],
    ['/', '0'],
  ])('gives what is at %s', (pointer, expected) => {
    expect(queryJson(TEXT, pointer)).toBe(expected)
  })

  it('takes the last of names that come twice, and says where JSON is nested too deep', () => {
    expect(queryJson('{"a":1,"a":2,"b":3}', '/a')).toBe('2')
    expect(() => queryJson('['.repeat(100_000) + ']'.repeat(100_000), '/0')).toThrow(expect.objectContaining({ code: 'query-too-deep' }))
  })

  it('gives all of it for the empty pointer', () => {
    expect(queryJson('[1, 2]', '')).toBe('[1,2]')
  })

  it.each([
    ['/keys/1', 'query-not-found'],
    ['/keys/00', 'query-not-found'],
    ['/keys/length', 'query-not-found'],
    ['/keys/0/id/length', 'query-not-found'],
    ['/keys/0/n/value', 'query-not-found'],
    ['/constructor', 'query-not-found'],
    ['keys', 'query-malformed'],
  ])('refuses %s', (pointer, code) => {
    expect(() => queryJson(TEXT, pointer)).toThrow(expect.objectContaining({ code }))
  })

  it('refuses what is no JSON', () => {
    expect(() => queryJson('<html>', '/a')).toThrow(expect.objectContaining({ code: 'query-without-json' }))
  })
})
