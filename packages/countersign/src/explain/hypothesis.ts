import type { Call } from '../message.ts'
import type { Part } from '../template.ts'

/** What a wrong client may have had instead of what is right, while a search changes one assumption after the other. */
export interface Assumptions {
  timestamp: string
  method: string
  origin: string
  target: string
  body: string | Uint8Array | undefined
  /** The pieces of the message, in order. */
  readonly parts: readonly Part[]
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
  /** The assumptions with the change; `undefined` when it changes nothing here. */
  readonly apply: (assumptions: Assumptions) => Assumptions | undefined
}

/** A cause, as it is told. */
export type Cause = Pick<Hypothesis, 'code' | 'dimension' | 'did' | 'fix'>

/** The `key` and `apply` of a hypothesis. */
export function changing<K extends keyof Assumptions>(
  key: K,
  change: (value: Assumptions[K]) => Assumptions[K] | undefined,
): Pick<Hypothesis, 'key' | 'apply'> {
  return {
    key,
    apply: assumptions => {
      const changed = change(assumptions[key])
      return changed === undefined || changed === assumptions[key] ? undefined : { ...assumptions, [key]: changed }
    },
  }
}

/** The call that a wrong client would have signed. */
export function callOf(base: Call, { timestamp, method, origin, target, body }: Assumptions): Call {
  return { ...base, timestamp, method, origin, target, url: origin + target, body, hashes: [] }
}
