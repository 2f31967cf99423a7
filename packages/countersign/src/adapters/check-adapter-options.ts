import { CountersignError } from '../contract/error.ts'
import { refuseUnknown } from '../contract/refuse-unknown.ts'

/**
 * What an adapter is told decides who gets in, so a misspelled option is refused, and so is a permission that is named
 * and not there: an environment variable that is not set, say.
 *
 * @param names beside those that every adapter has
 * @throws CountersignError `option-invalid`
 */
export function checkAdapterOptions(options: object, names: readonly string[] = []): void {
  refuseUnknown(options, [...SHARED, ...names], 'requireSignature:')
  if ('permission' in options && options.permission === undefined)
    throw new CountersignError('option-invalid', 'The option permission is undefined: leave it out where any key will do.')
}

const SHARED = ['permission', 'deferBody', 'address', 'onRefused']
