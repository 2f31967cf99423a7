/**
 * The differences between two requests that leave their message the same: several spellings, one signature. A verifier
 * takes only the canonical spelling, unless its option `allow` names the loss. Schemes with logic of their own (SigV4)
 * may accept one; a declaration can't.
 */
export const LOSSES = [
  'letter-case',
  'white-space',
  'line-or-list',
  'escape-spelling',
  'parameter-order',
  'equal-names',
  'empty-parameters',
  'dot-segments',
  'double-slashes',
  'which-place',
  'not-utf-8',
] as const

export type Loss = (typeof LOSSES)[number]

/** The parts of a request that a signature may cover. */
export const REQUEST_PARTS = ['method', 'scheme', 'host', 'path', 'query', 'body'] as const

type RequestPart = (typeof REQUEST_PARTS)[number]

/** Which parts of a request a signature covers, and up to which differences. */
export interface Coverage {
  /** `exactly`, `not` at all, or up to some losses. Headers that are signed are there as `header.NAME`. */
  readonly parts: { readonly [P in RequestPart]: PartCoverage } & { readonly [part: string]: PartCoverage }
  /** Two neighbours whose boundary could move: `per-call` is looked at in each call, `never` can't be seen at all. */
  readonly openEnds: readonly { readonly between: string; readonly seen: 'never' | 'per-call' }[]
}

export type PartCoverage = 'exactly' | 'not' | readonly Loss[]

/**
 * Which calls a verifier takes. Name here what the scheme doesn't sign, since anyone could change that on the way.
 * Parts that are signed need no rule.
 */
export interface Only {
  /** Upper case. Required where the method is not signed. */
  readonly methods?: readonly string[] | undefined
  /**
   * Exact paths, or `any`; a path that ends in `/*` takes everything below it. As on the request line, without the base
   * path. Required where the path is not signed.
   */
  readonly paths?: 'any' | readonly string[] | undefined
  /** Default where the query is not signed: `none`. */
  readonly query?: 'any' | 'none' | undefined
  /** Default where the body is not signed: `none`. `required` refuses a call without one. */
  readonly body?: 'any' | 'none' | 'required' | undefined
}
