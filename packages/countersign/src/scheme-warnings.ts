import { compileBoundaries } from './boundaries.ts'
import type { DeclaredScheme } from './scheme.ts'

/** What is allowed in a declaration and still worth a second look, each with what would close it. Empty for a scheme without such. */
export function schemeWarnings(scheme: DeclaredScheme): readonly string[] {
  const { fields, algorithm } = scheme
  const warnings: string[] = []
  if (!scheme.detectsReplays)
    warnings.push(
      'Neither a timestamp nor a nonce is signed, so there is no window and a replay can not be refused: put {timestamp} or {nonce} into the message.',
    )
  else if (!fields.has('timestamp'))
    warnings.push('No timestamp is signed, so nonces have to be remembered for ever: put {timestamp} into the message as well.')
  const { hopeless, looked } = compileBoundaries(scheme)
  if (hopeless !== undefined)
    warnings.push(
      `Nothing marks the boundary ${hopeless}, so bytes can move across it under one signature: put a separator there that neither can hold, such as \\n, or hash one of them ({body|sha256|hex}). A verifier refuses this scheme unless it allows ambiguous-request.`,
    )
  for (const between of looked)
    warnings.push(
      `The boundary ${between} is seen only where the next part begins with a byte that the one before can not hold; a verifier refuses other calls as ambiguous-request. A separator such as \\n there, or a hash ({body|sha256|hex}), takes all.`,
    )
  const signsRequest = ['url', 'target', 'path', 'query'].some(field => fields.has(field))
  if (signsRequest && !fields.has('method'))
    warnings.push('The method is not signed, so a GET can be sent as a DELETE: put {method} into the message.')
  if (!fields.has('body') && !fields.has('payload'))
    warnings.push('The body is not signed, so anyone can change it: put {body} or {body|sha256|hex} into the message.')
  if (algorithm.digest === 'sha1') warnings.push(`The algorithm ${algorithm.name} rests on SHA-1; hmac-sha256 costs no more.`)
  return warnings
}
