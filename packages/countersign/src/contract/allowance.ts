import { CountersignError } from './error.ts'
import { LOSSES } from './loss.ts'
import { oneOf } from './one-of.ts'
import { checkLists } from './refuse-unknown.ts'

/**
 * What a verifier may be told to take: calls with open ends (`ambiguous-request`), a body with a GET or HEAD
 * (`body-on-get`), and every spelling of a loss.
 */
export const ALLOWANCES = ['ambiguous-request', 'body-on-get', ...LOSSES] as const

export type Allowance = (typeof ALLOWANCES)[number]

/**
 * A misspelled allowance would be left out without a word.
 *
 * @throws CountersignError `option-invalid`
 */
export function checkAllowances(allow: readonly Allowance[]): void {
  checkLists({ allow })
  const unknown = allow.find(one => !ALLOWANCES.includes(one))
  if (unknown === undefined) return
  throw new CountersignError('option-invalid', `${oneOf(unknown, 'allowance', ALLOWANCES)}.`)
}
