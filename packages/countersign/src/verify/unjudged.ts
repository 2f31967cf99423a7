import { asError } from '../contract/as-error.ts'
import type { FailureCode } from '../contract/failure.ts'
import { explainFailure } from '../contract/problem.ts'
import type { Verification } from './types.ts'

/** Failures of the body's reader or of the verifier's own options: nothing was found out about the call. */
const UNJUDGED: readonly FailureCode[] = ['body-incomplete', 'body-unreadable', 'verifier-failed']

/**
 * For frameworks with an error handler: throws the error for which a request could not be judged. It is the one that
 * the reader of its body or an option of the verifier threw; anything else that these threw (`undefined`, a text) is
 * the `cause` of a new error, since frameworks take such values for "go on". Does nothing for all other answers.
 *
 * @example
 * ```ts
 * const result = await verifier.verify(request)
 * throwUnjudged(result)
 * ```
 */
export function throwUnjudged(result: Verification): void {
  if (result.ok || !UNJUDGED.includes(result.failure.code)) return
  const { failure, cause } = result
  throw asError(cause, explainFailure(failure))
}

/** Whether a body's reader failed for its client: that left, or sent less than it said, or what can't be read. */
export function isClientsFault(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false
  const { name, code, status } = error as { readonly name?: unknown; readonly code?: unknown; readonly status?: unknown }
  if (typeof status === 'number') return status >= 400 && status < 500
  return name === 'AbortError' || (typeof code === 'string' && GONE.has(code))
}

/** What Node's streams say of a connection that ended, and a verifier of a body that takes too long. */
const GONE: ReadonlySet<string> = new Set(['ETIMEDOUT', 'ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE', 'ABORT_ERR'])
