import type { Call } from '../recipe/call.ts'
import type { Recipe } from '../recipe/recipe.ts'

/** What a wrong client may have had instead of what is right, while a search changes one assumption after the other. */
export interface Assumptions {
  readonly timestamp: string
  readonly method: string
  readonly origin: string
  readonly target: string
  readonly body: string | Uint8Array | undefined
  /** How the message is put together. */
  readonly recipe: Recipe
  /** Which of the secrets, by its place in the list of them. */
  readonly secret: number
  /** Which way to make a signature of secret and message, by its place. */
  readonly digest: number
}

export type Dimension = 'secret' | 'timestamp' | 'method' | 'url' | 'body' | 'message' | 'digest' | 'encoding'

/** A named change of one assumption. */
export interface Hypothesis {
  /** Stable: `body-json-dumps`, `url-path-only`. */
  readonly code: string
  readonly dimension: Dimension
  /** The likelier, the lower; a pair weighs what its members weigh. */
  readonly weight: number
  /** What the client did. */
  readonly did: string
  /** What it should do. */
  readonly fix: string
  /** The one assumption that it changes. */
  readonly key: keyof Assumptions
  /**
   * Replaces the value, so it can't be combined with another change of the same field.
   */
  readonly isAbsolute: boolean
  /** The assumptions with the change; `undefined` when it changes nothing here. */
  readonly apply: (assumptions: Assumptions) => Assumptions | undefined
}

/** A cause, as it is told. */
export type Cause = Pick<Hypothesis, 'code' | 'dimension' | 'did' | 'fix'>

/** The `key` and `apply` of a hypothesis that makes a value of the one that is there. */
export function changing<K extends keyof Assumptions>(
  key: K,
  change: (value: Assumptions[K]) => Assumptions[K] | undefined,
): Pick<Hypothesis, 'key' | 'apply' | 'isAbsolute'> {
  return {
    key,
    isAbsolute: false,
    apply: assumptions => {
      const changed = change(assumptions[key])
      return changed === undefined || changed === assumptions[key] ? undefined : withValue(assumptions, key, changed)
    },
  }
}

/** {@link changing} for a hypothesis that puts in a value of its own, whatever was there. */
export function replacing<K extends keyof Assumptions>(
  key: K,
  make: () => Assumptions[K] | undefined,
): Pick<Hypothesis, 'key' | 'apply' | 'isAbsolute'> {
  return { ...changing(key, make), isAbsolute: true }
}

/** Written out, since a search makes tens of thousands of them and a spread takes several times as long. */
export function withValue<K extends keyof Assumptions>(
  { timestamp, method, origin, target, body, recipe, secret, digest }: Assumptions,
  key: K,
  value: Assumptions[K],
): Assumptions {
  const changed: { -readonly [K in keyof Assumptions]: Assumptions[K] } = {
    timestamp,
    method,
    origin,
    target,
    body,
    recipe,
    secret,
    digest,
  }
  changed[key] = value
  return changed
}

/** Makes a call the one that a wrong client would have signed. */
export function setCall(call: Call, { timestamp, method, origin, target, body }: Assumptions): Call {
  call.timestamp = timestamp
  call.method = method
  call.origin = origin
  call.target = target
  call.url = origin + target
  call.body = body
  return call
}
