import { type Deprecation, deprecated, type Verifier } from 'countersign'

/** A scheme or a route that is on its way out. */
export type DeprecationConfig = Deprecation &
  ({ readonly scheme: string; readonly route?: undefined } | { readonly route: string; readonly scheme?: undefined })

export interface DeprecationsOptions {
  readonly deprecations: readonly DeprecationConfig[]
  readonly clock?: (() => number) | undefined
  /** Told of every authentic call by what is deprecated; `via` is what the report of who still has to move names it. */
  readonly onUsed: (use: {
    readonly keyId: string
    readonly what: 'scheme' | 'route'
    readonly via: string
    readonly isRefused: boolean
  }) => void
}

/** Wraps the verifiers of what is deprecated. */
export function createDeprecations({ deprecations, clock, onUsed }: DeprecationsOptions) {
  const wrap = (
    verifier: Verifier,
    deprecation: DeprecationConfig | undefined,
    what: 'scheme' | 'route',
    name: string,
    via: string,
  ): Verifier => {
    if (deprecation === undefined) return verifier
    const { scheme: _scheme, route: _route, ...own } = deprecation
    return deprecated(verifier, own, {
      what,
      name,
      clock,
      onUsed: keyId => onUsed({ keyId, what, via, isRefused: false }),
      onRefused: failure => onUsed({ keyId: 'keyId' in failure ? failure.keyId : '', what, via, isRefused: true }),
    })
  }
  return {
    ofScheme(verifier: Verifier): Verifier {
      const { name } = verifier.scheme
      return wrap(
        verifier,
        deprecations.find(({ scheme }) => scheme === name),
        'scheme',
        name,
        name,
      )
    },
    ofRoute(verifier: Verifier, path: string): Verifier {
      return wrap(
        verifier,
        deprecations.find(({ route }) => route === path),
        'route',
        path,
        // So reports call it.
        `route ${path}`,
      )
    },
  }
}
