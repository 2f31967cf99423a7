import type { Failure } from '../contract/failure.ts'
import { isPromise, type MaybePromise, whenReady } from '../contract/maybe-promise.ts'
import type { Guard } from '../coverage/guards.ts'
import type { Key } from '../keys/key.ts'
import type { BodyState, Digests, Proof, Prover } from '../keys/prove.ts'
import type { Composition, Plan, TimelyClaim } from '../scheme/plan.ts'
import type { Origin } from '../wire/origins.ts'
import { refused } from './refused.ts'
import type { Refused } from './types.ts'

export interface OriginProverOptions {
  readonly compose: Plan['compose']
  readonly prove: Prover['prove']
  readonly guard: Guard
  /** Waits for the cryptography. */
  readonly wait: <T>(answer: MaybePromise<T>) => MaybePromise<T>
}

/**
 * Rebuilds the message of a claim for each origin that the call may be meant for, and proves it for the first one that
 * holds. `undefined` where none does; a refusal where the cryptography failed or did not answer.
 */
export type ProveForOrigin = (
  candidates: readonly Origin[],
  key: Key | undefined,
  claim: TimelyClaim,
  body: BodyState,
  digests?: Digests,
) => MaybePromise<Proof | Failure | Refused | undefined>

export function createOriginProver({ compose, prove, guard, wait }: OriginProverOptions): ProveForOrigin {
  /** Guards cost more than a signature, and what they find is only for callers with a valid one. */
  function guarded(outcome: Proof | Failure | undefined, { call, recipe }: Composition): Proof | Failure | undefined {
    return outcome === undefined || 'code' in outcome ? outcome : (guard(call, recipe) ?? outcome)
  }

  function proveFrom(
    at: number,
    candidates: readonly Origin[],
    key: Key | undefined,
    claim: TimelyClaim,
    body: BodyState,
    digests?: Digests,
  ): MaybePromise<Proof | Failure | undefined> {
    const origin = candidates[at]
    if (origin === undefined) return undefined
    const composition = compose(claim, origin)
    if ('code' in composition) return composition
    const proven = prove(key, composition, claim, body, digests)
    const proof = isPromise(proven) ? proven.then(outcome => guarded(outcome, composition)) : guarded(proven, composition)
    if (at + 1 === candidates.length) return proof
    return whenReady(proof, outcome => outcome ?? proveFrom(at + 1, candidates, key, claim, body, digests))
  }

  return (candidates, key, claim, body, digests) => {
    try {
      const outcome = wait(proveFrom(0, candidates, key, claim, body, digests))
      return isPromise(outcome) ? outcome.then(undefined, unusable) : outcome
    } catch (cause) {
      return unusable(cause)
    }
  }
}

/** Where a key is made, it is checked as far as the platform allows, so one that can't be used shows here. */
function unusable(cause: unknown): Refused {
  return refused({ code: 'key-source-unavailable' }, cause)
}
