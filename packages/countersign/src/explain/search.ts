import { isPromise, type MaybePromise } from '../crypto/provider.ts'
import { type Assumptions, type Cause, type Hypothesis, withValue } from './hypothesis.ts'

interface Found {
  readonly causes: readonly Cause[]
  readonly assumptions: Assumptions
  readonly confidence: number
}

/** What was presented fits; with the cause that lies in how it was written, and how sure it is. */
export interface Fit {
  readonly cause: Cause | undefined
  readonly confidence: number
}

export interface Searched {
  readonly found: Found | undefined
  /** How many messages were tried. */
  readonly attempts: number
}

/** Says whether a client with these assumptions would have sent what was presented. */
export type Test = (assumptions: Assumptions) => MaybePromise<Fit | undefined>

/** Where answers are promises, as many are waited for at once. */
const BATCH = 128

export interface SearchOptions {
  readonly maxAttempts: number
  readonly pause?: (() => Promise<void>) | undefined
}

/** That there are three mistakes at once is less likely than the third's weight says. */
const THIRD_CAUSE_WEIGHT = 1

/** After so many attempts there is a pause: some two milliseconds. */
const ATTEMPTS_BEFORE_PAUSE = 400

/**
 * The likeliest first: singles, then pairs, and triples of which one is about the body; of these, the lighter first.
 */
export async function search(
  base: Assumptions,
  hypotheses: readonly Hypothesis[],
  test: Test,
  { maxAttempts, pause }: SearchOptions,
): Promise<Searched> {
  let attempts = 0
  let pending: {
    readonly causes: readonly Cause[]
    readonly assumptions: Assumptions
    readonly answer: Promise<Fit | undefined>
  }[] = []
  const found = (causes: readonly Cause[], assumptions: Assumptions, { cause, confidence }: Fit): Searched => ({
    found: { causes: cause === undefined ? causes : [...causes, cause], assumptions, confidence },
    attempts,
  })

  async function settle(): Promise<Searched | undefined> {
    const answers = await Promise.all(pending.map(({ answer }) => answer))
    const at = answers.findIndex(answer => answer !== undefined)
    const [hit, answer] = [pending[at], answers[at]]
    pending = []
    return hit === undefined || answer === undefined ? undefined : found(hit.causes, hit.assumptions, answer)
  }

  for (const { causes, assumptions } of candidates(base, hypotheses)) {
    if (attempts >= maxAttempts) break
    attempts++
    if (pause !== undefined && attempts % ATTEMPTS_BEFORE_PAUSE === 0) await pause()
    const answer = test(assumptions)
    if (!isPromise(answer)) {
      if (answer !== undefined) return found(causes, assumptions, answer)
      continue
    }
    pending.push({ causes, assumptions, answer })
    if (pending.length < BATCH) continue
    const settled = await settle()
    if (settled !== undefined) return settled
  }
  return (await settle()) ?? { found: undefined, attempts }
}

interface Candidate {
  readonly causes: readonly Hypothesis[]
  readonly assumptions: Assumptions
}

/** One change, alone. */
interface Single {
  readonly cause: Hypothesis
  readonly assumptions: Assumptions
}

function* candidates(base: Assumptions, hypotheses: readonly Hypothesis[]): Generator<Candidate> {
  yield { causes: [], assumptions: base }
  const singles: Single[] = []
  for (const cause of byWeight(hypotheses)) {
    const assumptions = cause.apply(base)
    if (assumptions === undefined) continue
    singles.push({ cause, assumptions })
    yield { causes: [cause], assumptions }
  }
  // Of triples, one is about the body; how a signature is written is undone beforehand, and costs nothing.
  const all = grouped(singles)
  const bodies = grouped(singles.filter(({ cause }) => cause.dimension === 'body'))
  const others = grouped(singles.filter(({ cause }) => cause.dimension !== 'body'))
  const heaviest = all.length - 1
  for (let total = 2; total <= 3 * heaviest + THIRD_CAUSE_WEIGHT; total++) {
    for (const [first, second] of pairsOf(all, total)) yield* combine(first, second)
    for (const [weight, some] of bodies.entries()) {
      for (const [first, second] of some.length === 0 ? [] : pairsOf(others, total - THIRD_CAUSE_WEIGHT - weight)) {
        for (const { causes, assumptions } of combine(first, second)) {
          for (const { cause, assumptions: own } of some)
            yield { causes: [...causes, cause], assumptions: withValue(assumptions, 'body', own.body) }
        }
      }
    }
  }
}

/**
 * Both changes at once. Changes of different assumptions do not meet, so the second's outcome is taken over; within
 * one, the order makes a difference, and both are tried.
 */
function* combine(first: Single, second: Single): Generator<Candidate> {
  const { key } = second.cause
  if (first.cause.key !== key) {
    yield { causes: [first.cause, second.cause], assumptions: withValue(first.assumptions, key, second.assumptions[key]) }
    return
  }
  for (const [before, after] of [
    [first, second],
    [second, first],
  ] as const) {
    const assumptions = after.cause.isAbsolute ? undefined : after.cause.apply(before.assumptions)
    if (assumptions !== undefined) yield { causes: [before.cause, after.cause], assumptions }
  }
}

function byWeight(hypotheses: readonly Hypothesis[]): readonly Hypothesis[] {
  return [...hypotheses].sort((a, b) => a.weight - b.weight)
}

/** By their weights. */
function grouped(singles: readonly Single[]): readonly (readonly Single[])[] {
  const heaviest = Math.max(0, ...singles.map(({ cause }) => cause.weight))
  return Array.from({ length: heaviest + 1 }, (_, weight) => singles.filter(({ cause }) => cause.weight === weight))
}

/** All pairs of one weight, without making the whole list. */
function* pairsOf(groups: readonly (readonly Single[])[], total: number): Generator<readonly [Single, Single]> {
  for (let weight = 1; weight * 2 <= total; weight++) {
    const [light = [], heavy = []] = [groups[weight], groups[total - weight]]
    for (const [index, first] of light.entries())
      for (const second of light === heavy ? light.slice(index + 1) : heavy) yield [first, second]
  }
}
