import type { Failure } from '../contract/failure.ts'
import type { Refused } from './types.ts'

/** A refusal. @param cause what was thrown, where something failed that the verifier was given */
export function refused(failure: Failure, cause?: unknown): Refused {
  return cause === undefined ? { ok: false, failure } : { ok: false, failure, cause }
}
