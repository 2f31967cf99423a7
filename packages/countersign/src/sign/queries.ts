import { CountersignError } from '../contract/error.ts'
import type { Call } from '../recipe/call.ts'
import type { SignerFeatures } from '../scheme/scheme.ts'
import { percentEncode } from '../wire/percent.ts'
import { queryOf } from '../wire/url.ts'
import { refuseOwnParameters } from './own-parameters.ts'

type Writer = Parameters<NonNullable<SignerFeatures['queries']>>[0][number]

/** For schemes that append parameters to the query. The signature's own is the last of all, and is not signed. */
export const queries: Required<Pick<SignerFeatures, 'queries'>> = {
  queries(writers) {
    const all = writers.filter(({ carrier }) => carrier.in === 'query')
    const isOfSignature = ({ carrier }: Writer): boolean => carrier.fields.includes('signature')
    const signed = all.filter(writer => !isOfSignature(writer))
    const last = all.filter(isOfSignature)
    return {
      signed(target, call) {
        // A verifier takes the signature off with the mark before it, and could not tell `/x?` from `/x`.
        if (signed.length === 0 && target.indexOf('?') === target.length - 1)
          throw new CountersignError('url-not-signable', 'The URL ends in ? with nothing behind it: leave it out.')
        return append(target, signed, call, '')
      },
      sent: (call, signature) => append(call.target, last, call, signature),
    }
  },
}

function append(target: string, writers: readonly Writer[], call: Call, signature: string): string {
  let appended = target
  for (const { carrier, write } of writers) {
    const given = queryOf(appended).split('&')
    refuseOwnParameters(
      [carrier.name],
      given.map(one => one.slice(0, Math.max(one.indexOf('='), 0))),
    )
    const mark = appended.indexOf('?')
    const separator = mark < 0 ? '?' : mark + 1 === appended.length ? '' : '&'
    appended += `${separator}${carrier.name}=${percentEncode(write(call, signature, ''))}`
  }
  return appended
}
