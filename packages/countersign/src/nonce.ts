import type { NonceFormat } from './declaration.ts'
import { encode } from './encoding.ts'
import { type Clock, createGrowingMilliseconds, createTimestamper } from './timestamp.ts'

/** What each format looks like, for a regular expression. */
const PATTERNS: { readonly [F in NonceFormat]: string } = {
  any: '[A-Za-z0-9_-]{1,128}',
  random: '[A-Za-z0-9_-]{22}',
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

export function isNonce(text: string, formats: readonly NonceFormat[]): boolean {
  return new RegExp(`^${noncePattern(formats)}$`).test(text)
}

const RANDOM_BYTES = 16

/** Makes the function that writes a value nobody has used before. */
export function createNonceMaker(format: NonceFormat, clock: Clock): () => string {
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

function randomBytes(): Uint8Array {
  return globalThis.crypto.getRandomValues(new Uint8Array(RANDOM_BYTES))
}
