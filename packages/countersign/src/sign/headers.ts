import { CountersignError } from '../contract/error.ts'
import type { SignableRequest } from '../scheme/request.ts'
import type { SignerFeatures } from '../scheme/scheme.ts'
import { trimOws } from '../wire/header-lines.ts'
import { isHeaderValue } from '../wire/headers.ts'

/** For schemes that sign headers of the request. */
export const headers: Required<Pick<SignerFeatures, 'headers'>> = {
  headers: (request, contentType) => name => findHeader(request.headers, name) ?? (name === 'content-type' ? contentType : undefined),
}

/** A signed header's value. What HTTP would change on the way, or another reader would read otherwise, is refused. */
function findHeader(headers: SignableRequest['headers'], name: string): string | undefined {
  const [only, second] = Object.entries(headers ?? {}).filter(([given]) => given.toLowerCase() === name)
  if (only === undefined) return undefined
  if (second === undefined && isHeaderValue(only[1]) && trimOws(only[1]) === only[1]) return only[1]
  throw new CountersignError(
    'option-invalid',
    `The header ${name} is signed: give it once, without white space around it or control characters.`,
  )
}
