import { CountersignError } from '../error.ts'
import { ALLOWANCES, type Allowance } from '../recipe/guards.ts'

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

/**
 * A list or a Map in the place of a source would answer every call with a 503.
 *
 * @throws CountersignError `option-invalid`
 */
export function checkSources(keys: unknown, replay: unknown): void {
  if (!has(keys, 'find'))
    throw new CountersignError('option-invalid', 'The option keys is an object with the function find(keyId), such as memoryKeys makes.')
  if (replay !== undefined && replay !== 'off' && !has(replay, 'claim'))
    throw new CountersignError(
      'option-invalid',
      "The option replay is an object with the function claim, such as memoryReplayGuard makes, or 'off'.",
    )
}

function has(value: unknown, name: string): boolean {
  // A list has a function find, too.
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    typeof (value as { [name: string]: unknown })[name] === 'function'
  )
}
