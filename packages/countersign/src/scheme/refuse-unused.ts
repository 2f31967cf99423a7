import { CountersignError } from '../contract/error.ts'
import type { Scheme } from './scheme.ts'

/** For {@link refuseNeedless}. */
export const OPTION = 'the option '

/**
 * Refuses what was given and would be dropped without a word: something that the scheme has no use for, or that is
 * misspelled.
 *
 * @param what they are, for the message
 * @throws CountersignError `option-invalid`
 */
export function refuseNeedless({ name }: Pick<Scheme, 'name'>, given: readonly string[], taken: readonly string[], what = ''): void {
  const found = given.find(one => !taken.includes(one))
  if (found === undefined) return
  throw new CountersignError('option-invalid', `The scheme ${name} has no use for ${what}${found}: leave it out.`)
}

/** The names of the members that are given, not those that are there and `undefined`. */
export function givenIn(members: object): readonly string[] {
  return Object.entries(members).flatMap(([name, value]) => (value === undefined ? [] : name))
}
