import { describe, expect, it } from 'vitest'
import { serializeDictionary, serializeList, serializeMember } from './serialize-fields.ts'
import { parseDictionary, parseItem, parseList } from './structured-fields.ts'

// The examples of RFC 9651, §3, and of its parsing algorithms.
describe('structured fields', () => {
  it.each([
    ['5;foo=bar', '5;foo=bar'],
    ['4.5', '4.5'],
    ['-0.250', '-0.25'],
    ['1.0', '1.0'],
    ['"hello \\"world\\""', '"hello \\"world\\""'],
    ['foo123/456', 'foo123/456'],
    ['*x', '*x'],
    [':cHJldGVuZCB0aGlzIGlzIGJpbmFyeSBjb250ZW50Lg==:', ':cHJldGVuZCB0aGlzIGlzIGJpbmFyeSBjb250ZW50Lg==:'],
    ['?1', '?1'],
    ['@1659578233', '@1659578233'],
    ['%"This is intended for display to %c3%bcsers."', '%"This is intended for display to %c3%bcsers."'],
    ['  1;a;b=?0;a=2  ', '1;b=?0;a=2'],
  ])('item %s', (text, written) => {
    const item = parseItem(text)
    expect(item === undefined ? undefined : serializeMember(item)).toBe(written)
  })

  it.each([
    '',
    '1234567890123456',
    '1.',
    '1.2345',
    '1234567890123.1',
    '"open',
    '"\u0001"',
    '"\\a"',
    ':no base64:',
    '?2',
    '@1.5',
    '%"%C3"',
    '1 2',
    '-',
    'a=b',
    '(1)',
  ])('no item: %j', text => {
    expect(parseItem(text)).toBeUndefined()
  })

  it.each([
    ['sugar, tea, rum', 'sugar, tea, rum'],
    ['("foo" "bar"), ("baz"), ("bat" "one"), ()', '("foo" "bar"), ("baz"), ("bat" "one"), ()'],
    ['("foo"; a=1;b=2);lvl=5, ("bar" "baz");lvl=1', '("foo";a=1;b=2);lvl=5, ("bar" "baz");lvl=1'],
    ['a\t,\tb', 'a, b'],
    ['', ''],
  ])('list %s', (text, written) => {
    const list = parseList(text)
    expect(list === undefined ? undefined : serializeList(list)).toBe(written)
  })

  it.each([',', 'a,', 'a,,b', 'a b', '("a""b")', '("a"', '(a'])('no list: %j', text => {
    expect(parseList(text)).toBeUndefined()
  })

  it.each([
    ['en="Applepie", da=:w4ZibGV0w6ZydGU=:', 'en="Applepie", da=:w4ZibGV0w6ZydGU=:'],
    ['a=?0, b, c; foo=bar', 'a=?0, b, c;foo=bar'],
    ['rating=1.5, feelings=(joy sadness)', 'rating=1.5, feelings=(joy sadness)'],
    ['a=(1 2), b=3, c=4;aa=bb, d=(5 6);valid', 'a=(1 2), b=3, c=4;aa=bb, d=(5 6);valid'],
    ['a=1, b=2, a=3', 'b=2, a=3'],
  ])('dictionary %s', (text, written) => {
    const dictionary = parseDictionary(text)
    expect(dictionary === undefined ? undefined : serializeDictionary(dictionary)).toBe(written)
  })

  it.each(['A=1', '=1', 'a=', 'a=1,', 'a=1 b=2', '1=1'])('no dictionary: %j', text => {
    expect(parseDictionary(text)).toBeUndefined()
  })
})
