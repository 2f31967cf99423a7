// What the options of a verifier give while it runs is looked at here: a wrong value must not let a call through.

import { isPromise } from '../contract/maybe-promise.ts'
import type { Key } from '../keys/key.ts'
import { type Clock, checkedClock } from '../wire/timestamp.ts'
import type { ReadBody } from './body-reader.ts'

/** The verifier's clock. @throws CountersignError `option-invalid`, each time it is asked, if that gives no number */
export function injectedClock(clock: Clock): Clock {
  return checkedClock(() => {
    const given: unknown = clock()
    // A promise isn't a time and is refused below; its own rejection is dropped.
    if (isPromise(given)) given.then(undefined, () => undefined)
    return given as number
  })
}

/** A key source may say by null that there is no such key. @throws TypeError */
export function checkFound(found: Key | null | undefined): Key | undefined {
  if (found === undefined || found === null) return undefined
  if (typeof found === 'object' && Array.isArray(found.secrets) && typeof found.signatureBytes === 'number') return found
  throw new TypeError('The option keys gives keys that createKey made, or undefined.')
}

/** @throws TypeError */
export function checkBytes(body: ReadBody): ReadBody {
  if (body === undefined || body === 'too-large' || body instanceof Uint8Array) return body
  if (typeof body === 'object' && body?.standIn instanceof Uint8Array && body.digests instanceof Map) return body
  throw new TypeError("The reader of the body gives a Uint8Array, undefined or 'too-large'.")
}
