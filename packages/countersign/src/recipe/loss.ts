/**
 * What two requests may differ in and still have one message: several spellings, one signature. A verifier refuses all but the canonical spelling
 * of a loss unless the scheme or its owner accepts it by name.
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

/** The parts of a request that a signature may hold fast. */
export const REQUEST_PARTS = ['method', 'scheme', 'host', 'path', 'query', 'body'] as const

export type RequestPart = (typeof REQUEST_PARTS)[number]

/** What of a request a signature holds fast, and up to what. */
export interface Coverage {
  /** `exactly`, `not` at all, or up to some losses. Headers that are signed are there as `header.NAME`. */
  readonly parts: { readonly [P in RequestPart]: PartCoverage } & { readonly [part: string]: PartCoverage }
  /** Two neighbours whose boundary could move: `per-call` is looked at in each call, `never` can't be seen at all. */
  readonly openEnds: readonly { readonly between: string; readonly seen: 'never' | 'per-call' }[]
}

export type PartCoverage = 'exactly' | 'not' | readonly Loss[]

/**
 * Which calls a verifier takes, for what its scheme does not sign: there, anybody could change a call on its way. A part that is signed needs no word.
 */
export interface Only {
  /** Upper case. Has to be said where the method is not signed. */
  readonly methods?: readonly string[] | undefined
  /**
   * Exact paths, with everything below for one that ends in `/*`; or `any`. As on the request line, without the base path. Has to be said where the
   * path is not signed.
   */
  readonly paths?: 'any' | readonly string[] | undefined
  /** Default where the query is not signed: `none`. */
  readonly query?: 'any' | 'none' | undefined
  /** Default where the body is not signed: `none`. `required` refuses a call without one. */
  readonly body?: 'any' | 'none' | 'required' | undefined
}
