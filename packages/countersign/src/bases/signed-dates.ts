import { CountersignError } from '../contract/error.ts'
import { DEFAULT_TOLERANCE_MS } from '../verify/types.ts'
import { findLine, type Line } from '../wire/header-lines.ts'
import { parseTimestamp } from '../wire/parse-timestamp.ts'
import type { TimestampFormat } from '../wire/timestamp.ts'

/**
 * The times of `date` and `x-date`, where a signature covers them beside a time of its own: they were signed, so they
 * are held against the clock too.
 *
 * @param formats of `date`
 * @returns in milliseconds since the epoch; `malformed` for a `date` that is none. `x-date` is nobody's standard: what
 * reads as no time is none.
 */
export function signedDates(
  lines: readonly Line[],
  covers: (name: 'date' | 'x-date') => boolean,
  formats: readonly TimestampFormat[],
): readonly number[] | 'malformed' {
  const times: number[] = []
  const date = covers('date') ? findLine(lines, 'date') : undefined
  if (date !== undefined) {
    const time = parseTimestamp(date, formats)
    if (time === undefined) return 'malformed'
    times.push(time.ms)
  }
  const other = covers('x-date') ? findLine(lines, 'x-date') : undefined
  const time = other === undefined ? undefined : parseTimestamp(other, ['http-date', 'iso8601', 'iso8601-basic', 'seconds', 'milliseconds'])
  if (time !== undefined) times.push(time.ms)
  return times
}

/**
 * A signer's half of it: a date that the caller gives, and the signature covers, is that of the call.
 *
 * @throws CountersignError `timestamp-invalid`
 */
export function checkSignedDates(dates: ReturnType<typeof signedDates>, signedAtMs: number | undefined): void {
  if (dates === 'malformed')
    throw new CountersignError('timestamp-invalid', 'The header date, which is signed, is not a date of HTTP: leave it out, or write one.')
  if (signedAtMs === undefined || dates.every(ms => Math.abs(ms - signedAtMs) <= DEFAULT_TOLERANCE_MS)) return
  throw new CountersignError(
    'timestamp-invalid',
    'The header date or x-date, which is signed, is minutes away from the time of the call: a verifier holds both against its clock.',
  )
}
