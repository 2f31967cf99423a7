import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { prettyJson } from './json-text.ts'

describe('prettyJson', () => {
  it.each([
    [
      '{"a":[1,2.50000000000000000001,{}],"b":{"c":null}}',
      '{\n  "a": [\n    1,\n    2.50000000000000000001,\n    {}\n  ],\n  "b": {\n    "c": null\n  }\n}',
    ],
    ['[]', '[]'],
    [' { } ', '{}'],
    ['"a\\"b{:,"', '"a\\"b{:,"'],
    ['{"a":1,"a":2}', '{\n  "a": 1,\n  "a": 2\n}'],
    ['12345678901234567890', '12345678901234567890'],
  ])('lays %s out, and leaves its tokens as they are', (text, laidOut) => {
    expect(prettyJson(text, false)).toBe(laidOut)
  })

  it.each(['', '{', 'a', '{"a":1}x', 'NaN'])('gives nothing for %j, which is no JSON', text => {
    expect(prettyJson(text, false)).toBeUndefined()
  })

  it('leaves JSON as it came that is nested more than 64 levels deep', () => {
    expect(prettyJson('['.repeat(64) + ']'.repeat(64), false)).toBeDefined()
    expect(prettyJson('['.repeat(65) + ']'.repeat(65), false)).toBeUndefined()
  })

  it('means the same as before, as JSON.stringify with two blanks lays it out', () => {
    fc.assert(
      fc.property(fc.json(), text => {
        const value: unknown = JSON.parse(text)
        expect(prettyJson(JSON.stringify(value), false)).toBe(JSON.stringify(value, undefined, 2))
      }),
      { seed: 17, numRuns: 500 },
    )
  })

  it('colours names, texts, numbers and words, each in another colour', () => {
    const text = prettyJson('{"a":["b",1,true]}', true) ?? ''
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what a terminal's colours begin with.
    const codes = [...text.matchAll(/\x1b\[(\d+)m("a"|"b"|1|true)\x1b\[39m/g)].map(([, code]) => code)
    expect(new Set(codes).size).toBe(4)
  })
})
