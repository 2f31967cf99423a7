import { parseTimestamp, TIMESTAMP_FORMATS } from '../wire/parse-timestamp.ts'
import { createTimestamper, EPOCH_DIGITS, type TimestampFormat } from '../wire/timestamp.ts'
import { changing, type Hypothesis, replacing } from './hypothesis.ts'

const RIGHT = 'Make the timestamp once, and use the same characters in the message and in the header.'

const UNITS: { readonly [F in TimestampFormat]: string } = {
  seconds: 'seconds',
  milliseconds: 'milliseconds',
  microseconds: 'microseconds',
  nanoseconds: 'nanoseconds',
  'decimal-seconds': 'seconds with decimals',
  iso8601: 'ISO 8601 with milliseconds',
  'iso8601-seconds': 'ISO 8601',
  'iso8601-basic': 'ISO 8601 without punctuation',
  'http-date': 'an HTTP date',
}

/**
 * Every way to have signed another timestamp than the one in the header.
 *
 * @param others texts elsewhere in the request that look like a moment
 */
export function timestampHypotheses(sent: string, others: readonly string[]): readonly Hypothesis[] {
  const parsed = parseTimestamp(sent, TIMESTAMP_FORMATS)
  const hypotheses: Hypothesis[] = [
    other(
      'left-out',
      1,
      'It left the timestamp out of what it signed.',
      () => '',
      'Sign the timestamp as well: it comes where the scheme puts it.',
    ),
    one(
      'float',
      2,
      'It signed the timestamp as a float.',
      text => (/^\d+$/.test(text) ? `${text}.0` : undefined),
      'Make it a whole number before it becomes text.',
    ),
    one(
      'exponent',
      3,
      'It signed the timestamp in scientific notation.',
      text => (/^\d{16,}$/.test(text) ? Number(text).toExponential() : undefined),
      'Make it a whole number before it becomes text.',
    ),
    one('quoted', 3, 'It signed the timestamp with quotes around it.', text => `"${text}"`),
    ...others.map(moment =>
      other('other-header', 2, `It signed the moment ${moment}, and sent ${sent} in the timestamp's header.`, () => moment),
    ),
  ]
  if (parsed === undefined) return hypotheses
  for (const format of TIMESTAMP_FORMATS) {
    if (format === parsed.format) continue
    hypotheses.push(
      one(`in-${format}`, 1, `It signed the timestamp as ${UNITS[format]}, and sent it as ${UNITS[parsed.format]}.`, text =>
        inFormat(text, parsed.ms, format),
      ),
    )
  }
  hypotheses.push(
    other(
      'iso-offset',
      3,
      'It signed the timestamp as ISO 8601 with +00:00 for Z.',
      () => `${new Date(parsed.ms).toISOString().slice(0, 19)}+00:00`,
    ),
    other('iso-space', 4, 'It signed the timestamp with a space for the T.', () =>
      new Date(parsed.ms).toISOString().slice(0, 19).replace('T', ' '),
    ),
    one('one-second-before', 3, 'It made the timestamp twice: what it signed is a second older than what it sent.', text =>
      shifted(text, -1),
    ),
    one('one-second-after', 3, 'It made the timestamp twice: what it signed is a second younger than what it sent.', text =>
      shifted(text, 1),
    ),
  )
  return hypotheses
}

function one(code: string, weight: number, did: string, change: (text: string) => string | undefined, fix = RIGHT): Hypothesis {
  return { code: `timestamp-${code}`, dimension: 'timestamp', weight, did, fix, ...changing('timestamp', change) }
}

/** {@link one} for another timestamp altogether, whatever was sent. */
function other(code: string, weight: number, did: string, make: () => string, fix = RIGHT): Hypothesis {
  return { ...one(code, weight, did, make, fix), ...replacing('timestamp', make) }
}

/** Digits that the sent timestamp has are kept; those that it lacks are zeros, as when it is multiplied. */
function inFormat(text: string, ms: number, format: TimestampFormat): string {
  const digits = EPOCH_DIGITS[format]
  if (digits !== undefined) return (/^\d+$/.test(text) ? text : String(ms)).padEnd(digits, '0').slice(0, digits)
  if (format === 'decimal-seconds' && /^\d{11,}$/.test(text)) return `${text.slice(0, 10)}.${text.slice(10)}`
  return createTimestamper(format, () => ms)()
}

function shifted(text: string, seconds: number): string | undefined {
  if (!/^\d+$/.test(text) || text.length < 10) return undefined
  return String(Number(text.slice(0, 10)) + seconds) + text.slice(10)
}
