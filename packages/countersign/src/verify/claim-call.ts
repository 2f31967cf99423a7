import { CountersignError } from '../contract/error.ts'
import { isPromise, type MaybePromise, whenReady } from '../contract/maybe-promise.ts'
import type { Key } from '../keys/key.ts'
import { memoryReplayGuard, type ReplayAnswer, type ReplayClaim, type ReplayGuard } from '../replay/replay.ts'
import type { TimelyClaim } from '../scheme/plan.ts'
import type { Scheme } from '../scheme/scheme.ts'
import type { Clock } from '../wire/timestamp.ts'
import { refused } from './refused.ts'
import { firstMomentMs, lastMomentMs } from './time.ts'
import type { Refused } from './types.ts'

/** A signature that holds. */
export interface Proven {
  readonly claim: TimelyClaim
  readonly callIds: readonly string[]
  readonly credential: number
  readonly key: Key
}

/**
 * Claims every id of a call that was proven; a refusal where one is not fresh.
 *
 * @param sharing all of the request's that have one of these ids. Default: the call alone
 */
export type ClaimCall = (method: string, call: Proven, sharing?: readonly Proven[]) => MaybePromise<Refused | undefined>

/** Methods of which a second delivery is legitimate: the same call again reads the same. */
export const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

export interface ClaimerOptions {
  readonly replay: ReplayGuard | 'off' | undefined
  readonly toleranceMs: number
  readonly clock: Clock
  /** Waits for the guard's answer. */
  readonly wait: <T>(answer: MaybePromise<T>) => MaybePromise<T>
}

/**
 * Makes the last step of a verifier: not seen before, up to the last moment at which the call would be accepted, and
 * that is not over.
 *
 * @throws CountersignError `option-invalid` for a guard of a scheme that can't tell a replay from a second delivery
 */
export function createClaimer(scheme: Scheme, options: ClaimerOptions): ClaimCall {
  const { toleranceMs, clock, wait } = options
  const guard = chooseGuard(scheme, options)
  if (guard === undefined) return () => undefined

  const claimId = (claim: ReplayClaim): MaybePromise<Refused | undefined> => {
    const { keyId, expiresAtMs } = claim
    try {
      const answer = wait(guard.claim(claim))
      return isPromise(answer) ? answer.then(given => judge(given, expiresAtMs, keyId), unanswered) : judge(answer, expiresAtMs, keyId)
    } catch (cause) {
      return unanswered(cause)
    }
  }

  function judge(answer: ReplayAnswer, endsAtMs: number, keyId: string): Refused | undefined {
    if (answer === 'fresh') return undefined
    if (answer === 'seen') return refused({ code: 'replayed', keyId })
    if (answer === 'full') return refused({ code: 'replay-guard-full', keyId })
    if (answer !== 'ended') return unanswered()
    const nowMs = clock()
    return refused({ code: 'timestamp-out-of-window', skewMs: endsAtMs - nowMs, serverTimeMs: nowMs })
  }

  return (method, call, sharing = [call]) => {
    const { claim, callIds, key } = call
    const { nonce, moment } = claim
    if (nonce === '' && moment?.isUnique !== true && (moment === undefined || SAFE_METHODS.has(method))) return undefined
    const lifetime = lifetimeOf(sharing, toleranceMs)
    return callIds.reduce<MaybePromise<Refused | undefined>>(
      (before, id) => whenReady(before, refusal => refusal ?? claimId({ id, keyId: key.id, ...lifetime })),
      undefined,
    )
  }
}

/** For how long an id is remembered that several signatures have: until the last of them is over, by any window. */
function lifetimeOf(calls: readonly Proven[], toleranceMs: number): Pick<ReplayClaim, 'expiresAtMs' | 'issuedAtMs' | 'windowMs'> {
  const lasts = ({ claim: { moment } }: Proven): number => lastMomentMs(moment, toleranceMs)
  // One that ends by the tolerance ends later by a longer one, and decides, although another ends later by this one.
  const byWindow = calls.filter(one => lasts(one) === (one.claim.moment?.issuedMs ?? Number.NaN) + toleranceMs)
  const [latest] = [...(byWindow.length > 0 ? byWindow : calls)].sort((a, b) => lasts(b) - lasts(a))
  const moment = latest?.claim.moment
  return {
    expiresAtMs: Math.max(...calls.map(lasts)),
    // Where only the end is signed, it lay no further ahead than the tolerance.
    issuedAtMs: moment?.issuedMs ?? (moment?.expiresMs === undefined ? undefined : moment.expiresMs - toleranceMs),
    windowMs: moment?.issuedMs === undefined || moment.isLongLived ? undefined : toleranceMs,
  }
}

/**
 * Claims what every signature of a request that holds could be sent as: whoever saw the request could take the others
 * out. An id that two have is claimed once, for as long as the longer holds.
 *
 * One that is good only much later would have to be remembered until then, so a call with such a signature is refused.
 *
 * @param accepted the one by which the call is taken; another whose time is over can't be sent any more
 */
export async function claimEach(
  claimCall: ClaimCall,
  method: string,
  proven: readonly Proven[],
  accepted: Proven,
  { toleranceMs, nowMs }: { readonly toleranceMs: number; readonly nowMs: number },
): Promise<Refused | undefined> {
  for (const { claim } of proven) {
    const skewMs = firstMomentMs(claim.moment, toleranceMs) - nowMs
    if (skewMs > toleranceMs) return refused({ code: 'timestamp-out-of-window', skewMs: skewMs + toleranceMs, serverTimeMs: nowMs })
  }
  const claimed = new Set<string>()
  const lasts = ({ claim }: Proven): number => lastMomentMs(claim.moment, toleranceMs)
  // Two that never end differ by NaN, which sorts as 0.
  for (const one of [...proven].sort((a, b) => lasts(b) - lasts(a))) {
    const callIds = one.callIds.filter(id => !claimed.has(id))
    for (const id of callIds) claimed.add(id)
    const sharing = proven.filter(other => other.callIds.some(id => callIds.includes(id)))
    const refusal = await claimCall(method, { ...one, callIds }, sharing)
    if (refusal !== undefined && (one === accepted || refusal.failure.code !== 'timestamp-out-of-window')) return refusal
  }
  return undefined
}

/** A guard that is away or unsure: 503, never a guess. */
function unanswered(cause?: unknown): Refused {
  return refused({ code: 'replay-guard-unavailable' }, cause)
}

/**
 * Whether a verifier of the scheme asks a replay guard, and makes one in memory where it is given none. It refuses the
 * option `replay` for the others, whose replays can't be told from second deliveries.
 */
export function takesReplayGuard(scheme: Scheme): boolean {
  // Where the client chooses what it signs, a call may have a nonce that the scheme doesn't demand.
  return scheme.detectsReplays || scheme.base !== undefined
}

function chooseGuard(scheme: Scheme, { replay, clock }: Pick<ClaimerOptions, 'replay' | 'clock'>): ReplayGuard | undefined {
  if (replay === 'off') return undefined
  if (takesReplayGuard(scheme)) return replay ?? memoryReplayGuard({ clock })
  if (replay === undefined) return undefined
  throw new CountersignError(
    'option-invalid',
    `The scheme ${scheme.name} signs neither a timestamp nor a nonce, so a replay can't be told from a second delivery: leave the option replay out, and drop deliveries you have already handled by their id.`,
  )
}
