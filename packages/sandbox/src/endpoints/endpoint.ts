import type { Principal } from '../keys.ts'
import type { Permission } from '../permissions.ts'
import type { Store } from '../store/database.ts'

/** What an endpoint may use of a verified call. */
export interface SignedCall {
  readonly principal: Principal
  readonly params: { readonly [name: string]: string }
  readonly query: URLSearchParams
  /** The bytes the signature covers. */
  readonly body: Uint8Array | undefined
  readonly store: Store
  readonly now: number
  /** How long a transaction stays in each state. */
  readonly stepMs: number
}

/** One endpoint of the API: a file of its own, listed in `index.ts`. */
export interface Endpoint {
  readonly method: 'GET' | 'POST'
  /** Below `/qapi/v1`. */
  readonly path: string
  /** The key needs one of these. */
  readonly permission: readonly Permission[]
  /** Answers with a JSON value (`bigint` becomes a JSON integer), or throws an ApiError. */
  readonly answer: (call: SignedCall) => Promise<unknown>
}
