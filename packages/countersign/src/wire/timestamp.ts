import { CountersignError } from '../contract/error.ts'

/**
 * How a scheme writes a moment. The four epoch units are told apart by their number of digits (10, 13, 16, 19), which
 * holds from 2001 to 2286. `decimal-seconds` is `1647356399.123`, `iso8601` is `2022-03-15T14:59:59.123Z` (read without
 * the fraction, too), `iso8601-seconds` is `2022-03-15T14:59:59Z`, `iso8601-basic` is `20220315T145959Z`, `http-date`
 * is `Tue, 15 Mar 2022 14:59:59 GMT`.
 */
export type TimestampFormat =
  | 'seconds'
  | 'milliseconds'
  | 'microseconds'
  | 'nanoseconds'
  | 'decimal-seconds'
  | 'iso8601'
  | 'iso8601-seconds'
  | 'iso8601-basic'
  | 'http-date'

/** The time now, in milliseconds since the epoch. */
export type Clock = () => number

export const systemClock: Clock = () => Date.now()

/**
 * A signer's clock: a time that no format can write is refused, such as one in seconds. It holds up to 2255, and leaves
 * 31 years for what a call's end lies ahead.
 *
 * @throws CountersignError `option-invalid`, each time it is asked
 */
export function checkedClock(clock: Clock): Clock {
  if (typeof clock !== 'function') throw notATime(clock)
  return () => {
    const ms = clock()
    if (ms >= 1e12 && ms < 9e12) return ms
    throw notATime(ms)
  }
}

function notATime(said: number): CountersignError {
  return new CountersignError('option-invalid', `The option clock gives milliseconds since the epoch; got ${said}.`)
}

/** The most that a call's end may lie ahead: 31 years. */
export const MAX_LIFETIME_MS = 1e12

export type EpochFormat = 'seconds' | 'milliseconds' | 'microseconds' | 'nanoseconds'

/** How many digits each has. */
export const EPOCH_DIGITS: { readonly [F in TimestampFormat]?: number } = {
  seconds: 10,
  milliseconds: 13,
  microseconds: 16,
  nanoseconds: 19,
} satisfies { readonly [F in EpochFormat]: number }

/**
 * Makes the function that writes the time of a call. Finer units than the clock's millisecond are filled with a random
 * start and a count, so that no two calls of one signer carry the same timestamp, and two signers hardly ever do: a
 * retry can be told from a replay.
 */
export function createTimestamper(format: TimestampFormat, clock: Clock): () => string {
  switch (format) {
    case 'decimal-seconds':
      return () => (Math.floor(clock()) / 1000).toFixed(3)
    case 'iso8601':
      return () => new Date(clock()).toISOString()
    case 'iso8601-seconds':
      return () => withoutFraction(new Date(clock()))
    case 'iso8601-basic':
      return () => withoutFraction(new Date(clock())).replace(/[-:]/g, '')
    case 'http-date':
      return () => new Date(clock()).toUTCString()
    default:
      return createEpochTimestamper(format, clock)
  }
}

/** {@link createTimestamper} for times since the epoch, which most schemes have. */
export function createEpochTimestamper(format: EpochFormat, clock: Clock): () => string {
  switch (format) {
    case 'seconds':
      return () => String(Math.floor(clock() / 1000))
    case 'milliseconds':
      return () => String(Math.floor(clock()))
    default:
      return createUniqueDigits(clock, format === 'microseconds' ? 3 : 6)
  }
}

/** An epoch number in milliseconds that grows with every call, even within one millisecond. */
export function createGrowingMilliseconds(clock: Clock): () => string {
  let last = 0
  return () => {
    last = Math.max(last + 1, Math.floor(clock()))
    return String(last)
  }
}

/** The added digits never begin with 0, so that they need no padding. */
function createUniqueDigits(clock: Clock, digits: 3 | 6): () => string {
  const first = 10 ** (digits - 1)
  const end = 10 ** digits
  let millisecond: number | undefined
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

/** Whether a text is a time since the epoch in one of the formats. */
export function isEpoch(text: string, formats: readonly TimestampFormat[]): boolean {
  return /^\d+$/.test(text) && formats.some(format => EPOCH_DIGITS[format] === text.length)
}

/** The characters of a timestamp in any format, for a regular expression's `[…]`. */
const TIMESTAMP_CHARACTERS = '0-9A-Za-z:., +\\-'

/**
 * The characters that a timestamp in one of the formats may hold, for a regular expression's `[…]`; in any format where
 * none is given. Readers and the guards of boundaries both use them.
 */
export function timestampCharacters(formats: readonly TimestampFormat[]): string {
  if (formats.length > 0 && formats.every(format => EPOCH_DIGITS[format] !== undefined)) return '0-9'
  return formats.length > 0 && formats.every(format => format === 'decimal-seconds') ? '0-9.' : TIMESTAMP_CHARACTERS
}

/** What a timestamp looks like before it is read, for a regular expression. */
export function timestampPattern(formats: readonly TimestampFormat[]): string {
  return `[${timestampCharacters(formats)}]{1,40}`
}

/** As `2022-03-15T14:59:59Z`. */
export function withoutFraction(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`
}
