import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CountersignError } from '../../contract/error.ts'
import { wantDigest } from './digest.ts'
import { acceptSignature, readAcceptSignature } from './message-signatures.ts'
import { serializeDictionary, serializeList, serializeMember } from './serialize-fields.ts'
import { serializeSignatureInput } from './signature-base.ts'
import {
  type BareItem,
  type Dictionary,
  type Item,
  type Member,
  type Parameters,
  parseDictionary,
  parseItem,
  parseList,
} from './structured-fields.ts'

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
    ['  1;a;b=?0;a=2  ', '1;a=2;b=?0'],
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
    '%"%ff"',
    ':A:',
    ':AA===:',
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
    ['a=1, b=2, a=3', 'a=3, b=2'],
  ])('dictionary %s', (text, written) => {
    const dictionary = parseDictionary(text)
    expect(dictionary === undefined ? undefined : serializeDictionary(dictionary)).toBe(written)
  })

  it.each(['A=1', '=1', 'a=', 'a=1,', 'a=1 b=2', '1=1'])('no dictionary: %j', text => {
    expect(parseDictionary(text)).toBeUndefined()
  })
})

const MOST = 999_999_999_999_999
/** Mostly what the grammar has, and at times what it has not. */
const texts = fc.oneof(
  fc.string({ unit: 'grapheme-ascii', maxLength: 8 }),
  fc.string({ unit: 'binary', maxLength: 4 }),
  fc.string({ unit: fc.constantFrom('"', '\\', '%', ';', '=', ',', 'a', '\ud800', '\n', '\x7f', 'é'), maxLength: 6 }),
)
const words = fc.oneof({ weight: 4, arbitrary: fc.stringMatching(/^[A-Za-z*][a-z0-9_.*/:-]{0,5}$/) }, texts)
const keys = fc.oneof({ weight: 6, arbitrary: fc.stringMatching(/^[a-z*][a-z0-9_.*-]{0,3}$/) }, texts)
const numbers = fc.oneof(
  fc.integer({ min: -MOST, max: MOST }),
  fc.integer({ min: -2e6, max: 2e6 }).map(tenths => tenths / 10_000),
  fc.double(),
  fc.constantFrom(0, -0, 0.0005, -0.0001, 999_999_999_999.9995, MOST, MOST + 1, 1700000000.123),
)
const bytes = fc.oneof({ weight: 4, arbitrary: fc.uint8Array({ maxLength: 7 }).map(raw => Buffer.from(raw).toString('base64')) }, texts)
const bareItems: fc.Arbitrary<BareItem> = fc.oneof(
  fc.record({ type: fc.constantFrom('integer' as const, 'decimal' as const, 'date' as const), value: numbers }),
  fc.record({ type: fc.constantFrom('string' as const, 'display' as const), value: texts }),
  fc.record({ type: fc.constant('token' as const), value: words }),
  fc.record({ type: fc.constant('bytes' as const), value: bytes }),
  fc.record({ type: fc.constant('boolean' as const), value: fc.boolean() }),
)
const parameterLists: fc.Arbitrary<Parameters> = fc.uniqueArray(fc.tuple(keys, bareItems), { maxLength: 2, selector: ([key]) => key })
const items: fc.Arbitrary<Item> = fc.record({ item: bareItems, parameters: parameterLists })
const members: fc.Arbitrary<Member> = fc.oneof(items, fc.record({ items: fc.array(items, { maxLength: 2 }), parameters: parameterLists }))
const dictionaries: fc.Arbitrary<Dictionary> = fc
  .uniqueArray(fc.tuple(keys, members), { maxLength: 2, selector: ([key]) => key })
  .map(pairs => new Map(pairs))

/** What is written, or `undefined` where it is refused as it should be. */
function writtenOf(write: () => string): string | undefined {
  try {
    return write()
  } catch (error) {
    expect(error).toBeInstanceOf(CountersignError)
    expect(error).toMatchObject({ code: 'option-invalid' })
    return undefined
  }
}

/** Within a thousandth, which is what rounding changes at most. */
function isSame(read: unknown, written: unknown): boolean {
  if (typeof read === 'number' && typeof written === 'number') return Math.abs(read - written) <= 0.0005 + Math.abs(written) * 1e-15
  if (typeof read !== 'object' || typeof written !== 'object' || read === null || written === null) return read === written
  const [left, right] = [read, written].map(value => Object.entries(value instanceof Map ? [...value] : value))
  return (
    left?.length === right?.length && (left ?? []).every(([key, value], at) => key === right?.[at]?.[0] && isSame(value, right?.[at]?.[1]))
  )
}

describe('what is written', () => {
  it.each<[string, fc.Arbitrary<unknown>, (value: never) => string, (text: string) => unknown]>([
    ['an item', items, serializeMember, parseItem],
    ['a list', fc.array(members, { maxLength: 3 }), serializeList, parseList],
    ['a dictionary', dictionaries, serializeDictionary, parseDictionary],
  ])('reads back as the same, or is refused: %s', (_name, values, write, read) => {
    let [tried, written] = [0, 0]
    fc.assert(
      fc.property(values, value => {
        tried++
        const text = writtenOf(() => write(value as never))
        if (text === undefined) return
        written++
        const back = read(text)
        expect(isSame(back, value), text).toBe(true)
        expect(write(back as never)).toBe(text)
      }),
      { seed: 21, numRuns: 3000 },
    )
    expect(written).toBeGreaterThan(tried / 6)
  })

  it('is read again where a signature says when, by whom and for what', () => {
    const parameters = fc.record({ created: numbers, expires: numbers, nonce: texts, keyid: texts, tag: texts }, { requiredKeys: [] })
    fc.assert(
      fc.property(parameters, given => {
        const text = writtenOf(() => serializeSignatureInput('"@method"', given))
        if (text === undefined) return
        const [member] = parseList(text) ?? []
        expect(member?.parameters.length).toBe(Object.keys(given).length)
        for (const [name, { value }] of member?.parameters ?? []) expect(isSame(value, given[name as keyof typeof given])).toBe(true)
      }),
      { seed: 22, numRuns: 2000 },
    )
  })

  it.each([-1, 11, 1.5, Number.NaN])('is no preference of %d for a digest', preference => {
    expect(() => wantDigest({ 'sha-256': preference })).toThrow(expect.objectContaining({ code: 'option-invalid' }))
    expect(wantDigest({ 'sha-256': 10, 'sha-512': 0 })).toBe('sha-256=10, sha-512=0')
  })

  it('is read again where a server asks for a signature', () => {
    fc.assert(
      fc.property(fc.record({ tag: texts, keyid: texts, nonce: texts }), parameters => {
        const text = writtenOf(() => acceptSignature({ sig: { components: ['@method'], parameters } }))
        if (text === undefined) return
        expect(readAcceptSignature(text)?.get('sig')?.parameters).toEqual(parameters)
      }),
      { seed: 23, numRuns: 500 },
    )
    for (const unclear of ['created=?0', 'created=1', 'nonce=token'])
      expect(readAcceptSignature(`sig=("@method");${unclear}`)).toBeUndefined()
  })

  it.each([
    [0.0005, '0.0'],
    [0.0015, '0.002'],
    [0.0025, '0.002'],
    [1.0005, '1.0'],
    [-0.0005, '0.0'],
    [0.00051, '0.001'],
    [9.9995, '10.0'],
    [123456789012.3455, '123456789012.346'],
    [1e-7, '0.0'],
  ])('rounds %d half to even: %s', (value, text) => {
    expect(serializeMember({ item: { type: 'decimal', value }, parameters: [] })).toBe(text)
  })

  it('keeps visible ASCII in a display string, and takes no half of a character', () => {
    const display = (value: string): string => serializeMember({ item: { type: 'display', value }, parameters: [] })
    expect(display(' ~"%\x7f\x1fé')).toBe('%" ~%22%25%7f%1f%c3%a9"')
    for (const half of ['\ud800', 'a\udc00']) expect(() => display(half)).toThrow(expect.objectContaining({ code: 'option-invalid' }))
  })
})
