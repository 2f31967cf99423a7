/**
 * How a scheme writes a moment. The four epoch units are told apart by their number of digits (10, 13, 16, 19), which
 * holds from 2001 to 2286. `decimal-seconds` is `1647356399.123`, `iso8601` is `2022-03-15T14:59:59.123Z`,
 * `http-date` is `Tue, 15 Mar 2022 14:59:59 GMT`.
 */
export type TimestampFormat = 'seconds' | 'milliseconds' | 'microseconds' | 'nanoseconds' | 'decimal-seconds' | 'iso8601' | 'http-date'

/** The time now, in milliseconds since the epoch. */
export type Clock = () => number

export const systemClock: Clock = () => Date.now()

export const EPOCH_DIGITS: { readonly [F in TimestampFormat]?: number } = {
  seconds: 10,
  milliseconds: 13,
  microseconds: 16,
  nanoseconds: 19,
}

/**
 * Makes the function that writes the time of a call. Finer units than the clock's millisecond are filled with a random
 * start and a count, so that no two calls of one signer carry the same timestamp, and two signers hardly ever do: a
 * retry can be told from a replay.
 */
export function createTimestamper(format: TimestampFormat, clock: Clock): () => string {
  switch (format) {
    case 'seconds':
      return () => String(Math.floor(clock() / 1000))
    case 'milliseconds':
      return () => String(Math.floor(clock()))
    case 'microseconds':
      return createUniqueDigits(clock, 3)
    case 'nanoseconds':
      return createUniqueDigits(clock, 6)
    case 'decimal-seconds':
      return () => (Math.floor(clock()) / 1000).toFixed(3)
    case 'iso8601':
      return () => new Date(clock()).toISOString()
    case 'http-date':
      return () => new Date(clock()).toUTCString()
  }
}

/** The added digits never begin with 0, so that they need no padding. */
function createUniqueDigits(clock: Clock, digits: 3 | 6): () => string {
  const first = 10 ** (digits - 1)
  const end = 10 ** digits
  let millisecond = -1
  let text = ''
  let count = first
  return () => {
    const now = Math.floor(clock())
    if (now === millisecond) {
      count = count + 1 === end ? first : count + 1
    } else {
      millisecond = now
      text = String(now)
      count = first + Math.floor((Math.random() * (end - first)) / 2)
    }
    return text + count
  }
}

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

const parsers: { readonly [F in TimestampFormat]: (text: string) => number | undefined } = {
  seconds: text => (isDigits(text, 10) ? Number(text) * 1000 : undefined),
  milliseconds: text => (isDigits(text, 13) ? Number(text) : undefined),
  microseconds: text => (isDigits(text, 16) ? Number(text.slice(0, 13)) : undefined),
  nanoseconds: text => (isDigits(text, 19) ? Number(text.slice(0, 13)) : undefined),
  'decimal-seconds': text => (/^\d{10}(\.\d{1,9})?$/.test(text) ? Math.floor(Number(text) * 1000) : undefined),
  iso8601: text =>
    roundTrip(text, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$/, date => [date.toISOString(), date.toISOString().replace('.000Z', 'Z')]),
  'http-date': text => roundTrip(text, /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/, date => [date.toUTCString()]),
}

function isDigits(text: string, length: number): boolean {
  if (text.length !== length) return false
  for (let index = 0; index < length; index++) {
    const code = text.charCodeAt(index)
    if (code < 48 || code > 57) return false
  }
  return true
}

function roundTrip(text: string, shape: RegExp, spellings: (date: Date) => string[]): number | undefined {
  if (!shape.test(text)) return undefined
  const date = new Date(text)
  return Number.isNaN(date.getTime()) || !spellings(date).includes(text) ? undefined : date.getTime()
}
