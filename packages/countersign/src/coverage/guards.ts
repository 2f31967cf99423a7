import type { Allowance } from '../contract/allowance.ts'
import { CountersignError } from '../contract/error.ts'
import type { Failure } from '../contract/failure.ts'
import { LOSSES, type Loss } from '../contract/loss.ts'
import { type Call, payloadIsQuery } from '../recipe/call.ts'
import { fieldsOf, type Recipe } from '../recipe/recipe.ts'
import { isDeclared, type Scheme } from '../scheme/scheme.ts'
import { beginsInTarget } from './begins-in-target.ts'
import { heldBy } from './coverage.ts'
import type { Held } from './held.ts'
import { openEndsOf } from './open-ends.ts'
import { compileOtherMomentCheck } from './other-moment.ts'
import { compileSpelling, wholeOf } from './spelling.ts'

/**
 * Refuses a call whose message another call could have; `undefined` for one that stands alone.
 *
 * @param call has its origin, its target with the base path, and its body
 * @param recipe of the call's message, where the client chooses what it covers. Default: the scheme's
 */
export type Guard = (call: Call, recipe?: Recipe) => Failure | undefined

export interface GuardOptions {
  /** The methods that the verifier takes, in upper case. Default: any. */
  readonly methods?: Iterable<string> | undefined
  readonly allowed: ReadonlySet<Allowance>
}

/**
 * What no handler tells apart: the order of parameters with different names, and white space around a header's value.
 */
const ALWAYS_ACCEPTED: readonly Loss[] = ['parameter-order', 'white-space']

/** The guard of schemes whose message no other call has. */
export const NO_GUARD: Guard = () => undefined

/**
 * Makes the check that a call is the only one with its message: that no open end of the message could move in it, and
 * that it has the one spelling that is taken of everything that the message holds only up to a loss.
 *
 * @throws CountersignError `scheme-invalid` when two parts of the message can't be kept apart in any call, unless
 * `ambiguous-request` is allowed
 */
export function compileGuards(scheme: Scheme, options: GuardOptions): Guard {
  const hopeless = options.allowed.has('ambiguous-request') ? undefined : openEndsOf(scheme).find(({ seen }) => seen === 'never')
  if (hopeless !== undefined) {
    throw new CountersignError(
      'scheme-invalid',
      `The scheme ${scheme.name} can't be verified safely: nothing marks the boundary between ${hopeless.between}. Put a separator there that neither part can hold, or hash one of them.`,
    )
  }
  const standard = guardMessage(scheme, scheme.message, options)
  if (scheme.base === undefined) return standard
  // The recipes of a scheme with logic are made once for each list of what is covered, and dropped with it.
  const others = new WeakMap<Recipe, Guard>([[scheme.message, standard]])
  return (call, recipe = scheme.message) => {
    let guard = others.get(recipe)
    if (guard === undefined) {
      guard = guardMessage(scheme, recipe, options)
      others.set(recipe, guard)
    }
    return guard(call)
  }
}

function guardMessage(scheme: Scheme, message: Recipe, { methods, allowed }: GuardOptions): Guard {
  const ends = allowed.has('ambiguous-request') ? [] : openEndsOf(scheme, message)
  const isTaken = (loss: Loss): boolean => ALWAYS_ACCEPTED.includes(loss) || scheme.accepts.includes(loss) || allowed.has(loss)
  const served = [true, false].filter(isQuery => methods === undefined || [...methods].some(method => payloadIsQuery(method) === isQuery))
  const guardLosses = (method: string): Guard => inTurn(compileLosses(heldBy(scheme, method, message), isTaken, served.length === 2))
  const losses = fieldsOf(message).includes('payload') ? byPayload(guardLosses('GET'), guardLosses('POST')) : guardLosses('GET')
  return inTurn([
    findOtherMoment(scheme),
    ...ends.map(
      ({ between, remedy, isOpen }): Guard =>
        call =>
          isOpen(call) ? { code: 'ambiguous-request', between, remedy } : undefined,
    ),
    losses,
  ])
}

/** Refuses a nonce that can be read as a timestamp. This is about replays, so `ambiguous-request` doesn't allow it. */
function findOtherMoment(scheme: Scheme): Guard {
  const isOtherMoment = compileOtherMomentCheck(scheme)
  if (isOtherMoment === undefined || !isDeclared(scheme)) return NO_GUARD
  const header = scheme.carriers.find(({ fields }) => fields.includes('nonce'))?.name ?? ''
  return ({ timestamp, nonce }) => (timestamp === '' && isOtherMoment(nonce) ? { code: 'malformed-header', header } : undefined)
}

function compileLosses(held: Held, isTaken: (loss: Loss) => boolean, isEither: boolean): readonly Guard[] {
  const guards: Guard[] = []
  const made = new Set<string>()
  for (const [part, losses] of held) {
    for (const loss of LOSSES) {
      const spelling = losses.get(loss)
      if (spelling === undefined || isTaken(loss)) continue
      // Members of one header share the text that is looked at.
      const looksAt = `${loss} ${spelling} ${wholeOf(part)}`
      if (made.has(looksAt)) continue
      made.add(looksAt)
      const isCanonical =
        loss !== 'which-place' ? compileSpelling(part, loss, spelling) : part === 'body' && isEither ? isNoQuery : undefined
      if (isCanonical !== undefined) guards.push(call => (isCanonical(call) ? undefined : { code: 'ambiguous-request', loss, part }))
    }
  }
  return guards
}

/**
 * Where the method is not signed, a body has the message of a call with that query, unless it begins as no query can.
 */
function isNoQuery({ body }: Call): boolean {
  return body !== undefined && body.length > 0 && !beginsInTarget(body)
}

function byPayload(ofQuery: Guard, ofBody: Guard): Guard {
  if (ofQuery === NO_GUARD && ofBody === NO_GUARD) return NO_GUARD
  return call => (payloadIsQuery(call.method) ? ofQuery(call) : ofBody(call))
}

/** One guard for several; none of them costs anything. */
function inTurn(guards: readonly Guard[]): Guard {
  const real = guards.filter(guard => guard !== NO_GUARD)
  const [first, second] = real
  if (first === undefined) return NO_GUARD
  if (second === undefined) return first
  if (real.length === 2) return call => first(call) ?? second(call)
  return call => {
    for (const guard of real) {
      const failure = guard(call)
      if (failure !== undefined) return failure
    }
    return undefined
  }
}
