import type { SignerFeatures } from '../scheme/scheme.ts'
import { parseTimestamp } from '../wire/parse-timestamp.ts'
import { stamps } from './stamps.ts'

/** For schemes whose times are not counted from the epoch: one that was given is read as a verifier reads it. */
export const dates: Required<Pick<SignerFeatures, 'isTimestamp' | 'stamp'>> = {
  ...stamps,
  isTimestamp: (text, formats) => parseTimestamp(text, formats) !== undefined,
}
