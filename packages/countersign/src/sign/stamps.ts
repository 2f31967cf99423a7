import { DEFAULT_LIFETIME_MS } from '../scheme/request.ts'
import type { SignerFeatures } from '../scheme/scheme.ts'
import { createTimestamper } from '../wire/timestamp.ts'

/** For schemes whose timestamp says when a call ends, or is not counted from the epoch. */
export const stamps: Required<Pick<SignerFeatures, 'stamp'>> = {
  stamp: ({ timestamp }, format, clock, lifetimeMs = DEFAULT_LIFETIME_MS) =>
    createTimestamper(format, timestamp?.meaning === 'expires' ? () => clock() + lifetimeMs : clock),
}
