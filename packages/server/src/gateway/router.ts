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
import { ALWAYS_DROPPED, mayBeKept } from './headers/headers.ts'
import { type PathReading, readingsOf } from './paths/path-readings.ts'
import { compileSignedOverride } from './headers/signed-override.ts'
import { carriedHeaders, compileTargetStripper } from './headers/strip-signature.ts'

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
  /**
   * How the upstream does not read paths, by name: where it tells `/Admin` from `/admin`, say `letter-case`. A path of
   * this route may then be written so, although another route's would be meant if it were read. Default: none.
   */
  readonly allow?: readonly PathReading[] | undefined
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
  /** Until a body is there and has its turn to be verified. */
  readonly bodyTimeoutMs?: number | undefined
  readonly allow?: VerifierOptions['allow']
  readonly keepHeaders?: readonly string[] | undefined
  readonly deprecations?: readonly DeprecationConfig[] | undefined
  /** Told of every authentic call by what is deprecated. */
  readonly onDeprecated?: DeprecationsOptions['onUsed'] | undefined
}

/** Why a path is refused: for the log, since it names a route. */
export interface UnclearPath {
  readonly unclear: string
}

/**
 * What a path and method come to; `wrong-method`: the path has routes, and none for this method; unclear: the path can
 * be read as one for which something else is demanded.
 */
export type Router = (method: string, path: string) => RouteVerifier | 'not-found' | 'wrong-method' | UnclearPath

const NONE: ReadonlySet<PathReading> = new Set()

/** @throws ServerError `scheme-unknown`, `route-invalid`, `header-not-kept` */
export function createRouter(options: RouterOptions): Router {
  const { routes, schemes, origin, keys, replay, toleranceMs, maxBodyBytes, bodyTimeoutMs, allow } = options
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
      limits: { maxBodyBytes, bodyTimeoutMs },
    })
    const verifier = deprecations.ofScheme(plain)
    verifiers.set(id, verifier)
    return verifier
  }
  const kept = new Set(options.keepHeaders)
  for (const name of kept)
    if (!mayBeKept(name))
      throw new ServerError('header-not-kept', 400, `The header ${name} can't be kept: it is the gateway's, or not a name in lower case.`)
  const compiled = routes
    .map(config => {
      if (!config.path.startsWith('/'))
        throw new ServerError('route-invalid', 400, `The path of a route begins with a slash: ${config.path}`)
      if (!/^[!-~]*$/.test(config.path))
        throw new ServerError('route-invalid', 400, `The path of a route is ASCII, as on the request line: write ${encodeURI(config.path)}`)
      if (/[?#*{}]|\/:/.test(config.path))
        throw new ServerError(
          'route-invalid',
          400,
          `The path of a route is a prefix of paths, without query, wildcards and parameters: ${config.path} is for no request. Write /orders for /orders/7.`,
        )
      const own = config.schemes.map(name => named(config, () => verifierOf(name, config.only)))
      const strippers = new Map(own.map(({ scheme }) => [scheme.name, compileTargetStripper(scheme)]))
      const verify = verifyInTurn(own.map(verifier => deprecations.ofRoute(verifier, config.path)))
      return {
        config,
        prefix: config.path.replace(/\/+$/, ''),
        unread: config.allow === undefined ? NONE : new Set(config.allow),
        demands: demandsOf(config, options.deprecations ?? []),
        dropped: new Set([...ALWAYS_DROPPED, ...own.flatMap(({ scheme }) => carriedHeaders(scheme))]),
        signsOverride: compileSignedOverride(
          own.map(({ scheme }) => scheme),
          kept,
        ),
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
  const read = readPrefixes(compiled.map(({ prefix }) => prefix))
  const taken = new Set((allow ?? []).filter(name => name === 'dot-segments' || name === 'double-slashes'))

  // The longest prefix has the path to itself, also for methods that it does not name: else these would get the
  // permission of a shorter one.
  function routeOf(prefix: string | undefined, method: string): (typeof compiled)[number] | 'not-found' | 'wrong-method' {
    if (prefix === undefined) return 'not-found'
    return (
      compiled.find(({ prefix: own, config: { methods } }) => own === prefix && (methods === undefined || methods.includes(method))) ??
      'wrong-method'
    )
  }

  return (method, path) => {
    const prefix = findPrefix(compiled, path)?.prefix
    const route = routeOf(prefix, method)
    const found = readingsOf(path, taken, typeof route === 'string' ? NONE : route.unread)
    if ('odd' in found) return { unclear: found.odd }
    const demands = typeof route === 'string' ? route : route.demands
    // An upstream may read the path in another way than it is written. It has to be one for which the same is demanded.
    for (const reading of found.readings) {
      const own = findPrefix(read, reading)?.own
      if (own === prefix) continue
      const other = routeOf(own, method)
      if ((typeof other === 'string' ? other : other.demands) === demands) continue
      return { unclear: `read as ${reading}, ${own === undefined ? 'which has no route' : `of the route ${own === '' ? '/' : own}`}` }
    }
    return route
  }
}

/** What a call needs to get through a route, as text that is the same for routes that need the same. */
function demandsOf({ path, schemes, permission, only }: RouteConfig, deprecations: readonly DeprecationConfig[]): string {
  const deprecated = deprecations.some(({ route }) => route === path) ? path : undefined
  return JSON.stringify([[...schemes].sort(), permission === undefined ? 'any' : [...permission].sort(), only, deprecated])
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
    const found = own === '' ? { readings: [''] } : readingsOf(own)
    if ('odd' in found)
      throw new ServerError('route-invalid', 400, `Servers read the path of the route ${own} in different ways: ${found.odd}.`)
    for (const prefix of found.readings) {
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
