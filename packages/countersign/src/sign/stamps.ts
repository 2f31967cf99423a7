import { DEFAULT_LIFETIME_MS } from '../request.ts'
import type { SignerFeatures } from '../scheme.ts'
import { createTimestamper } from '../timestamp.ts'

/** For schemes whose timestamp says when a call ends, or is not counted from the epoch. */
export const stamps: Required<Pick<SignerFeatures, 'stamp'>> = {
  stamp: ({ timestamp }, format, clock, lifetimeMs = DEFAULT_LIFETIME_MS) =>
    createTimestamper(format, timestamp?.meaning === 'expires' ? () => clock() + lifetimeMs : clock),
}
