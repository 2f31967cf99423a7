import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseTimestamp, TIMESTAMP_FORMATS } from './parse-timestamp.ts'
import { createTimestamper, EPOCH_DIGITS, isEpoch } from './timestamp.ts'

const NOW = 1_647_356_399_123

describe('timestamps', () => {
  it.each(TIMESTAMP_FORMATS)('%s: what is written is read again, to the precision it has', format => {
    fc.assert(
      fc.property(fc.integer({ min: 1_000_000_000_000, max: 4_000_000_000_000 }), ms => {
        const text = createTimestamper(format, () => ms)()
        expect(isEpoch(text, [format])).toBe(EPOCH_DIGITS[format] !== undefined)
        const parsed = parseTimestamp(text, [format])
        const coarse = ['seconds', 'iso8601-seconds', 'iso8601-basic', 'http-date'].includes(format)
        expect(parsed).toEqual({ ms: coarse ? Math.floor(ms / 1000) * 1000 : ms, format })
      }),
      { seed: 14 },
    )
  })

  it('tells the epoch units apart by their digits', () => {
    const formats = ['seconds', 'milliseconds', 'microseconds', 'nanoseconds'] as const
    for (const [text, format] of [
      ['1647356399', 'seconds'],
      ['1647356399123', 'milliseconds'],
      ['1647356399123456', 'microseconds'],
      ['1647356399123456789', 'nanoseconds'],
    ] as const)
      expect(parseTimestamp(text, formats)?.format).toBe(format)
  })

  it('reads no other spelling', () => {
    const bad = [
      '',
      ' 1647356399',
      '+1647356399',
      '16473563990',
      '164735639',
      '1647356399.5',
      '1e9',
      '١٦٤٧٣٥٦٣٩٩',
      '0x62309a2f0',
      '1647356399\n',
    ]
    for (const text of bad) expect(parseTimestamp(text, ['seconds', 'milliseconds', 'microseconds', 'nanoseconds'])).toBeUndefined()
    for (const text of ['2022-02-31T00:00:00Z', '2022-03-15 14:59:59Z', '2022-03-15T14:59:59+00:00', '2022-03-15T14:59:59.1Z'])
      expect(parseTimestamp(text, ['iso8601'])).toBeUndefined()
    for (const text of ['Mon, 15 Mar 2022 14:59:59 GMT', 'Tue, 15 Mar 2022 14:59:59', 'Tuesday, 15-Mar-22 14:59:59 GMT'])
      expect(parseTimestamp(text, ['http-date'])).toBeUndefined()
    expect(parseTimestamp('20221315T145959Z', ['iso8601-basic'])).toBeUndefined()
  })

  it('gives no two calls the same timestamp in micro- and nanoseconds, though the clock stands still', () => {
    for (const [format, count] of [
      ['microseconds', 450],
      ['nanoseconds', 100_000],
    ] as const) {
      const stamp = createTimestamper(format, () => NOW)
      expect(new Set(Array.from({ length: count }, stamp)).size).toBe(count)
    }
  })
})
