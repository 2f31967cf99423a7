import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { parseTimestamp, TIMESTAMP_FORMATS } from './parse-timestamp.ts'
import {
  checkedClock,
  createGrowingMilliseconds,
  createTimestamper,
  EPOCH_DIGITS,
  isEpoch,
  type TimestampFormat,
  timestampCharacters,
  timestampPattern,
} from './timestamp.ts'

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

  const written: readonly [TimestampFormat, string][] = [
    ['seconds', '1647356399'],
    ['milliseconds', '1647356399123'],
    ['decimal-seconds', '1647356399.123'],
    ['iso8601', '2022-03-15T14:59:59.123Z'],
    ['iso8601-seconds', '2022-03-15T14:59:59Z'],
    ['iso8601-basic', '20220315T145959Z'],
    ['http-date', 'Tue, 15 Mar 2022 14:59:59 GMT'],
  ]
  it.each(written)('%s is written as %s, also by a clock of fractions', (format, text) => {
    expect(createTimestamper(format, () => NOW)()).toBe(text)
    expect(createTimestamper(format, () => NOW + 0.9)()).toBe(text)
  })

  it.each<[string, readonly TimestampFormat[], number | undefined]>([
    ['0000000000', ['seconds'], 0],
    ['9999999999', ['seconds'], 9_999_999_999_000],
    ['164735639/', ['seconds'], undefined],
    ['164735639:', ['seconds'], undefined],
    ['/647356399', ['seconds'], undefined],
    ['1647356399123', ['seconds', 'milliseconds'], NOW],
    ['1647356399123', ['seconds'], undefined],
    ['164735639912x', ['milliseconds'], undefined],
    ['1647356399123999', ['microseconds'], NOW],
    ['164735639912399x', ['microseconds'], undefined],
    ['1647356399123999999', ['nanoseconds'], NOW],
    ['164735639912399999x', ['nanoseconds'], undefined],
    ['1647356399', ['decimal-seconds'], 1_647_356_399_000],
    ['1647356399.1', ['decimal-seconds'], 1_647_356_399_100],
    ['1647356399.123999999', ['decimal-seconds'], NOW],
    ['1647356399.', ['decimal-seconds'], undefined],
    ['1647356399.1239999990', ['decimal-seconds'], undefined],
    ['2022-03-15T14:59:59.123Z', ['iso8601'], NOW],
    ['2022-03-15T14:59:59Z', ['iso8601'], 1_647_356_399_000],
    ['2022-03-15T14:59:59.123Z', ['iso8601-seconds'], undefined],
    ['2022-03-15T14:59:59Z', ['iso8601-seconds'], 1_647_356_399_000],
    ['2022-13-15T14:59:59Z', ['iso8601'], undefined],
    ['2022-13-15T14:59:59Z', ['iso8601-seconds'], undefined],
    ['2022-03-15T24:00:00Z', ['iso8601-seconds'], undefined],
    ['20220315T145959Z', ['iso8601-basic'], 1_647_356_399_000],
    ['x20220315T145959Z', ['iso8601-basic'], undefined],
    ['20220315T145959Zx', ['iso8601-basic'], undefined],
    ['20220315T145959', ['iso8601-basic'], undefined],
    ['20220231T145959Z', ['iso8601-basic'], undefined],
    ['Tue, 15 Mar 2022 14:59:59 GMT', ['iso8601', 'http-date'], 1_647_356_399_000],
    ['Tue, 45 Mar 2022 14:59:59 GMT', ['http-date'], undefined],
    ['1647356399', [], undefined],
  ])('%s in one of %j is read as %s', (text, formats, ms) => {
    expect(parseTimestamp(text, formats)?.ms).toBe(ms)
  })

  it.each(['microseconds', 'nanoseconds'] as const)('%s begin anywhere in the lower half and count on, around the end', format => {
    const digits = format === 'microseconds' ? 3 : 6
    const [first, end] = [10 ** (digits - 1), 10 ** digits]
    const random = vi.spyOn(Math, 'random')
    try {
      for (const [luck, start] of [
        [0, first],
        [0.5, first + (end - first) / 4],
        [1 - 2 ** -53, first + (end - first) / 2 - 1],
      ] as const) {
        random.mockReturnValue(luck)
        let now = NOW
        const stamp = createTimestamper(format, () => now)
        expect([stamp(), stamp()]).toEqual([`${NOW}${start}`, `${NOW}${start + 1}`])
        now += 1.5
        expect([stamp(), stamp()]).toEqual([`${NOW + 1}${start}`, `${NOW + 1}${start + 1}`])
        now += 0.4
        expect(stamp()).toBe(`${NOW + 1}${start + 2}`)
      }
      // As many as there are before one comes again.
      const all = end - first
      if (digits === 6) return
      const stamp = createTimestamper(format, () => NOW)
      const stamps = Array.from({ length: all }, stamp)
      expect(new Set(stamps).size).toBe(all)
      expect(stamps.every(text => isEpoch(text, [format]))).toBe(true)
      expect(stamp()).toBe(stamps[0])
    } finally {
      random.mockRestore()
    }
  })

  it('grow with each call where they are asked to, whatever the clock does', () => {
    let now = NOW + 0.7
    const next = createGrowingMilliseconds(() => now)
    expect([next(), next(), next()]).toEqual([`${NOW}`, `${NOW + 1}`, `${NOW + 2}`])
    now = NOW - 1_000
    expect(next()).toBe(`${NOW + 3}`)
    now = NOW + 1_000
    expect([next(), next()]).toEqual([`${NOW + 1_000}`, `${NOW + 1_001}`])
  })

  it.each([
    [1e12, true],
    [1e12 - 1, false],
    [9e12 - 1, true],
    [9e12, false],
    [NOW / 1000, false],
    [Number.NaN, false],
    [Number.POSITIVE_INFINITY, false],
    [-NOW, false],
  ])("of a signer's clock that says %d can be written: %s", (ms, canBe) => {
    const clock = checkedClock(() => ms)
    if (canBe) expect(clock()).toBe(ms)
    else expect(clock).toThrow(expect.objectContaining({ code: 'option-invalid' }))
  })

  it.each<[string, readonly TimestampFormat[], boolean]>([
    ['1647356399', ['seconds'], true],
    ['1647356399', ['milliseconds', 'seconds'], true],
    ['1647356399', ['milliseconds', 'iso8601'], false],
    ['1647356399', [], false],
    ['164735639x', ['seconds'], false],
    ['x164735639', ['seconds'], false],
    ['164735639912x', ['milliseconds'], false],
    ['', ['iso8601'], false],
  ])('says whether %j is a time since the epoch in one of %j: %s', (text, formats, is) => {
    expect(isEpoch(text, formats)).toBe(is)
  })

  it('are found by what they may hold, which is no more than it has to be', () => {
    expect(timestampCharacters(['seconds'])).toBe('0-9')
    expect(timestampCharacters(['seconds', 'nanoseconds'])).toBe('0-9')
    expect(timestampCharacters(['decimal-seconds'])).toBe('0-9.')
    const any = timestampCharacters([])
    for (const formats of [['iso8601'], ['seconds', 'iso8601'], ['seconds', 'decimal-seconds'], ['decimal-seconds', 'http-date']] as const)
      expect(timestampCharacters(formats)).toBe(any)
    for (const format of TIMESTAMP_FORMATS) {
      const text = createTimestamper(format, () => NOW)()
      for (const pattern of [timestampPattern([format]), timestampPattern([])]) {
        expect(text).toMatch(new RegExp(`^${pattern}$`))
        expect(`${text}"`).not.toMatch(new RegExp(`^${pattern}$`))
      }
    }
  })
})
