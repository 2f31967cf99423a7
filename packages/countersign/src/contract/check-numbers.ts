import { CountersignError } from './error.ts'

/**
 * A comparison with NaN is false, which would switch off what it bounds.
 *
 * @throws CountersignError `option-invalid`
 */
export function checkNumbers(options: { readonly [name: string]: number | undefined }, most = Number.POSITIVE_INFINITY): void {
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || (typeof value === 'number' && value >= 0 && value <= most)) continue
    throw new CountersignError('option-invalid', `The option ${name} is a number from 0 to ${most}; got ${String(value)}.`)
  }
}
