import { CountersignError } from './error.ts'
import { oneOf, shown } from './one-of.ts'

/**
 * Options are an object with known members: a misspelled one would be left out without a word, and with it what it
 * would have refused.
 *
 * @param of how the message begins, such as `createVerifier:`
 * @param thing what a member is called
 * @throws CountersignError `option-invalid`
 */
export function refuseUnknown(options: unknown, known: readonly string[], of: string, thing = 'option'): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw new CountersignError('option-invalid', `${of} an object with ${thing}s is wanted; got ${shown(options)}.`)
  const unknown = Object.keys(options).find(name => !known.includes(name))
  if (unknown !== undefined) throw new CountersignError('option-invalid', `${of} ${oneOf(unknown, thing, known)}.`)
}

/**
 * An option that is called has to be a function, if it is given.
 *
 * @throws CountersignError `option-invalid`
 */
export function checkFunctions(options: { readonly [name: string]: unknown }): void {
  for (const [name, value] of Object.entries(options)) if (value !== undefined) wantFunction(name, value)
}

/** The same for one that has to be given. @throws CountersignError `option-invalid` */
export function wantFunction(name: string, value: unknown): void {
  if (typeof value !== 'function') throw new CountersignError('option-invalid', `The option ${name} is a function; got ${shown(value)}.`)
}

/** An option that is a list of texts, if it is given. @throws CountersignError `option-invalid` */
export function checkLists(options: { readonly [name: string]: unknown }): void {
  for (const [name, value] of Object.entries(options))
    if (value !== undefined && !(Array.isArray(value) && value.every(item => typeof item === 'string')))
      throw new CountersignError('option-invalid', `The option ${name} is a list of texts; got ${shown(value)}.`)
}
