import { errorCodeOf } from '../errors.ts'
import { CutOffError } from './bodies/checked-stream.ts'
import { OverloadedError } from './bodies/held-bodies.ts'
import { SpoolError } from './bodies/read-spooled.ts'
import { SpoolFullError } from './bodies/spool.ts'
import { UpstreamError } from './forward.ts'
import type { GatewayProblem } from './problem.ts'

/** What the client is told of an error; `undefined` where it is our own fault. */
export function problemOf(error: unknown): GatewayProblem | undefined {
  if (error instanceof UpstreamError) return error.problem
  if (error instanceof OverloadedError || isOverdue(error)) return 'overloaded'
  return error instanceof SpoolFullError ? 'spool-full' : undefined
}

/** For the log: what the upstream or its connection said, or failed with. */
export function detailOf(error: unknown): string | undefined {
  return error instanceof UpstreamError ? error.message : undefined
}

/** Clients whose bodies are late are cut off before: this one was there, and has not got its turn to be verified. */
function isOverdue(error: unknown): boolean {
  return errorCodeOf(error) === 'ETIMEDOUT'
}

/** Unwraps a body error from the upstream client's error. */
export function withoutUpstream(error: unknown): unknown {
  if (!(error instanceof UpstreamError)) return error
  return error.cause instanceof CutOffError || error.cause instanceof SpoolError ? error.cause : error
}
