import type { Failure } from '../contract/failure.ts'
import type { MaybePromise } from '../contract/maybe-promise.ts'
import { failureOfKey, type Key } from '../keys/key.ts'
import type { Proof } from '../keys/prove.ts'
import type { Clock } from '../wire/timestamp.ts'
import type { Proven } from './claim-call.ts'
import { findDenial } from './permission.ts'
import { refused } from './refused.ts'
import { findSkew } from './time.ts'
import type { Refused, VerifyOptions } from './types.ts'

export interface ConfirmerOptions {
  readonly findKey: (keyId: string) => MaybePromise<Key | undefined>
  readonly clock: Clock
  readonly toleranceMs: number
}

/** A call that was proven before its body was there. */
export interface DeferredCall {
  readonly proven: Proven
  /** As the verifier looks for it. */
  readonly keyId: string
  /** Proves the signature again with the key as it is now. */
  readonly proveWith: (key: Key) => MaybePromise<Proof | Failure | Refused | undefined>
  readonly permission: VerifyOptions['permission']
  readonly address: string | undefined
}

/** Looks once more, now that the body is there, whether the key may be used, its signature holds, and it is in time. */
export function createConfirmer({ findKey, clock, toleranceMs }: ConfirmerOptions): (call: DeferredCall) => Promise<Refused | undefined> {
  return async ({ proven, keyId, proveWith, permission, address }) => {
    let key: Key | undefined
    try {
      key = await findKey(keyId)
    } catch (cause) {
      return refused({ code: 'key-source-unavailable' }, cause)
    }
    try {
      if (key === undefined) return refused({ code: 'unknown-key', keyId })
      const { moment } = proven.claim
      const late = moment === undefined ? undefined : findSkew(moment, clock(), toleranceMs)
      if (late !== undefined) return refused(late)
      // Its secrets or public key may have been replaced.
      const proof = key === proven.key ? undefined : ((await proveWith(key)) ?? { code: 'bad-signature', keyId })
      if (proof !== undefined && 'ok' in proof) return proof
      if (proof !== undefined && 'code' in proof) return refused(proof)
      const failure = failureOfKey(key, clock(), address) ?? findDenial(key, permission)
      return failure === undefined ? undefined : refused(failure)
    } catch (cause) {
      return refused({ code: 'verifier-failed' }, cause)
    }
  }
}
