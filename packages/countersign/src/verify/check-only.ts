import { oneOf, shown } from '../contract/one-of.ts'
import { METHOD } from '../wire/method.ts'

/** The members of `Only`, and what may stand in each. */
const MEMBERS = ['methods', 'paths', 'query', 'body'] as const
const METHOD_IS = 'a method is up to 20 letters in upper case, such as POST'
const QUERY_RULES = ['any', 'none'] as const
const BODY_RULES = ['any', 'none', 'required'] as const

/** A mistake: where it stands, and what may stand there. */
export interface OnlyMistake {
  readonly at: string
  readonly problem: string
}

/**
 * What is wrong with a value of the option `only`, in a declaration or of a verifier: a misspelled member would be a
 * rule that is silently left out. `undefined` when nothing is.
 */
export function findOnlyMistake(only: unknown): OnlyMistake | undefined {
  if (typeof only !== 'object' || only === null || Array.isArray(only))
    return { at: 'only', problem: `it is an object; got ${shown(only)}` }
  for (const [member, value] of Object.entries(only)) {
    const known = MEMBERS.find(name => name === member)
    if (known === undefined) return { at: 'only', problem: oneOf(member, 'member', MEMBERS) }
    const problem = value === undefined ? undefined : CHECKS[known](value)
    if (problem !== undefined) return { at: `only.${member}`, problem }
  }
  return undefined
}

function isMethod(value: unknown): boolean {
  return typeof value === 'string' && METHOD.test(value)
}

/** What is wrong with the methods that a verifier's limits name; `undefined` when nothing is. */
export function findMethodMistake(methods: unknown): string | undefined {
  return checkList(methods, 'a list of methods', item => (isMethod(item) ? undefined : METHOD_IS))
}

const CHECKS: { readonly [M in (typeof MEMBERS)[number]]: (value: unknown) => string | undefined } = {
  methods: findMethodMistake,
  paths: value =>
    value === 'any'
      ? undefined
      : checkList(value, 'a list of paths, or any', item =>
          typeof item === 'string' && /^\/[^?#*\s]*\*?$/.test(item) && !/[^/]\*$/.test(item)
            ? undefined
            : 'a path begins with / and may end in /*, for all below it',
        ),
  query: value => checkRule(value, QUERY_RULES),
  body: value => checkRule(value, BODY_RULES),
}

function checkList(list: unknown, what: string, check: (item: unknown) => string | undefined): string | undefined {
  if (!Array.isArray(list)) return `it is ${what}; got ${shown(list)}`
  if (list.length === 0) return 'no call would be taken: name one at least'
  const wrong = list.find(item => check(item) !== undefined)
  return wrong === undefined ? undefined : `${check(wrong)}; got ${shown(wrong)}`
}

function checkRule(value: unknown, rules: readonly string[]): string | undefined {
  return rules.some(rule => rule === value) ? undefined : oneOf(value, 'rule', rules)
}
