import { describe, expect, it } from 'vitest'
import { parseJson } from './json.ts'

const nested = (depth: number, open: string, close: string): string => `${open.repeat(depth)}1${close.repeat(depth)}`

describe('a JSON text from outside', () => {
  it.each([
    ['lists', '[', ']'],
    ['objects', '{"a":', '}'],
    ['both', '[{"a":', '}]'],
  ])('of nested %s is taken up to a depth, and read without running out of stack beyond', (_name, open, close) => {
    const levels = open.length - open.replaceAll(/[[{]/g, '').length
    expect(parseJson(nested(100 / levels, open, close))).toBeDefined()
    for (const depth of [101, 1_000, 100_000]) expect(() => parseJson(nested(depth, open, close))).toThrow(/nested/)
  })

  it.each([
    ['a value', '"\\u0000"'],
    ['the middle of a value', '{"a":["b\\u0000c"]}'],
    ['a name', '{"\\u0000":1}'],
    ['a name further in', '[{"a":{"b\\u0000":1}}]'],
  ])('with the NUL character in %s is refused', (_name, text) => {
    expect(() => parseJson(text)).toThrow('NUL')
  })

  it.each(['"\\\\u0000"', '{"\\\\u0000":"a\\\\u0000"}', '"u0000"', '"\\\\\\\\u0000"'])('with the six characters is taken: %s', text => {
    expect(parseJson(text)).toEqual(JSON.parse(text))
  })

  it.each(['', '{', '"\0"', 'undefined', '[1,]'])('that is none is refused: %j', text => {
    expect(() => parseJson(text)).toThrow(expect.objectContaining({ reason: 'malformed' }))
  })
})
