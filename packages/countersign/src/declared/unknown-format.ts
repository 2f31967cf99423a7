import { CountersignError } from '../contract/error.ts'
import type { Scheme } from '../scheme/scheme.ts'

/** What was given is not in any format that the scheme takes. */
export function notOne({ name }: Scheme, given: string, what: 'timestamp' | 'nonce', formats: readonly string[]): CountersignError {
  return new CountersignError(
    `${what}-invalid`,
    `${JSON.stringify(given.slice(0, 40))} is not a ${what} of the scheme ${name}: ${formats.join(', ') || 'it has none'}.`,
  )
}
