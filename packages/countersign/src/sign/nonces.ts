import { createNonceMaker, isNonce } from '../nonce.ts'
import type { SignerFeatures } from '../scheme.ts'
import { looksLikeTimestamp } from '../timestamp.ts'
import { notOne } from './not-one.ts'

/** For schemes whose calls carry a nonce. */
export const nonces: SignerFeatures = {
  nonces(scheme, clock) {
    const { formats } = scheme.nonce
    // Where a timestamp does as well, a nonce is carried only when it is asked for.
    const make = scheme.alternatives === undefined ? createNonceMaker(formats[0], clock) : () => ''
    // There the message of a nonce that is spelled as a time is that of a call with this time, so a verifier takes none.
    const times = scheme.alternatives === undefined ? [] : (scheme.timestamp?.formats ?? [])
    return given => {
      if (given === undefined) return make()
      if (isNonce(given, formats) && !times.some(format => looksLikeTimestamp(given, format))) return given
      throw notOne(scheme, given, 'nonce', formats)
    }
  },
}
