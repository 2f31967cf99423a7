import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseJsonText, writeJson, writePythonRepr } from './json-text.ts'

const COMPACT = { comma: ',', colon: ':' }
const write = (text: string, style: Parameters<typeof writeJson>[1]): string | undefined => {
  const node = parseJsonText(text)
  return node === undefined ? undefined : writeJson(node, style)
}

describe('JSON as other programs write it', () => {
  it('is what JSON.stringify writes, for any value', () => {
    fc.assert(
      fc.property(fc.json(), text => {
        const value: unknown = JSON.parse(text)
        expect(write(JSON.stringify(value, null, 3), { ...COMPACT, numbers: 'javascript' })).toBe(JSON.stringify(value))
        expect(write(text, { comma: ',', colon: ': ', indent: '  ', numbers: 'javascript' })).toBe(JSON.stringify(value, null, 2))
      }),
      { seed: 14 },
    )
  })

  it('keeps numbers, order and repeated members as they were written', () => {
    expect(write('{"b": 1.0, "a": 1e5, "a": 12345678901234567890}', COMPACT)).toBe('{"b":1.0,"a":1e5,"a":12345678901234567890}')
    expect(write('[1.0, 1e5, 12345678901234567890]', { ...COMPACT, numbers: 'javascript' })).toBe('[1,100000,12345678901234567000]')
    expect(write('[1, 2.5]', { ...COMPACT, numbers: 'floats' })).toBe('[1.0,2.5]')
  })

  it('sorts everywhere, or the outermost members only', () => {
    const text = '{"b":{"d":1,"c":2},"a":3}'
    expect(write(text, { ...COMPACT, sorted: true })).toBe('{"a":3,"b":{"c":2,"d":1}}')
    expect(write(text, { ...COMPACT, sorted: 'outermost' })).toBe('{"a":3,"b":{"d":1,"c":2}}')
  })

  it('is no JSON where it is none', () => {
    for (const text of ['', '{', '[1,]', '{"a" 1}', "{'a':1}", '01', '1 2', `${'['.repeat(100)}${']'.repeat(100)}`])
      expect([text, parseJsonText(text)]).toEqual([text, undefined])
  })

  it("quotes as Python's repr does", () => {
    const repr = (text: string): string => writePythonRepr(parseJsonText(text) ?? { kind: 'word', text: 'null' })
    expect(repr('{"a": true, "b": null, "c": [1, "x"]}')).toBe("{'a': True, 'b': None, 'c': [1, 'x']}")
    expect(repr('["it\'s"]')).toBe('["it\'s"]')
    expect(repr('["it\'s \\"so\\""]')).toBe(`['it\\'s "so"']`)
    expect(repr('["a\\\\b\\n"]')).toBe("['a\\\\b\\n']")
  })
})
