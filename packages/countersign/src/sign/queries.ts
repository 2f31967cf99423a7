import { CountersignError } from '../error.ts'
import { percentEncode } from '../percent.ts'
import type { SignerFeatures } from '../scheme.ts'
import { queryOf } from '../url.ts'

/** For schemes that append parameters to the query. */
export const queries: Required<Pick<SignerFeatures, 'appendQuery'>> = {
  appendQuery(target, parameters) {
    let appended = target
    for (const [name, value] of parameters) {
      if (
        queryOf(appended)
          .split('&')
          .some(given => given.startsWith(`${name}=`))
      )
        throw new CountersignError('url-not-signable', `The URL has the parameter ${name}, which the scheme adds: leave it out.`)
      const mark = appended.indexOf('?')
      const separator = mark < 0 ? '?' : mark + 1 === appended.length ? '' : '&'
      appended += `${separator}${name}=${percentEncode(value)}`
    }
    return appended
  },
}
