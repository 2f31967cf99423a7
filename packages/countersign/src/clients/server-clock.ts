import { checkNumbers } from '../contract/check-numbers.ts'
import { refuseUnknown } from '../contract/refuse-unknown.ts'
import type { ClockCorrection } from './fetch.ts'

export interface ServerClockOptions {
  /** The most that the clock is set by, either way. Default: 10 minutes. */
  readonly maxOffsetMs?: number | undefined
}

const DEFAULT_MAX_OFFSET_MS = 600_000

/** A refusal is put down to the clock when the server's differs by at least this. */
const MIN_CLOCK_SKEW_MS = 5_000

/**
 * For `signedFetch`: sets the clock by that of a server which refused a call for its time, as its problem details tell
 * it (`serverTime`); without those, by the `Date` of a 401.
 *
 * What is signed for another time can be sent then, so a server is believed only over TLS or on this machine, and only
 * by some minutes; the signer's own clock holds again as soon as a call is refused.
 *
 * @example
 * ```ts
 * const fetch = signedFetch(signer, { correctClock: serverClock() })
 * ```
 *
 * @throws CountersignError `option-invalid` for a `maxOffsetMs` that is not a number
 */
export function serverClock(options: ServerClockOptions = {}): ClockCorrection {
  refuseUnknown(options, ['maxOffsetMs'] satisfies (keyof ServerClockOptions)[], 'serverClock:')
  const { maxOffsetMs = DEFAULT_MAX_OFFSET_MS } = options
  checkNumbers({ maxOffsetMs })
  return async (refusal, url, nowMs) => {
    if (!isTrusted(new URL(url))) return undefined
    const offsetMs = Date.parse(String(await readTime(refusal))) - nowMs
    const size = Math.abs(offsetMs)
    return size >= MIN_CLOCK_SKEW_MS && size <= maxOffsetMs ? offsetMs : undefined
  }
}

async function readTime(refusal: Response): Promise<unknown> {
  if (refusal.headers.get('content-type')?.includes('problem+json') !== true)
    return refusal.status === 401 ? refusal.headers.get('date') : undefined
  const problem: { readonly serverTime?: unknown } | null = await refusal
    .clone()
    .json()
    .catch(() => null)
  return problem?.serverTime
}

function isTrusted({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
}
