import { CountersignError } from '../error.ts'
import { ALLOWANCES, type Allowance } from '../recipe/guards.ts'

/**
 * A comparison with NaN is false, which would switch off what it bounds.
 *
 * @throws CountersignError `option-invalid`
 */
export function checkNumbers(options: { readonly [name: string]: number | undefined }): void {
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || (typeof value === 'number' && value >= 0)) continue
    throw new CountersignError('option-invalid', `The option ${name} is a number that is not negative; got ${String(value)}.`)
  }
}

/**
 * A misspelled allowance would be left out without a word.
 *
 * @throws CountersignError `option-invalid`
 */
export function checkAllowances(allow: readonly Allowance[]): void {
  const unknown = allow.find(one => !ALLOWANCES.includes(one))
  if (unknown === undefined) return
  throw new CountersignError('option-invalid', `There is nothing to allow by the name ${String(unknown)}; one of ${ALLOWANCES.join(', ')}.`)
}
