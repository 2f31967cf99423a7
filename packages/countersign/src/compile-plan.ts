import { compileBoundaries } from './boundaries.ts'
import { createChecker, createDecoy } from './check.ts'
import { type MaybePromise, whenReady } from './crypto/provider.ts'
import { CountersignError } from './error.ts'
import type { Failure } from './failure.ts'
import type { Key } from './keys.ts'
import { compileMessage, fillHashes, hashIndex } from './message.ts'
import type { Origin } from './origins.ts'
import { isFailure, type Plan, type PlanOptions, type PlanRequest, type Signatures } from './plan.ts'
import { compilePresentedReader, type Presented } from './presented.ts'
import type { DeclaredScheme } from './scheme.ts'
import { fieldsOf } from './template.ts'

/**
 * Turns a declared scheme into what a verifier runs.
 *
 * @throws CountersignError `scheme-invalid` when two parts of its message can't be kept apart
 */
export function compilePlan(scheme: DeclaredScheme, { crypto, allowsAmbiguous }: PlanOptions): Plan<Presented> {
  const boundaries = compileBoundaries(scheme)
  if (boundaries.hopeless !== undefined && !allowsAmbiguous) {
    throw new CountersignError(
      'scheme-invalid',
      `The scheme ${scheme.name} can not be verified safely: nothing marks the boundary ${boundaries.hopeless}. Put a separator there that neither part can hold, or hash one of them.`,
    )
  }
  const { read, readBody } = compilePresentedReader(scheme)
  const message = compileMessage(scheme.message)
  const check = createChecker(scheme, crypto)
  const signsPassphrase = scheme.message.flatMap(fieldsOf).includes('passphrase')

  /** A hash that a header carries is the one that the message holds, or the body was changed on its way. */
  function findWrongDigest(presented: Presented): Failure | undefined {
    const wrong = presented.digests.find(
      ({ part, value }) => part.kind !== 'hash' || !crypto.equal(String(presented.hashes[hashIndex(part, [...message.hashes])]), value),
    )
    return wrong === undefined ? undefined : { code: 'digest-mismatch' }
  }

  /** The passphrase that is signed is the key's own; what travels may be its signature. */
  function callOf(key: Key, presented: Presented): Presented {
    if (!signsPassphrase || key.passphrase === undefined) return presented
    return { ...presented, passphrase: new TextDecoder().decode(key.passphrase.reveal()) }
  }

  function compare(key: Key, presented: Presented): MaybePromise<Signatures | Failure | undefined> {
    const call = callOf(key, presented)
    if (message.hashes.length === 0) return check(key, message.write(call), presented)
    return whenReady(
      fillHashes(crypto, message.hashes, call),
      () => findWrongDigest(presented) ?? check(key, message.write(call), presented),
    )
  }

  return {
    read,
    decoy: createDecoy(scheme),
    check(key: Key, presented: Presented, _request: PlanRequest, body: Uint8Array | undefined, { origin, basePath }: Origin) {
      presented.body = body
      presented.origin = origin
      presented.target = basePath + presented.requestTarget
      presented.url = origin + presented.target
      const failure = readBody?.(presented, body)
      if (failure !== undefined && isFailure(failure)) return failure
      if (!allowsAmbiguous) {
        const between = boundaries.findOpen(presented)
        if (between !== undefined) return { code: 'ambiguous-request', between }
      }
      return compare(key, presented)
    },
  }
}
