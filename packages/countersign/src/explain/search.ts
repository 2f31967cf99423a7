import { isPromise, type MaybePromise } from '../contract/maybe-promise.ts'
import { type Assumptions, type Cause, type Hypothesis, withValue } from './hypothesis.ts'
import type { Meter } from './meter.ts'

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
  /** How many were not, since that would have been more work than is allowed. */
  readonly skipped: number
}

/** Says whether a client with these assumptions would have sent what was presented. */
export type Test = (assumptions: Assumptions) => MaybePromise<Answer>

/** `skipped`: to find that out would be more work than is allowed. */
export type Answer = Fit | 'skipped' | undefined

/** Where the platform answers with promises: how many answers, and messages of how many bytes, are awaited together. */
const BATCH = 128
const BATCH_BYTES = 1_048_576

export interface SearchOptions {
  readonly maxAttempts: number
  readonly meter: Meter
  /** Whether each answer is waited for before the next is asked for. */
  readonly inTurn: boolean
}

/** Extra weight for a third mistake: three at once are rare. */
const THIRD_CAUSE_WEIGHT = 1

/**
 * The likeliest first: singles, then pairs, and triples of which one is about the body; of these, the lighter first.
 */
export async function search(
  base: Assumptions,
  hypotheses: readonly Hypothesis[],
  test: Test,
  { maxAttempts, meter, inTurn }: SearchOptions,
): Promise<Searched> {
  let attempts = 0
  let skipped = 0
  let pendingFrom = 0
  let pending: {
    readonly causes: readonly Cause[]
    readonly assumptions: Assumptions
    readonly answer: Promise<Answer>
  }[] = []
  const found = (causes: readonly Cause[], assumptions: Assumptions, { cause, confidence }: Fit): Searched => ({
    found: { causes: cause === undefined ? causes : [...causes, cause], assumptions, confidence },
    attempts: attempts - skipped,
    skipped,
  })

  async function settle(): Promise<Searched | undefined> {
    const answers = await Promise.all(pending.map(({ answer }) => answer))
    const tried = pending
    pending = []
    pendingFrom = meter.spentBytes
    for (const [at, { causes, assumptions }] of tried.entries()) {
      const answer = answers[at]
      if (answer === 'skipped') skipped++
      else if (answer !== undefined) return found(causes, assumptions, answer)
    }
    return undefined
  }

  for (const { causes, assumptions } of candidates(base, hypotheses)) {
    if (attempts >= maxAttempts) break
    attempts++
    const rest = meter.rest()
    if (rest !== undefined) await rest
    const asked = test(assumptions)
    const answer = inTurn && isPromise(asked) ? await asked : asked
    if (!isPromise(answer)) {
      if (answer === 'skipped') skipped++
      else if (answer !== undefined) return found(causes, assumptions, answer)
      continue
    }
    pending.push({ causes, assumptions, answer })
    if (pending.length < BATCH && meter.spentBytes - pendingFrom < BATCH_BYTES) continue
    const settled = await settle()
    if (settled !== undefined) return settled
  }
  return (await settle()) ?? { found: undefined, attempts: attempts - skipped, skipped }
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
