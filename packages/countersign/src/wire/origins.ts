import { CountersignError } from '../contract/error.ts'
import { canonicalOrigin } from './canonical-origin.ts'
import { hostOf, ORIGIN_PATTERN } from './url.ts'

export interface Origin {
  /** Scheme, host and port; no path. */
  readonly origin: string
  /** What stands before the request target in public URLs; empty most often. */
  readonly basePath: string
  readonly host: string
  /** `origin` without its scheme's own port, as the standards that normalise it sign it (RFC 9421 §2.2.3). */
  readonly canonical: string
  /** The call is for the base path itself: `https://a.example/v1` arrives as `/`, like `https://a.example/v1/`. */
  readonly isBasePathItself?: boolean | undefined
}

/** Path and query of the public URL of a request. @param target as it stands on the request line */
export function publicTarget({ basePath, isBasePathItself }: Origin, target: string): string {
  return basePath + (isBasePathItself === true ? target.slice(1) : target)
}

/**
 * Reads the origins an API is served at.
 *
 * @throws CountersignError `option-invalid`
 */
export function readOrigins(configured: string | readonly string[]): readonly [Origin, ...Origin[]] {
  const [first, ...rest] = (typeof configured === 'string' ? [configured] : configured).map(readOrigin)
  if (first === undefined)
    throw new CountersignError(
      'option-invalid',
      'Give the public origin of the API, such as https://api.example.com: it is signed, and never taken from the request.',
    )
  const all = [first, ...rest]
  for (const origin of rest) {
    const same = all.find(other => other.basePath !== origin.basePath && (serves(other, origin.host) || serves(origin, other.host)))
    if (same !== undefined)
      throw new CountersignError(
        'option-invalid',
        `${same.origin}${same.basePath} and ${origin.origin}${origin.basePath} have one host and different base paths, so nothing tells which of them a call is for: make a verifier for each.`,
      )
  }
  return [first, ...rest]
}

/**
 * The configured origins that a request may be meant for: with one, that one, whatever the request says; with several,
 * or one with a wildcard, those that serve the host it names. What the request says only chooses among these.
 */
export function chooseOrigins(origins: readonly [Origin, ...Origin[]], host: string | undefined, target: string): readonly Origin[] {
  const named =
    origins.length === 1 && !isWildcard(origins[0])
      ? origins
      : origins.filter(origin => host !== undefined && serves(origin, host.toLowerCase())).map(origin => withCalledHost(origin, host))
  const isForRoot = target.length === 1 || target.charCodeAt(1) === QUESTION_MARK
  if (!isForRoot || named.every(({ basePath }) => basePath === '')) return named
  return named.flatMap(origin => (origin.basePath === '' ? [origin] : [origin, { ...origin, isBasePathItself: true }]))
}

const QUESTION_MARK = 63

function isWildcard({ host }: Origin): boolean {
  return host.startsWith('*.')
}

/** Whether a host is an origin's; a wildcard stands for one label. */
function serves(origin: Origin, host: string): boolean {
  if (!isWildcard(origin)) return origin.host === host
  const label = host.slice(0, host.indexOf('.'))
  return /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(label) && host.slice(label.length) === origin.host.slice(1)
}

/** A wildcard's origin with the host that was called. */
function withCalledHost(origin: Origin, called = ''): Origin {
  if (!isWildcard(origin)) return origin
  const host = called.toLowerCase()
  const own = origin.origin.slice(0, -origin.host.length) + host
  return { ...origin, origin: own, host, canonical: canonicalOrigin(own) }
}

function readOrigin(text: string): Origin {
  const match = ORIGIN.exec(text) ?? WILDCARD.exec(text)
  const origin = match?.[1]
  const basePath = match?.[2] ?? ''
  if (origin === undefined || basePath.endsWith('/') || canonicalOrigin(origin) !== origin) {
    throw new CountersignError(
      'option-invalid',
      `${JSON.stringify(text)} is not an origin: give scheme, lower-case host and port as clients write them, without the scheme's own port or a slash at the end, such as https://api.example.com, https://api.example.com/v1 with a base path, or https://*.example.com for each name of one label more.`,
    )
  }
  return { origin, basePath, host: hostOf(origin), canonical: canonicalOrigin(origin) }
}

const BASE_PATH = '(/[A-Za-z0-9\\-._~/%]*)?'
const ORIGIN = new RegExp(`^(${ORIGIN_PATTERN})${BASE_PATH}$`)
/** One label in front of a name of two at least: nobody serves all of `*.com`. */
const WILDCARD = new RegExp(`^((?:https?|wss?)://\\*(?:\\.[a-z0-9-]+){2,}(?::\\d+)?)${BASE_PATH}$`)
