import { checkNumbers } from '../contract/check-numbers.ts'
import { CountersignError } from '../contract/error.ts'
import type { MaybePromise } from '../contract/maybe-promise.ts'
import { checkFunctions, refuseUnknown } from '../contract/refuse-unknown.ts'
import { tell } from '../contract/tell.ts'
import { type Clock, systemClock } from '../wire/timestamp.ts'
import { createClaimCounts } from './claim-counts.ts'
import { createForwardClock } from './forward-clock.ts'
import { createFullnessWatch, type Fullness } from './nearly-full.ts'
import { createReplayTable, LEAST_TABLE_BYTES, layOutReplayTable, type ReplayTable } from './replay-table.ts'
import { coarsely, REPLAY_SLICE_MS, sliceOf } from './slices.ts'
import { createWindows } from './windows.ts'

/**
 * Only `fresh` lets a call through. `full`: there is no room to remember it, or none for this key. `unsure`: the guard
 * may have lost its memory of it. `ended`: a claim after its own end.
 */
export type ReplayAnswer = 'fresh' | 'seen' | 'full' | 'ended' | 'unsure'

/** One id of a call that was found authentic. */
export interface ReplayClaim {
  /** Made from the call's nonce, or else from what was signed; never from the signature as it was presented. */
  readonly id: string
  /** Whose call it is, so that no key takes the room of all others. */
  readonly keyId: string
  /**
   * The last moment at which the call is accepted, in milliseconds since the epoch; a claim after it is `ended`.
   * Infinity for a call with a nonce and no time, which would always be accepted: how long it is remembered is the
   * guard's to say.
   */
  readonly expiresAtMs: number
  /**
   * Since when the call could have been accepted, in milliseconds since the epoch, for guards that may lose their
   * memory; left out where nothing is known of that.
   */
  readonly issuedAtMs?: number | undefined
  /**
   * How long after that the verifier accepts a call, in milliseconds, if the call doesn't end before: another verifier,
   * or this one by other settings, may accept it for longer. Left out where the call alone says when it ends.
   */
  readonly windowMs?: number | undefined
}

/** Says whether a call was seen before, and remembers it. */
export interface ReplayGuard {
  claim(claim: ReplayClaim): MaybePromise<ReplayAnswer>
}

export interface MemoryReplayGuardOptions {
  /**
   * Memory for calls that are remembered, in bytes: 14 to 35 for each. It is taken as it fills and given back. When it
   * is full, calls are refused. Beside it, about 1 MB is needed to count the calls of each key, up to 15 MB if key ids
   * are as long as they may be. Default: 64 MiB, which hold 4.7 million calls: 15,000 a second for five minutes.
   */
  readonly maxBytes?: number | undefined
  /**
   * How long a call with a nonce and no time is remembered, in milliseconds; a replay after that is accepted. Default:
   * thirty days.
   */
  readonly nonceLifetimeMs?: number | undefined
  /**
   * Told when the guard is 80 % full, and of each key that has 80 % of what it may have beside others; again only after
   * an eighth of those calls ended. What it throws or rejects with is dropped.
   */
  readonly onNearlyFull?: ((usage: NearlyFull) => void) | undefined
  /** Milliseconds since the epoch. Default: the system's. */
  readonly clock?: Clock | undefined
  /** A monotonic clock, in milliseconds. Default: `performance.now`. */
  readonly steadyClock?: Clock | undefined
}

/** How full a guard in memory is. */
export interface ReplayGuardUsage {
  /** Calls that are remembered. */
  readonly claims: number
  /** How many calls fit into `maxBytes`. */
  readonly maxClaims: number
  /** Taken for calls, those included that ended lately. */
  readonly bytesUsed: number
  readonly maxBytes: number
}

export interface NearlyFull extends ReplayGuardUsage, Fullness {}

export interface MemoryReplayGuard extends ReplayGuard {
  claim(claim: ReplayClaim): ReplayAnswer
  usage(): ReplayGuardUsage
}

const OPTIONS: { readonly [N in keyof Required<MemoryReplayGuardOptions>]: true } = {
  maxBytes: true,
  nonceLifetimeMs: true,
  onNearlyFull: true,
  clock: true,
  steadyClock: true,
}

/** Default of `maxBytes`: 64 MiB. */
export const DEFAULT_REPLAY_BYTES = 67_108_864
/** Least value of `maxBytes`: room for one call. */
export const LEAST_REPLAY_BYTES = LEAST_TABLE_BYTES
/** Default of `nonceLifetimeMs`: thirty days. */
export const DEFAULT_NONCE_LIFETIME_MS = 2_592_000_000

/** How much of a guard one key may fill beside others, and while there is no other. */
const SHARE_BESIDE_OTHERS = 1 / 2
const SHARE_ALONE = 7 / 8
/** Shards that are looked through for memory to give back, at one claim. */
const MOST_TIDIED = 8

/**
 * A guard in memory, for one process. It keeps eight bytes of each id, hashed under a key of its own, and the second
 * that it ends in: no sweep over what is still good, no timer, nothing for the garbage collector. Two ids fall together
 * once in 2⁶⁴; the second is refused then. One key fills at most half of it while there are others, and seven eighths
 * alone. See docs/decisions/0014.
 *
 * @throws CountersignError `option-invalid`
 */
export function memoryReplayGuard(options: MemoryReplayGuardOptions = {}): MemoryReplayGuard {
  refuseUnknown(options, Object.keys(OPTIONS), 'memoryReplayGuard:')
  const {
    maxBytes = DEFAULT_REPLAY_BYTES,
    nonceLifetimeMs = DEFAULT_NONCE_LIFETIME_MS,
    onNearlyFull,
    clock = systemClock,
    steadyClock = () => performance.now(),
  } = options
  checkNumbers({ maxBytes, nonceLifetimeMs }, Number.MAX_SAFE_INTEGER)
  checkFunctions({ onNearlyFull, clock, steadyClock })
  if (maxBytes < LEAST_REPLAY_BYTES)
    throw new CountersignError(
      'option-invalid',
      `The option maxBytes is at least ${LEAST_REPLAY_BYTES}, which hold one call; got ${maxBytes}.`,
    )
  const layout = layOutReplayTable(maxBytes)
  const { maxClaims } = layout
  const mostBesideOthers = Math.ceil(maxClaims * SHARE_BESIDE_OTHERS)
  const mostAlone = Math.ceil(maxClaims * SHARE_ALONE)
  const forwardClock = createForwardClock(steadyClock)
  const windows = createWindows()
  const counts = createClaimCounts()
  const fullness = createFullnessWatch(counts, maxClaims, mostBesideOthers)
  // Made at the first claim: where verifiers are made at a module's start, some platforms (Cloudflare's) give no random
  // numbers yet.
  let table: ReplayTable | undefined
  /** The latest that was seen. */
  let slice = 0

  function moveTo(now: number): void {
    const passed = now - slice
    slice = now
    counts.dropBefore(now)
    if (counts.size === 0) table = undefined
    else table?.tidy(now, Math.min(passed, MOST_TIDIED))
    fullness.dropped()
  }

  function hasRoomFor(keyId: string): boolean {
    const { size } = counts
    if (size < mostBesideOthers) return true
    return size < maxClaims && counts.mostOf(keyId) < (counts.isAlone(keyId) ? mostAlone : mostBesideOthers)
  }

  function take(id: string, keyId: string, end: number, wall: number): 'fresh' | 'seen' | 'full' {
    table ??= createReplayTable(layout)
    const sliceOfEnd = coarsely(end, slice, wall)
    const answer = table.claim(id, sliceOfEnd, slice, hasRoomFor(keyId))
    if (answer === 'fresh') counts.add(keyId, sliceOfEnd)
    return answer
  }

  function usage(): ReplayGuardUsage {
    return { claims: counts.size, maxClaims, bytesUsed: table?.bytesUsed ?? 0, maxBytes }
  }

  return {
    usage,
    claim(call) {
      const { id, keyId, expiresAtMs } = call
      const nowMs = clock()
      if (!(expiresAtMs >= nowMs)) return 'ended'
      const now = sliceOf(forwardClock.at(nowMs))
      if (now > slice) moveTo(now)
      // What may have been forgotten is not taken again, wherever the clock is put back to.
      if (sliceOf(expiresAtMs) < slice) return 'unsure'
      const guardMs = slice * REPLAY_SLICE_MS
      const { endMs, isInDoubt } = windows.claimed(call, guardMs, nowMs)
      const end = sliceOf(endMs === Number.POSITIVE_INFINITY ? nowMs + nonceLifetimeMs : endMs)
      const wall = sliceOf(nowMs)
      if (isInDoubt) return table?.claim(id, coarsely(end, slice, wall), slice, false) === 'seen' ? 'seen' : 'unsure'
      let answer = take(id, keyId, end, wall)
      if (answer === 'full' && slice < wall) {
        // The clock was set forward, or the machine slept: what has ended since is kept, in case the clock is put back.
        // If the room is needed and the clock stayed ahead, it is let go; where the clock is put back after all, calls
        // are refused as `unsure`. This call has not ended by the system's clock.
        const believed = sliceOf(forwardClock.catchUp())
        if (believed > slice) {
          moveTo(believed)
          answer = take(id, keyId, end, wall)
        }
      }
      if (answer === 'fresh') for (const what of fullness.added(keyId)) tell(onNearlyFull, { ...usage(), ...what })
      return answer
    },
  }
}
