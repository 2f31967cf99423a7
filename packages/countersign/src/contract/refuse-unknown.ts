import { CountersignError } from './error.ts'
import { oneOf } from './one-of.ts'

/**
 * A misspelled option would be left out without a word, and with it what it would have refused.
 *
 * @param of what the options are for, as a message begins
 * @throws CountersignError `option-invalid`
 */
export function refuseUnknown(options: object, known: readonly string[], of: string): void {
  const unknown = Object.keys(options).find(name => !known.includes(name))
  if (unknown !== undefined) throw new CountersignError('option-invalid', `${of} ${oneOf(unknown, 'option', known)}.`)
}

/** An option that is to be called is a function, where it is given. @throws CountersignError `option-invalid` */
export function checkFunctions(options: { readonly [name: string]: unknown }): void {
  for (const [name, value] of Object.entries(options))
    if (value !== undefined && typeof value !== 'function')
      throw new CountersignError('option-invalid', `The option ${name} is a function; got ${typeof value}.`)
}
