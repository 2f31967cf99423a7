import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jsonMistake } from './json-mistake.ts'

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

describe('the place of a mistake in JSON', () => {
  it('is there where JSON.parse finds a mistake, and only there', () => {
    const character = fc.constantFrom(...'{}[],:"\\ \n\t0123-+.eEtrufalsn/\u0001\u00a0')
    const changed = fc
      .tuple(fc.json(), fc.nat(), fc.nat(2), fc.string({ unit: character, maxLength: 2 }))
      .map(([text, at, gone, put]) => text.slice(0, at % (text.length + 1)) + put + text.slice((at % (text.length + 1)) + gone))
    fc.assert(
      fc.property(fc.oneof(changed, fc.string({ unit: character })), text => {
        expect(jsonMistake(text) === undefined).toBe(isJson(text))
      }),
      { numRuns: 5_000 },
    )
  })

  it.each([
    ['', 1, 1],
    ['{\n  "a": 1,\n}', 3, 1],
    ['{\n  "a": x\n}', 2, 8],
    ['{\r\n  "a" 1\r\n}', 2, 7],
    ['{\n  "a": 1\n  "b": 2\n}', 3, 3],
    ['[1, 2', 1, 6],
    ['[1,\n"open\n]', 2, 1],
    ['{"a": 01}', 1, 8],
    ["{'a': 1}", 1, 2],
    ['{} // more', 1, 4],
  ])('of %j is line %d, column %d', (text, line, column) => {
    expect(jsonMistake(text)).toEqual({ line, column })
  })
})
