import type { FailureCode } from '../contract/failure.ts'
import { pathOf, queryOf } from '../wire/url.ts'

/**
 * Whether a target looks as if a platform in front of the check had written it anew, so that the signature of an honest
 * client does not fit. It says nothing of the key or the signature, and nothing that the caller can't see.
 */
export function rewritingOf(code: FailureCode, target: string): string | undefined {
  if (code === 'malformed-target' && /[^!-~]|["<>\\^`{|}]/.test(pathOf(target)))
    return 'The path came decoded: a platform in front of the check decodes it (HTTP APIs of API Gateway do), so give the adapter the option target.'
  if (code !== 'bad-signature') return undefined
  const query = queryOf(target)
  // What URLSearchParams makes of "%20", "~" and a name without a value.
  if (/\+|%7E|=(?:&|$)/.test(query))
    return 'The query may have been written anew on its way (app routes of Next.js do: "%20" as "+", "~" as "%7E", "flag" as "flag="): sign it in that spelling, or give the adapter the option target.'
  return undefined
}
