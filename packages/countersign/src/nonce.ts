import type { NonceFormat } from './declaration.ts'
import { encode } from './encoding.ts'
import { type Clock, createGrowingMilliseconds, createTimestamper } from './timestamp.ts'

/** What a verifier takes for a nonce, whoever made it. */
export const NONCE_TEXT = '[A-Za-z0-9_-]{1,128}'

export function isNonce(text: string): boolean {
  return new RegExp(`^${NONCE_TEXT}$`).test(text)
}

const RANDOM_BYTES = 16

/** Makes the function that writes a value nobody has used before. */
export function createNonceMaker(format: NonceFormat, clock: Clock): () => string {
  switch (format) {
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
