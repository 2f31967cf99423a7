import { compileOtherMomentCheck } from '../coverage/other-moment.ts'
import { notOne } from '../declared/unknown-format.ts'
import type { SignableRequest } from '../scheme/request.ts'
import type { DeclaredScheme, SignerFeatures } from '../scheme/scheme.ts'
import { compileNonceCheck, createNonceMaker } from '../wire/nonce.ts'
import { refuseOwnHeaders } from './own-headers.ts'

/** For schemes whose calls carry a nonce. */
export const nonces: Required<Pick<SignerFeatures, 'nonces'>> = {
  nonces(scheme, clock) {
    const { formats } = scheme.nonce
    // Where a timestamp does as well, a nonce is carried only when it is asked for.
    const make = scheme.alternatives === undefined ? createNonceMaker(formats[0], clock) : () => ''
    const isNonce = compileNonceCheck(formats)
    const isOtherMoment = compileOtherMomentCheck(scheme)
    const checkHeaders = compileAlternativesCheck(scheme)
    return ({ nonce: given, headers }) => {
      checkHeaders?.(headers)
      if (given === undefined) return make()
      if (isNonce(given) && isOtherMoment?.(given) !== true) return given
      throw notOne(scheme, given, 'nonce', formats)
    }
  },
}

/** Of a timestamp and a nonce a call carries one; the other, given as a header, would be read as well. */
function compileAlternativesCheck({ name, alternatives, carriers }: DeclaredScheme) {
  const own = carriers.filter(({ fields }) => alternatives?.some(field => fields.includes(field))).map(carrier => carrier.name)
  if (own.length === 0) return undefined
  return (headers: SignableRequest['headers'] = {}) =>
    refuseOwnHeaders(
      name,
      own,
      Object.entries(headers).map(([given, value]) => [given.toLowerCase(), value]),
    )
}
