import { encode } from './encoding.ts'
import { type Clock, createGrowingMilliseconds, createTimestamper } from './timestamp.ts'

/**
 * How a signer makes a value that it uses once: 16 random bytes as base64url (`random`) or `hex`, a `uuid`, or the time
 * as an epoch number that grows with every call. `any` is whatever a client likes.
 */
export type NonceFormat = 'any' | 'random' | 'hex' | 'uuid' | 'milliseconds' | 'microseconds' | 'nanoseconds'

/**
 * The characters of a nonce in any format, for a regular expression's `[…]`. Readers and the guards of boundaries both
 * use them.
 */
export const NONCE_CHARACTERS = 'A-Za-z0-9_\\-'

/** What each format looks like, for a regular expression. */
const PATTERNS: { readonly [F in NonceFormat]: string } = {
  any: `[${NONCE_CHARACTERS}]{1,128}`,
  random: `[${NONCE_CHARACTERS}]{22}`,
  hex: '[0-9a-f]{32}',
  uuid: '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}',
  milliseconds: '\\d{13}',
  microseconds: '\\d{16}',
  nanoseconds: '\\d{19}',
}

export const NONCE_FORMATS = /* @__PURE__ */ Object.keys(PATTERNS) as readonly NonceFormat[]

export function noncePattern(formats: readonly NonceFormat[]): string {
  return `(?:${formats.map(format => PATTERNS[format]).join('|')})`
}

/** The characters that a nonce of one format may hold, for a regular expression's `[…]`. */
export function noncesCharacters(format: NonceFormat): string {
  if (format === 'any' || format === 'random') return NONCE_CHARACTERS
  return format === 'hex' ? '0-9a-f' : format === 'uuid' ? '0-9a-f\\-' : '0-9'
}

/** Makes the check of nonces once for all calls. */
export function compileNonceCheck(formats: readonly NonceFormat[]): (text: string) => boolean {
  const whole = new RegExp(`^${noncePattern(formats)}$`)
  return text => whole.test(text)
}

/** Whether all nonces of these formats are equally long. */
export function isOneLength(formats: readonly NonceFormat[]): boolean {
  return formats.length === 1 && formats[0] !== 'any'
}

const RANDOM_BYTES = 16

/** Makes the function that writes a value nobody has used before. */
export function createNonceMaker(format: NonceFormat, clock: Clock): () => string {
  const randomBytes = createRandomBytes()
  switch (format) {
    case 'any':
    case 'random':
      return () => encode(randomBytes(), 'base64url')
    case 'hex':
      return () => encode(randomBytes(), 'hex')
    case 'uuid':
      return () => globalThis.crypto.randomUUID()
    case 'milliseconds':
      return createGrowingMilliseconds(clock)
    case 'microseconds':
    case 'nanoseconds':
      return createTimestamper(format, clock)
  }
}

/**
 * Gives bytes that nobody was given before, each time as a view to be read before the next call. Asking the system for
 * random bytes can cost more than a signature (4.5 µs where HMAC takes 2), and hardly more for many than for a few.
 */
function createRandomBytes(): () => Uint8Array {
  let drawn = new Uint8Array(0)
  let used = 0
  return () => {
    if (used === drawn.length) {
      drawn = globalThis.crypto.getRandomValues(new Uint8Array(RANDOM_BYTES * 128))
      used = 0
    }
    used += RANDOM_BYTES
    return drawn.subarray(used - RANDOM_BYTES, used)
  }
}
