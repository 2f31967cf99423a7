import { FAILURES, problemHeaders, toProblem } from '../contract/problem.ts'
import type { Refused } from '../verify/verify.ts'

/** A refusal as HTTP has it. */
export interface RefusalAnswer {
  readonly status: number
  readonly headers: { readonly [name: string]: string }
  /** Problem details (RFC 9457), as JSON. */
  readonly body: string
}

/** What every adapter answers a refused call with; each sends it in its framework's way. */
export function refusalAnswer({ failure, headers }: Refused, schemeName: string): RefusalAnswer {
  return {
    status: FAILURES[failure.code].status,
    headers: { ...problemHeaders(failure, schemeName), ...headers },
    body: JSON.stringify(toProblem(failure)),
  }
}
