import type { KeyStore, Principal } from '@countersign/server'
import type { Store } from '../store/database.ts'

/** What an endpoint may use of a verified call. */
export interface SignedCall {
  readonly principal: Principal
  readonly params: { readonly [name: string]: string }
  readonly query: URLSearchParams
  /** The bytes the signature covers. */
  readonly body: Uint8Array | undefined
  readonly store: Store
  readonly keys: KeyStore
  readonly now: number
  /** How long a transaction stays in each state. */
  readonly stepMs: number
}

/** One endpoint of the API: a file of its own, listed in `index.ts`. Which permission it wants is in the permissions' list. */
export interface Endpoint {
  readonly method: 'GET' | 'POST'
  /** Below `/qapi/v1`. */
  readonly path: string
  /** Answers with a JSON value (`bigint` becomes a JSON integer), or throws an ApiError. */
  readonly answer: (call: SignedCall) => Promise<unknown>
}
