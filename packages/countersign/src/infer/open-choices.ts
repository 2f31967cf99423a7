import type { Arrangement } from './arrange.ts'
import type { SignedExample } from './example.ts'
import type { SignatureSighting } from './observe.ts'

interface Settled {
  readonly arrangement: Arrangement
  readonly signature: SignatureSighting
  readonly examples: readonly SignedExample[]
}

/** What another example could still decide otherwise, and which example would. */
export function openChoices({ arrangement, signature, examples }: Settled): readonly string[] {
  const open: string[] = []
  const has = (group: string): boolean => arrangement.pieces.some(piece => piece.group === group)
  const every = (isSo: (example: SignedExample) => boolean): boolean => examples.every(isSo)
  if (every(({ body }) => body === undefined || body.length === 0))
    open.push('Whether and where the body is signed: an example with a body settles it.')
  if (has('url') && every(({ url }) => !url.includes('?')))
    open.push('Whether the query is signed with the path: an example with a query settles it.')
  if (!has('url') && !has('body')) open.push('Neither URL nor body is signed: an example with another URL shows whether that is so.')
  if (has('body') && every(({ method }) => ['GET', 'HEAD', 'DELETE'].includes(method.toUpperCase())))
    open.push('Whether the query stands in for the body in every method: an example of a POST settles it.')
  if (has('body') && every(({ method }) => !['GET', 'HEAD', 'DELETE'].includes(method.toUpperCase())))
    open.push('Whether the query stands in for the body of a GET: an example of a GET settles it.')
  if (signature.alike.length > 0)
    open.push(
      `Whether the signature is ${[signature.encoding, ...signature.alike].join(' or ')}: an example whose signature has one of + / - _ settles it.`,
    )
  if (has('timestamp') && examples.length === 1) open.push('Whether other timestamp formats are taken, too: one example shows one.')
  return open
}
