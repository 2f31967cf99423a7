import { CountersignError } from '../contract/error.ts'
import { oneOf, shown } from '../contract/one-of.ts'
import { refuseUnknown } from '../contract/refuse-unknown.ts'
import { SCHEME_NAME, SCHEME_NAME_IS } from '../scheme/scheme-name.ts'

/** What is wrong with an option's value; `undefined` when nothing is. */
export type OptionCheck = (value: unknown) => string | undefined

/**
 * Checks the options of a scheme with logic, as the members of a declaration are checked: a misspelled one would be a
 * rule that is silently left out.
 *
 * @param maker the function that was called, for the message
 * @throws CountersignError `option-invalid`
 */
export function checkSchemeOptions<O extends object>(
  maker: string,
  options: O,
  checks: { readonly [N in Exclude<keyof O, 'name'>]-?: OptionCheck },
): void {
  const all: { readonly [name: string]: OptionCheck } = { name: checkName, ...checks }
  refuseUnknown(options, Object.keys(all), `${maker}:`)
  for (const [name, value] of Object.entries(options)) {
    const problem = value === undefined ? undefined : all[name]?.(value)
    if (problem !== undefined) throw new CountersignError('option-invalid', `${maker}, ${name}: ${problem}.`)
  }
}

const checkName: OptionCheck = matches(SCHEME_NAME, SCHEME_NAME_IS)

export const isText: OptionCheck = value => (typeof value === 'string' ? undefined : `it is text; got ${shown(value)}`)

export const isFlag: OptionCheck = value => (typeof value === 'boolean' ? undefined : `it is true or false; got ${shown(value)}`)

/** @param what it is, in words */
export function matches(pattern: RegExp, what: string): OptionCheck {
  return value => (typeof value === 'string' && pattern.test(value) ? undefined : `${JSON.stringify(shown(value))} is not ${what}`)
}

export function isOneOf(thing: string, known: readonly string[]): OptionCheck {
  return value => (known.some(one => one === value) ? undefined : oneOf(value, thing, known))
}

/** A list of which every item passes. */
export function isListOf(check: OptionCheck): OptionCheck {
  return value => {
    if (!Array.isArray(value)) return `it is a list; got ${shown(value)}`
    for (const item of value) {
      const problem = check(item)
      if (problem !== undefined) return problem
    }
    return undefined
  }
}
