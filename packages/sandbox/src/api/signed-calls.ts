import type { IncomingMessage } from 'node:http'
import { type KeyService, principalOf, verifyInTurn } from '@countersign/server'
import { type Failure, tell, type Verifier } from 'countersign'
import { fromNodeRequest } from 'countersign/node'
import { refusalOf } from './answers.ts'
import type { Authenticate } from './api.ts'

export interface SignedCallsOptions {
  /** In the order in which they are tried. */
  readonly verifiers: readonly Verifier[]
  readonly service: KeyService
  /** Told of every refused call, with all there is to know. */
  readonly onRefused?: ((failure: Failure, request: IncomingMessage) => void) | undefined
}

const NOTHING = new Uint8Array()

/** Knows callers by the signature of the call. */
export function signedCalls({ verifiers, service, onRefused }: SignedCallsOptions): Authenticate {
  const verify = verifyInTurn(verifiers)
  return async (request, permission) => {
    const { result, scheme } = await verify(fromNodeRequest(request), { permission })
    if (!result.ok) {
      tell(onRefused, result.failure, request)
      return { ok: false, refusal: refusalOf(result.failure, scheme, result.headers) }
    }
    service.used(result.key, { via: scheme, credential: result.credential })
    return { ok: true, principal: principalOf(result.key), bytes: result.body ?? NOTHING, headers: result.headers ?? {} }
  }
}
