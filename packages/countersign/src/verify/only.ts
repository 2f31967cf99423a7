import { CountersignError } from '../contract/error.ts'
import type { Failure } from '../contract/failure.ts'
import type { Only } from '../contract/loss.ts'
import { coverageOf } from '../coverage/coverage.ts'
import { fieldsOf } from '../recipe/recipe.ts'
import { carriesOf } from '../scheme/carries.ts'
import type { Claim } from '../scheme/plan.ts'
import { isDeclared, type Scheme } from '../scheme/scheme.ts'
import { pathOf } from '../wire/url.ts'
import { findMethodMistake, findOnlyMistake } from './check-only.ts'
import { DEFAULT_METHODS } from './types.ts'

/** Which calls a verifier takes. What a scheme does not sign is in here, named or left out. */
export interface Gate {
  readonly methods: ReadonlySet<string>
  /** A call without a body is refused, so bodies have to be read. */
  readonly needsBody: boolean
  /** Once the head was read. */
  readonly checkHead: (method: string, target: string) => Failure | undefined
  /** Once the body is there. */
  readonly checkBody: (method: string, claim: Claim, hasBody: boolean) => Failure | undefined
}

/**
 * Reads the option `only` beside what the scheme covers.
 *
 * @param methods those that the verifier's limits allow. Default: those of `only`, else the usual seven
 * @throws CountersignError `option-invalid` where the scheme signs no method or no path, and nobody has said which are
 * taken
 */
export function createGate(scheme: Scheme, given: Only | undefined, methods: readonly string[] | undefined): Gate {
  const mistake = given === undefined ? undefined : findOnlyMistake(given)
  if (mistake !== undefined) throw new CountersignError('option-invalid', `The option ${mistake.at}: ${mistake.problem}.`)
  const problem = methods === undefined ? undefined : findMethodMistake(methods)
  if (problem !== undefined) throw new CountersignError('option-invalid', `The option limits.methods: ${problem}.`)
  const only = merge(scheme, given)
  const taken = new Set((only.methods ?? methods ?? DEFAULT_METHODS).filter(method => methods?.includes(method) ?? true))
  if (taken.size === 0)
    throw new CountersignError(
      'option-invalid',
      'The options only.methods and limits.methods have no method in common: no call would be taken.',
    )
  const withoutQuery = new Set([...taken].filter(method => !takesQuery(scheme, only, method)))
  const takesPath = compilePaths(only.paths)
  const wantsSignedBody = only.body !== 'any' || carriesMomentIn(scheme, 'form')
  return {
    methods: taken,
    needsBody: only.body === 'required',
    checkHead(method, target) {
      if (!takesPath(target)) return { code: 'part-not-taken', part: 'path' }
      return withoutQuery.size > 0 && withoutQuery.has(method) && target.includes('?')
        ? { code: 'part-not-taken', part: 'query' }
        : undefined
    },
    checkBody(method, { body }, hasBody) {
      if (!hasBody) return only.body === 'required' ? { code: 'missing-body' } : undefined
      if (only.body === 'none') return { code: 'unexpected-body', method }
      if (body !== 'not-signed' || !wantsSignedBody) return undefined
      // Where the client chooses what it covers, it can mend that itself.
      return scheme.base === undefined ? { code: 'part-not-taken', part: 'body' } : { code: 'insufficient-coverage', missing: ['the body'] }
    },
  }
}

function merge(scheme: Scheme, given: Only = {}): Only {
  // A member that is left undefined is the scheme's own.
  const said = Object.entries(given).filter(([, value]) => value !== undefined)
  const only: Only = { ...scheme.only, ...Object.fromEntries(said) }
  const { parts } = coverageOf(scheme)
  const signsInQuery = carriesOf(scheme).some(carried => carried.in === 'query')
  const lacking = [
    ...(parts.method === 'not' && only.methods === undefined ? ["methods: ['POST']"] : []),
    ...(parts.path === 'not' && (only.paths === undefined || widens(scheme.only, given))
      ? ["paths: ['/orders', '/files/*'], or 'any'"]
      : []),
    ...(parts.query === 'not' && signsInQuery && only.query === undefined ? ["query: 'any'"] : []),
  ]
  if (lacking.length === 0) return only
  throw new CountersignError(
    'option-invalid',
    `The scheme ${scheme.name} does not sign the whole request, so a call could be sent on as another: say which calls this verifier takes, in the option only: { ${lacking.join(', ')} }.`,
  )
}

/** More methods than the scheme's default, whose paths were chosen for those methods alone. */
function widens(standard: Only, { methods, paths }: Only): boolean {
  return paths === undefined && methods !== undefined && methods.some(method => standard.methods?.includes(method) === false)
}

function takesQuery(scheme: Scheme, only: Only, method: string): boolean {
  const isSigned = coverageOf(scheme, method).parts.query !== 'not'
  // A time or a nonce that nobody signed is no time and no nonce, whatever the owner says of queries or bodies.
  if (!isSigned && carriesMomentIn(scheme, 'query')) return false
  return (only.query ?? (isSigned ? 'any' : 'none')) === 'any'
}

/** Whether a time or a nonce is signed as a part of the query, or of a form, and nowhere else. */
function carriesMomentIn(scheme: Scheme, where: 'query' | 'form'): boolean {
  if (!isDeclared(scheme)) return false
  const signed = fieldsOf(scheme.message)
  const moments = ['timestamp', 'nonce', ...Object.keys(scheme.parameters)].filter(name => !signed.includes(name))
  return scheme.carriers.some(({ in: place, fields }) => place === where && fields.some(field => moments.includes(field)))
}

/** A path that could be read as another, in any spelling: then it is only itself. */
const UNCLEAR = /\/\/|\/\.{1,2}(?:[/;]|$)|\\|%(?:2e|2f|5c|25|3b|c0|c1|e0%80|f0%80)/i

function compilePaths(paths: Only['paths']): (target: string) => boolean {
  if (paths === undefined || paths === 'any') return () => true
  const exact = new Set(paths)
  const folders = paths.filter(path => path.endsWith('/*')).map(path => path.slice(0, -1))
  return target => {
    const path = pathOf(target)
    return exact.has(path) || (!UNCLEAR.test(path) && folders.some(folder => path.startsWith(folder)))
  }
}
