import type { KeyStore, Principal } from '@countersign/server'
import type { z } from 'zod'
import type { Store } from '../store/database.ts'

/** What an endpoint may use of an authenticated call. */
export interface Call<Body, Query, Headers> {
  readonly principal: Principal
  readonly params: { readonly [name: string]: string }
  readonly query: Query
  readonly headers: Headers
  readonly body: Body
  /** The bytes that the body was read from; where the call was signed, what the signature covers. */
  readonly bytes: Uint8Array
  readonly store: Store
  readonly keys: KeyStore
  readonly now: number
  /** How long a transaction stays in each state. */
  readonly stepMs: number
  /** Tells the feeds that transactions have changed. */
  readonly changed: () => void
}

/**
 * One endpoint: a file of its own, listed in its API's `index.ts`. Which permission it wants is in the permissions'
 * list.
 */
export interface Endpoint {
  readonly method: 'GET' | 'POST' | 'PUT'
  /** Below the API's base, with parameters as `{fund_id}`. */
  readonly path: string
  readonly summary: string
  readonly query?: z.ZodObject | undefined
  readonly headers?: z.ZodObject | undefined
  readonly body?: z.ZodType | undefined
  readonly answer: z.ZodType
  /** Default: 200. */
  readonly status?: number | undefined
  /** Wants no permission: any good key will do. */
  readonly isForEveryKey?: boolean | undefined
  /** Answers with what `answer` says (`bigint` becomes a JSON integer), or throws an ApiError. */
  readonly handle: (call: Call<never, never, never>) => Promise<unknown>
}

type Read<Schema> = Schema extends z.ZodType ? z.infer<Schema> : undefined

/** Makes an endpoint whose handler gets and gives what its schemas say. */
export function endpoint<
  Answer extends z.ZodType,
  Body extends z.ZodType | undefined = undefined,
  Query extends z.ZodObject | undefined = undefined,
  Headers extends z.ZodObject | undefined = undefined,
>(given: {
  readonly method: Endpoint['method']
  readonly path: string
  readonly summary: string
  readonly query?: Query
  readonly headers?: Headers
  readonly body?: Body
  readonly answer: Answer
  readonly status?: number
  readonly isForEveryKey?: boolean
  readonly handle: (call: Call<Read<Body>, Read<Query>, Read<Headers>>) => Promise<z.infer<Answer>>
}): Endpoint {
  return given as Endpoint
}
