import { createNonceMaker, isNonce } from '../nonce.ts'
import type { SignerFeatures } from '../scheme.ts'
import { notOne } from './not-one.ts'

/** For schemes whose calls carry a nonce. */
export const nonces: SignerFeatures = {
  nonces(scheme, clock) {
    const { formats } = scheme.nonce
    // Where a timestamp does as well, a nonce is carried only when it is asked for.
    const make = scheme.alternatives === undefined ? createNonceMaker(formats[0], clock) : () => ''
    return given => {
      if (given === undefined || isNonce(given, formats)) return given ?? make()
      throw notOne(scheme, given, 'nonce', formats)
    }
  },
}
