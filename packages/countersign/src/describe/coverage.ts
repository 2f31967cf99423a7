import type { Coverage, Loss } from '../contract/loss.ts'
import { coverageOf } from '../coverage/coverage.ts'
import type { Scheme } from '../scheme/scheme.ts'

/** What a signature covers, for a method that stands for all that have the same coverage. */
export interface CoverageOfMethods {
  /** As they are shown: `GET, HEAD, DELETE`, or `all methods`. */
  readonly methods: string
  readonly coverage: Coverage
}

/**
 * What a scheme's signature covers, method by method. Only where `{payload}` is signed does a GET cover other parts
 * than a POST; else there is one entry.
 *
 * @example
 * ```ts
 * coverageByMethod(bybit).map(({ methods }) => methods) // ['GET, HEAD, DELETE', 'other methods']
 * ```
 */
export function coverageByMethod(scheme: Scheme): readonly CoverageOfMethods[] {
  const [withoutBody, withBody] = [coverageOf(scheme, 'GET'), coverageOf(scheme, 'POST')]
  if (JSON.stringify(withoutBody) === JSON.stringify(withBody)) return [{ methods: 'all methods', coverage: withBody }]
  return [
    { methods: 'GET, HEAD, DELETE', coverage: withoutBody },
    { methods: 'other methods', coverage: withBody },
  ]
}

/** Each {@link Loss} in a few words of Markdown, behind "up to". */
export const LOSS_TITLES: { readonly [L in Loss]: string } = {
  'letter-case': 'letter case',
  'white-space': 'white space',
  'line-or-list': 'several lines or one list',
  'escape-spelling': 'how characters are percent-encoded',
  'parameter-order': 'the order of the parameters',
  'equal-names': 'the order of parameters of one name',
  'empty-parameters': 'empty parameters (`a` for `a=`, `&&`, a bare `?`)',
  'dot-segments': '`.` and `..` segments',
  'double-slashes': 'doubled slashes',
  'which-place': 'whether it stands in the query or in the body',
  'not-utf-8': 'bytes that are not UTF-8',
}
