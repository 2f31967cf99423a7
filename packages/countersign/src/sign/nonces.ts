import { compileNonceCheck, createNonceMaker } from '../nonce.ts'
import { compileOtherMomentCheck } from '../other-moment.ts'
import type { SignerFeatures } from '../scheme.ts'
import { notOne } from './not-one.ts'

/** For schemes whose calls carry a nonce. */
export const nonces: Required<Pick<SignerFeatures, 'nonces'>> = {
  nonces(scheme, clock) {
    const { formats } = scheme.nonce
    // Where a timestamp does as well, a nonce is carried only when it is asked for.
    const make = scheme.alternatives === undefined ? createNonceMaker(formats[0], clock) : () => ''
    const isNonce = compileNonceCheck(formats)
    const isOtherMoment = compileOtherMomentCheck(scheme)
    return given => {
      if (given === undefined) return make()
      if (isNonce(given) && isOtherMoment?.(given) !== true) return given
      throw notOne(scheme, given, 'nonce', formats)
    }
  },
}
