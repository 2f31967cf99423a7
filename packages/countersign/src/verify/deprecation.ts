import { CountersignError } from '../contract/error.ts'
import type { Failure } from '../contract/failure.ts'
import { oneOf } from '../contract/one-of.ts'
import { checkFunctions, refuseUnknown } from '../contract/refuse-unknown.ts'
import { tell } from '../contract/tell.ts'
import { type Clock, systemClock } from '../wire/timestamp.ts'
import { injectedClock } from './injected.ts'
import { refused } from './refused.ts'
import type { Verification, Verifier } from './verify.ts'

/** A moment: a Date, milliseconds since the epoch, or ISO 8601. */
export type When = Date | number | string

/** A time in which what is deprecated does not answer, so that who still uses it notices in time. */
export interface BrownOut {
  readonly from: When
  readonly until: When
}

/** What is said of a scheme or a route that is on its way out. */
export interface Deprecation {
  /** Since when; may lie ahead. Sent as `Deprecation` (RFC 9745). */
  readonly since: When
  /** From when it is refused. Sent as `Sunset` (RFC 8594). Left out: not decided yet. */
  readonly sunset?: When | undefined
  /** What to use instead: the name of a scheme, or a route such as `GET /v2/balance`. Named in every refusal. */
  readonly successor?: string | undefined
  /**
   * A page that tells how to move. Sent as `Link` with `rel="deprecation"`, and `rel="sunset"` once that is decided.
   */
  readonly link?: string | undefined
  readonly brownOuts?: readonly BrownOut[] | undefined
}

export interface DeprecatedOptions {
  /** What is deprecated. `scheme`: refused with 401 after the sunset. `route`: with 410. */
  readonly what: 'scheme' | 'route'
  /** The route's name, for the refusal. Default: the scheme's. */
  readonly name?: string | undefined
  readonly clock?: Clock | undefined
  /**
   * Told of every authentic call by what is deprecated, whether it was let through or not: these callers still have to
   * move.
   */
  readonly onUsed?: ((keyId: string) => void) | undefined
  /** Told of every call that is refused for a brown-out or after the sunset, as a verifier's `onRefused` is. */
  readonly onRefused?: ((failure: Failure) => void) | undefined
}

/** A deprecation that was read and checked. */
export interface CompiledDeprecation {
  /** Go with every answer. */
  readonly headers: { readonly [name: string]: string }
  /** What happens at a moment: `undefined` lets the call through. */
  stateAt(nowMs: number): 'retired' | { readonly brownOutUntilMs: number } | undefined
}

/**
 * Reads a deprecation.
 *
 * @throws CountersignError `option-invalid`: a moment that is none, a sunset before the deprecation, a brown-out that
 * ends before it begins
 */
export function compileDeprecation(deprecation: Deprecation): CompiledDeprecation {
  refuseUnknown(deprecation, ['since', 'sunset', 'successor', 'link', 'brownOuts'] satisfies (keyof Deprecation)[], 'A deprecation:')
  const { since, sunset, link, brownOuts = [] } = deprecation
  const sinceMs = readMoment(since, 'since')
  const sunsetMs = sunset === undefined ? undefined : readMoment(sunset, 'sunset')
  // RFC 9745 §4: a sunset is not earlier than the deprecation.
  if (sunsetMs !== undefined && sunsetMs < sinceMs)
    throw new CountersignError('option-invalid', 'The sunset lies before the deprecation: deprecate first.')
  if (link !== undefined && !/^https?:\/\/[^\s<>"]+$/.test(link))
    throw new CountersignError('option-invalid', `${JSON.stringify(link)} is not a link: give the https URL of a page.`)
  const windows = brownOuts.map(({ from, until }) => ({ from: readMoment(from, 'from'), until: readMoment(until, 'until') }))
  if (windows.some(({ from, until }) => until <= from)) throw new CountersignError('option-invalid', 'A brown-out ends before it begins.')
  const links = link === undefined ? [] : ['deprecation', ...(sunsetMs === undefined ? [] : ['sunset'])]
  return {
    headers: {
      deprecation: `@${Math.floor(sinceMs / 1000)}`,
      ...(sunsetMs === undefined ? {} : { sunset: new Date(sunsetMs).toUTCString() }),
      ...(links.length === 0 ? {} : { link: links.map(rel => `<${link}>; rel="${rel}"; type="text/html"`).join(', ') }),
    },
    stateAt(now) {
      if (sunsetMs !== undefined && now >= sunsetMs) return 'retired'
      const window = windows.find(({ from, until }) => now >= from && now < until)
      return window === undefined ? undefined : { brownOutUntilMs: window.until }
    },
  }
}

/**
 * A verifier that tells callers of a deprecation with every answer, interrupts them by schedule, and refuses them after
 * the sunset. Only authentic calls are told why, so that strangers can't learn from it which keys there are.
 *
 * @example
 * ```ts
 * const verifier = deprecated(createVerifier(qredoV1, options), {
 *   since: '2026-10-01', sunset: '2027-04-01', successor: 'qredo-v2', link: 'https://api.example.com/migrating',
 * }, { what: 'scheme' })
 * ```
 *
 * @throws CountersignError `option-invalid`
 */
export function deprecated(verifier: Verifier, deprecation: Deprecation, options: DeprecatedOptions): Verifier {
  refuseUnknown(options, ['what', 'name', 'clock', 'onUsed', 'onRefused'] satisfies (keyof DeprecatedOptions)[], 'deprecated:')
  checkFunctions({ clock: options.clock, onUsed: options.onUsed, onRefused: options.onRefused })
  if (!WHAT.includes(options.what)) throw new CountersignError('option-invalid', `The option what: ${oneOf(options.what, 'kind', WHAT)}.`)
  const { headers, stateAt } = compileDeprecation(deprecation)
  const { successor } = deprecation
  const { what, name = verifier.scheme.name, onUsed, onRefused } = options
  const clock = injectedClock(options.clock ?? systemClock)
  return {
    scheme: verifier.scheme,
    maxBodyBytes: verifier.maxBodyBytes,
    presents: request => verifier.presents(request),
    bodyUseOf: request => verifier.bodyUseOf(request),
    async verify(request, verifyOptions): Promise<Verification> {
      const result = await verifier.verify(request, verifyOptions)
      const told = { ...result.headers, ...headers }
      if (!result.ok) return { ...result, headers: told }
      const keyId = result.key.id
      tell(onUsed, keyId)
      let now: number
      try {
        now = clock()
      } catch (cause) {
        return { ...refused({ code: 'verifier-failed' }, cause), headers: told }
      }
      const state = stateAt(now)
      if (state === undefined) return { ...result, headers: told }
      const failure: Failure =
        state === 'retired'
          ? { code: what === 'scheme' ? 'scheme-retired' : 'route-retired', keyId, name, successor }
          : { code: 'brown-out', keyId, name, successor, untilMs: state.brownOutUntilMs }
      tell(onRefused, failure)
      const wait = state === 'retired' ? {} : { 'retry-after': String(Math.ceil((state.brownOutUntilMs - now) / 1000)) }
      return { ok: false, failure, headers: { ...told, ...wait } }
    },
  }
}

const WHAT = ['scheme', 'route'] as const

function readMoment(moment: When, name: string): number {
  const ms = moment instanceof Date ? moment.getTime() : typeof moment === 'number' ? moment : Date.parse(moment)
  if (Number.isFinite(ms)) return ms
  throw new CountersignError('option-invalid', `${name}: ${JSON.stringify(moment)} is not a time: write it as 2026-10-01T00:00:00Z.`)
}
