import {
  CountersignError,
  createVerifier,
  type IncomingRequest,
  type Only,
  type ReplayGuard,
  type Scheme,
  takesReplayGuard,
  type Verifier,
  type VerifierOptions,
  type VerifyOptions,
} from 'countersign'
import { DEFAULT_SCHEME } from 'countersign/schemes'
import { ServerError } from '../errors.ts'
import type { CachedKeys } from '../keys/key-source.ts'
import { requireScheme } from '../schemes.ts'
import { type VerifiedInTurn, verifyInTurn } from '../verify-in-turn.ts'
import { createDeprecations, type DeprecationConfig, type DeprecationsOptions } from './deprecations.ts'
import { ALWAYS_DROPPED } from './headers.ts'
import { readingsOf } from './path-readings.ts'
import { compileSignedOverride } from './signed-override.ts'
import { carriedHeaders, compileTargetStripper } from './strip-signature.ts'

export interface RouteConfig {
  /**
   * A prefix of the path, of whole segments: `/orders` is for `/orders` and `/orders/7`. The longest that fits counts.
   */
  readonly path: string
  /** The schemes that are taken, so that clients can move from one to the next. */
  readonly schemes: readonly string[]
  /** The key needs one of these. */
  readonly permission?: readonly string[] | undefined
  /**
   * Upper case; left out: all. Other methods below the path are refused, unless another route with the same path names
   * them.
   */
  readonly methods?: readonly string[] | undefined
  /**
   * Which calls are taken, for what a scheme of the route doesn't sign. Default: those that the scheme itself names.
   */
  readonly only?: Only | undefined
}

/** Every path, by the default scheme. */
export const DEFAULT_ROUTE = { path: '/', schemes: [DEFAULT_SCHEME.name] } satisfies RouteConfig

export interface RouteVerifier {
  readonly config: RouteConfig
  /**
   * The names of the headers that do not go upstream, lower case: those of the schemes, and those that the gateway
   * replaces.
   */
  readonly dropped: ReadonlySet<string>
  /** Whether a header that would make another call of the request may be signed, so that it can't be taken off. */
  signsOverride(raw: readonly string[], target: string): boolean
  /** The request target without what the scheme carries in the query. */
  stripTarget(target: string, schemeName: string): string
  verify(request: IncomingRequest, options?: Pick<VerifyOptions, 'deferBody'>): Promise<VerifiedInTurn>
}

export interface RouterOptions {
  readonly routes: readonly RouteConfig[]
  readonly schemes: readonly Scheme[]
  readonly origin: string | readonly string[]
  readonly keys: CachedKeys
  readonly replay: ReplayGuard
  readonly toleranceMs?: number | undefined
  readonly maxBodyBytes?: number | undefined
  readonly allow?: VerifierOptions['allow']
  readonly deprecations?: readonly DeprecationConfig[] | undefined
  /** Told of every authentic call by what is deprecated. */
  readonly onDeprecated?: DeprecationsOptions['onUsed'] | undefined
}

/**
 * What a path and method come to; `wrong-method`: the path has routes, and none for this method; `unclear-path`: the
 * path can be read as another, or as one of another route.
 */
export type Router = (method: string, path: string) => RouteVerifier | 'not-found' | 'wrong-method' | 'unclear-path'

/** @throws ServerError `scheme-unknown`, `route-invalid` */
export function createRouter(options: RouterOptions): Router {
  const { routes, schemes, origin, keys, replay, toleranceMs, maxBodyBytes, allow } = options
  const verifiers = new Map<string, Verifier>()
  const deprecations = createDeprecations({ deprecations: options.deprecations ?? [], onUsed: options.onDeprecated ?? (() => undefined) })
  const verifierOf = (name: string, only: Only | undefined): Verifier => {
    const id = JSON.stringify([name, only])
    const known = verifiers.get(id)
    if (known !== undefined) return known
    const scheme = requireScheme(schemes, name)
    const plain = createVerifier(scheme, {
      origin,
      keys: keys.ofScheme(name),
      ...(takesReplayGuard(scheme) ? { replay } : {}),
      toleranceMs,
      allow,
      only,
      limits: { maxBodyBytes },
    })
    const verifier = deprecations.ofScheme(plain)
    verifiers.set(id, verifier)
    return verifier
  }
  const compiled = routes
    .map(config => {
      if (!config.path.startsWith('/'))
        throw new ServerError('route-invalid', 400, `The path of a route begins with a slash: ${config.path}`)
      const own = config.schemes.map(name => named(config, () => verifierOf(name, config.only)))
      const strippers = new Map(own.map(({ scheme }) => [scheme.name, compileTargetStripper(scheme)]))
      const verify = verifyInTurn(own.map(verifier => deprecations.ofRoute(verifier, config.path)))
      return {
        config,
        prefix: config.path.replace(/\/+$/, ''),
        dropped: new Set([...ALWAYS_DROPPED, ...own.flatMap(({ scheme }) => carriedHeaders(scheme))]),
        signsOverride: compileSignedOverride(own.map(({ scheme }) => scheme)),
        stripTarget: (target: string, schemeName: string) => strippers.get(schemeName)?.(target) ?? target,
        verify: (request: IncomingRequest, asked?: Pick<VerifyOptions, 'deferBody'>) =>
          verify(request, { ...asked, permission: config.permission }),
      }
    })
    .sort((a, b) => b.prefix.length - a.prefix.length)
  for (const { scheme, route } of options.deprecations ?? [])
    if (!routes.some(({ path, schemes: names }) => path === route || names.includes(scheme ?? '')))
      throw new ServerError(
        'route-invalid',
        400,
        `No route has the deprecated ${scheme === undefined ? `path ${route}` : `scheme ${scheme}`}.`,
      )
  // The longest prefix has the path to itself, also for methods that it does not name: else these would get the
  // permission of a shorter one.
  const read = readPrefixes(compiled.map(({ prefix }) => prefix))
  return (method, path) => {
    const readings = readingsOf(path)
    if (readings === undefined) return 'unclear-path'
    const prefix = findPrefix(compiled, path)?.prefix
    // An upstream may read the path in another way than it is written; then another route's permission is the one to
    // ask for.
    if (readings.some(reading => findPrefix(read, reading)?.own !== prefix)) return 'unclear-path'
    if (prefix === undefined) return 'not-found'
    return (
      compiled.find(({ prefix: own, config: { methods } }) => own === prefix && (methods === undefined || methods.includes(method))) ??
      'wrong-method'
    )
  }
}

/** @param routes the longest prefix first */
function findPrefix<R extends { readonly prefix: string }>(routes: readonly R[], path: string): R | undefined {
  return routes.find(({ prefix }) => path === prefix || path.startsWith(`${prefix}/`))
}

/**
 * The prefixes of routes as servers read them, each with the one that it is of.
 *
 * @throws ServerError `route-invalid` where two are read alike, or one is of a kind that no request is let through with
 */
function readPrefixes(prefixes: readonly string[]): readonly { readonly prefix: string; readonly own: string }[] {
  const owners = new Map<string, string>()
  for (const own of prefixes) {
    const readings = own === '' ? [''] : readingsOf(own)
    if (readings === undefined) throw new ServerError('route-invalid', 400, `Servers read the path of the route ${own} in different ways.`)
    for (const prefix of readings) {
      const other = owners.get(prefix) ?? own
      if (other !== own)
        throw new ServerError('route-invalid', 400, `Some servers read the paths of the routes ${other} and ${own} alike: choose others.`)
      owners.set(prefix, own)
    }
  }
  return [...owners].map(([prefix, own]) => ({ prefix, own })).sort((a, b) => b.prefix.length - a.prefix.length)
}

/** What the library refuses of a route's settings, with the route's path. */
function named<T>({ path }: RouteConfig, make: () => T): T {
  try {
    return make()
  } catch (error) {
    if (error instanceof CountersignError) throw new ServerError('route-invalid', 400, `The route ${path}: ${error.message}`)
    throw error
  }
}
