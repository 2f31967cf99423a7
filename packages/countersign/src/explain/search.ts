import { isPromise, type MaybePromise } from '../crypto/provider.ts'
import type { Assumptions, Cause, Hypothesis } from './hypothesis.ts'

export interface Found {
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

/** After so many attempts there is a pause: some two milliseconds. */
const ATTEMPTS_BEFORE_PAUSE = 400

/** The likeliest first: singles, then pairs, then triples of which one is about the body; within each, the lighter first. */
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

function* candidates(base: Assumptions, hypotheses: readonly Hypothesis[]): Generator<Candidate> {
  yield { causes: [], assumptions: base }
  const singles: Candidate[] = []
  for (const hypothesis of byWeight(hypotheses)) {
    const assumptions = hypothesis.apply(base)
    if (assumptions === undefined) continue
    const single = { causes: [hypothesis], assumptions }
    singles.push(single)
    yield single
  }
  const pairs: Candidate[] = []
  for (const [first, second] of pairsByWeight(singles)) {
    for (const pair of combine(first, second)) {
      pairs.push(pair)
      yield pair
    }
  }
  // Of triples, one is about the body; how a signature is written is undone beforehand, and costs nothing.
  const bodies = singles.filter(({ causes: [cause] }) => cause?.dimension === 'body')
  for (const pair of byTotal(pairs)) {
    if (pair.causes.some(({ dimension }) => dimension === 'body')) continue
    for (const body of bodies) yield* combine(pair, body)
  }
}

/**
 * Both changes at once. Changes of different assumptions do not meet, so the second's outcome is taken over; within one, the order makes a
 * difference, and both are tried.
 */
function* combine(first: Candidate, second: Candidate): Generator<Candidate> {
  const [change] = second.causes
  if (change === undefined) return
  const { key } = change
  const causes = [...first.causes, change]
  if (!first.causes.some(cause => cause.key === key)) {
    yield { causes, assumptions: { ...first.assumptions, [key]: second.assumptions[key] } }
    return
  }
  const forth = change.apply(first.assumptions)
  if (forth !== undefined) yield { causes, assumptions: forth }
  const [only] = first.causes
  const back = first.causes.length > 1 ? undefined : only?.apply(second.assumptions)
  if (back !== undefined && only !== undefined) yield { causes: [change, only], assumptions: back }
}

function byWeight(hypotheses: readonly Hypothesis[]): readonly Hypothesis[] {
  return [...hypotheses].sort((a, b) => a.weight - b.weight)
}

function totalOf({ causes }: Candidate): number {
  return causes.reduce((sum, { weight }) => sum + weight, 0)
}

function byTotal(list: readonly Candidate[]): readonly Candidate[] {
  return [...list].sort((a, b) => totalOf(a) - totalOf(b))
}

/** All pairs, the lighter sums first, without making the whole list. */
function* pairsByWeight(singles: readonly Candidate[]): Generator<readonly [Candidate, Candidate]> {
  const groups: Candidate[][] = []
  for (const single of singles) {
    const group = groups[totalOf(single)]
    if (group === undefined) groups[totalOf(single)] = [single]
    else group.push(single)
  }
  const heaviest = groups.length - 1
  for (let sum = 2; sum <= 2 * heaviest; sum++) {
    for (let weight = 1; weight * 2 <= sum; weight++) {
      const [light = [], heavy = []] = [groups[weight], groups[sum - weight]]
      for (const [index, first] of light.entries())
        for (const second of light === heavy ? light.slice(index + 1) : heavy) yield [first, second]
    }
  }
}
