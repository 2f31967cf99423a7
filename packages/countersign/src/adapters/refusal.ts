import { FAILURES, headersOfProblem, problemHeaders, problemOf, toProblem } from '../contract/problem.ts'
import type { Refused } from '../verify/verify.ts'
import { rewritingOf } from './rewritten-target.ts'

/** A refusal as HTTP has it. */
export interface RefusalAnswer {
  readonly status: number
  readonly headers: { readonly [name: string]: string }
  /** Problem details (RFC 9457), as JSON. */
  readonly body: string
}

/**
 * What every adapter answers a refused call with; each sends it in its framework's way.
 *
 * @param target as the adapter has it, to be told where a platform seems to have rewritten it
 */
export function refusalAnswer({ failure, headers }: Refused, schemeName: string, target?: string): RefusalAnswer {
  const problem = toProblem(failure)
  const hint = target === undefined ? undefined : rewritingOf(problem.code, target)
  return {
    status: FAILURES[failure.code].status,
    headers: { ...problemHeaders(failure, schemeName), ...headers },
    body: JSON.stringify(hint === undefined ? problem : { ...problem, detail: `${problem.detail} ${hint}` }),
  }
}

/** What a call is answered with where the server failed. */
export const FAILED: RefusalAnswer = {
  status: 500,
  headers: headersOfProblem(500),
  body: JSON.stringify(
    problemOf('internal-error', {
      status: 500,
      title: 'Internal error',
      detail: 'The server failed: whoever runs it finds the cause in its log.',
    }),
  ),
}
