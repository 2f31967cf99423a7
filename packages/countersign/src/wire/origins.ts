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
  for (const origin of rest) {
    const same = [first, ...rest].find(other => other !== origin && other.host === origin.host && other.basePath !== origin.basePath)
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
 * those whose host it names. What the request says only chooses, it is never signed for.
 */
export function chooseOrigins(origins: readonly [Origin, ...Origin[]], host: string | undefined): readonly Origin[] {
  return origins.length === 1 ? origins : origins.filter(origin => origin.host === host?.toLowerCase())
}

function readOrigin(text: string): Origin {
  const match = ORIGIN.exec(text)
  const origin = match?.[1]
  const basePath = match?.[2] ?? ''
  if (origin === undefined || basePath.endsWith('/')) {
    throw new CountersignError(
      'option-invalid',
      `${JSON.stringify(text)} is not an origin: give scheme, lower-case host and port as clients write them, without the scheme's own port or a slash at the end, such as https://api.example.com.`,
    )
  }
  return { origin, basePath, host: hostOf(origin), canonical: canonicalOrigin(origin) }
}

const ORIGIN = new RegExp(`^(${ORIGIN_PATTERN})(/[A-Za-z0-9\\-._~/%]*)?$`)
