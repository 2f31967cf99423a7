import { percentEncode } from '../percent.ts'
import type { SignerFeatures } from '../scheme.ts'

/** For schemes that append parameters to the query. */
export const queries: Required<Pick<SignerFeatures, 'appendQuery'>> = {
  appendQuery(target, parameters) {
    let appended = target
    for (const [name, value] of parameters) {
      const separator = appended.includes('?') ? (appended.endsWith('?') ? '' : '&') : '?'
      appended += `${separator}${name}=${percentEncode(value)}`
    }
    return appended
  },
}
