import { type TimestampFormat, withoutFraction } from './timestamp.ts'

/** What each format looks like. Only `iso8601` is read in two spellings: with and without the fraction. */
const TIMESTAMP_PATTERNS: { readonly [F in TimestampFormat]: RegExp } = {
  seconds: /^\d{10}$/,
  milliseconds: /^\d{13}$/,
  microseconds: /^\d{16}$/,
  nanoseconds: /^\d{19}$/,
  'decimal-seconds': /^\d{10}(\.\d{1,9})?$/,
  iso8601: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$/,
  'iso8601-seconds': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/,
  'iso8601-basic': /^\d{8}T\d{6}Z$/,
  'http-date': /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/,
}

export const TIMESTAMP_FORMATS = Object.keys(TIMESTAMP_PATTERNS) as readonly TimestampFormat[]

export interface ParsedTimestamp {
  /** Milliseconds since the epoch, whole. */
  readonly ms: number
  readonly format: TimestampFormat
}

/** Reads a timestamp in one of the formats given, and in no other spelling of them. */
export function parseTimestamp(text: string, formats: readonly TimestampFormat[]): ParsedTimestamp | undefined {
  for (const format of formats) {
    const ms = parsers[format](text)
    if (ms !== undefined) return { ms, format }
  }
  return undefined
}

type Parser = (text: string) => number | undefined

const parsers: { readonly [F in TimestampFormat]: Parser } = {
  seconds: text => (isDigits(text, 10) ? Number(text) * 1000 : undefined),
  milliseconds: text => (isDigits(text, 13) ? Number(text) : undefined),
  microseconds: text => (isDigits(text, 16) ? Number(text.slice(0, 13)) : undefined),
  nanoseconds: text => (isDigits(text, 19) ? Number(text.slice(0, 13)) : undefined),
  'decimal-seconds': text =>
    TIMESTAMP_PATTERNS['decimal-seconds'].test(text) ? Number(text.replace('.', '').padEnd(13, '0').slice(0, 13)) : undefined,
  iso8601: dateParser('iso8601', date => [date.toISOString(), withoutFraction(date)]),
  'iso8601-seconds': dateParser('iso8601-seconds', date => [withoutFraction(date)]),
  'iso8601-basic': text => {
    const fields = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text)
    if (fields === null) return undefined
    const [, year, month, day, hour, minute, second] = fields
    return parsers['iso8601-seconds'](`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  },
  'http-date': dateParser('http-date', date => [date.toUTCString()]),
}

/** Faster than a regular expression, and this is on every request's way. */
function isDigits(text: string, length: number): boolean {
  if (text.length !== length) return false
  for (let index = 0; index < length; index++) {
    const code = text.charCodeAt(index)
    if (code < 48 || code > 57) return false
  }
  return true
}

/** A date is read only as it would be written: no 31st of February, no wrong day of the week. */
function dateParser(format: TimestampFormat, spellings: (date: Date) => string[]): Parser {
  return text => {
    if (!TIMESTAMP_PATTERNS[format].test(text)) return undefined
    const date = new Date(text)
    return Number.isNaN(date.getTime()) || !spellings(date).includes(text) ? undefined : date.getTime()
  }
}
