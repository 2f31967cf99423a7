import { describe, expect, it } from 'vitest'
import { checkSignedDates, signedDates } from './signed-dates.ts'

const NOW = 1_764_000_000_000
const HTTP = new Date(NOW).toUTCString()
const LATER = new Date(NOW + 60_000)

const all = (): boolean => true
const none = (): boolean => false
const only = (wanted: string) => (name: string) => name === wanted

describe('the dates that a signature covers', () => {
  it.each<[string, Record<string, string>, (name: string) => boolean, readonly number[] | 'malformed']>([
    ['both', { date: HTTP, 'x-date': LATER.toUTCString() }, all, [NOW, NOW + 60_000]],
    ['date alone', { date: HTTP, 'x-date': LATER.toUTCString() }, only('date'), [NOW]],
    ['x-date alone', { date: HTTP, 'x-date': LATER.toUTCString() }, only('x-date'), [NOW + 60_000]],
    ['neither', { date: HTTP, 'x-date': LATER.toUTCString() }, none, []],
    ['those that are not there', {}, all, []],
    ['a date that is none', { date: 'garbage', 'x-date': LATER.toUTCString() }, all, 'malformed'],
    ['a date that is none and is not signed', { date: 'garbage' }, none, []],
    ['a date in another format', { date: String(NOW) }, all, 'malformed'],
    ['x-date that is none', { date: HTTP, 'x-date': 'garbage' }, all, [NOW]],
    ['x-date as ISO 8601 writes it', { 'x-date': LATER.toISOString() }, all, [NOW + 60_000]],
    ['x-date as AWS writes it', { 'x-date': LATER.toISOString().replace(/[-:]|\.\d+/g, '') }, all, [NOW + 60_000]],
    ['x-date in seconds', { 'x-date': String(NOW / 1000) }, all, [NOW]],
    ['x-date in milliseconds', { 'x-date': String(NOW) }, all, [NOW]],
  ])('are held against the clock: %s', (_what, headers, covers, times) => {
    expect(signedDates(Object.entries(headers), covers, ['http-date'])).toEqual(times)
  })

  it.each<[string, readonly number[] | 'malformed', number | undefined, boolean]>([
    ['none', [], NOW, true],
    ['the time of the call', [NOW], NOW, true],
    ['five minutes before it', [NOW - 300_000], NOW, true],
    ['a millisecond more', [NOW - 300_001], NOW, false],
    ['five minutes after it', [NOW + 300_000], NOW, true],
    ['a millisecond later', [NOW + 300_001], NOW, false],
    ['one good, one not', [NOW, NOW + 300_001], NOW, false],
    ['no date at all', 'malformed', NOW, false],
    ['no date at all, in a call without a time', 'malformed', undefined, false],
    ['any, in a call without a time', [0], undefined, true],
  ])('are near the time of the call, or the signer refuses: %s', (_what, dates, signedAtMs, isGood) => {
    const check = (): void => checkSignedDates(dates, signedAtMs)
    if (isGood) expect(check).not.toThrow()
    else expect(check).toThrow(expect.objectContaining({ code: 'timestamp-invalid' }))
  })
})
