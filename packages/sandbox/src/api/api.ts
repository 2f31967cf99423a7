import type { IncomingMessage } from 'node:http'
import type { Principal } from '@countersign/server'
import type { AnswerHeaders } from 'countersign'
import type { RequiredFor } from '../permissions.ts'
import type { Refusal } from './answers.ts'
import type { Endpoint } from './endpoint.ts'

/** A call whose caller is known. */
interface Authenticated {
  readonly ok: true
  readonly principal: Principal
  /** The bytes of the body. */
  readonly bytes: Uint8Array
  /** Go with the answer. */
  readonly headers: AnswerHeaders
}

/**
 * Finds out who makes a call, and reads its body.
 *
 * @param permissions the key needs one of these; `undefined`: none
 */
export type Authenticate = (
  request: IncomingMessage,
  permissions: readonly string[] | undefined,
) => Promise<Authenticated | { readonly ok: false; readonly refusal: Refusal }>

/** Some endpoints below one path, whose callers are known in one way. */
export interface Api {
  readonly title: string
  /** What stands before the endpoints' paths. */
  readonly base: string
  readonly endpoints: readonly Endpoint[]
  readonly requiredFor: RequiredFor
  readonly authenticate: Authenticate
  /** The name of its security scheme in OpenAPI. */
  readonly security: readonly string[]
}
