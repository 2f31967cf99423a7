import {
  CountersignError,
  createVerifier,
  type IncomingRequest,
  isDeclared,
  type Only,
  type Refused,
  type ReplayGuard,
  type Scheme,
  takesReplayGuard,
  type Verifier,
  type VerifierOptions,
  type VerifyOptions,
} from 'countersign'
import { explainRefusals, type RefusalExplainer } from 'countersign/explain'
import { DEFAULT_SCHEME_NAME } from 'countersign/schemes'
import type { Refusals } from '../audit/refusals.ts'
import { ServerError } from '../errors.ts'
import type { CachedKeys } from '../keys/key-source.ts'
import { principalOf } from '../keys/open-key.ts'
import type { Permission } from '../keys/permissions.ts'
import { requireScheme } from '../schemes/require-scheme.ts'
import { type VerifiedInTurn, verifyInTurn } from '../verify-in-turn.ts'
import { createDeprecations, type DeprecationConfig, type DeprecationsOptions } from './deprecations.ts'
import type { UpstreamOptions, UpstreamTls } from './forward.ts'
import { ALWAYS_DROPPED, mayBeKept } from './headers/header-names.ts'
import { compileSignedOverride } from './headers/signed-override.ts'
import { carriedHeaders, compileTargetStripper } from './headers/strip-signature.ts'
import { type KeyFrom, keyIdFor } from './key-of-call.ts'
import type { PathReading } from './paths/path-readings.ts'
import { checkRate, type Rate } from './rates/rate.ts'
import { checkPath, checkUsed, prefixOf } from './route-paths.ts'
import { compileRoutePermissions } from './route-permissions.ts'

export interface RouteConfig {
  /**
   * A prefix of the path, of whole segments: `/orders` is for `/orders` and `/orders/7`. The longest that fits counts.
   */
  readonly path: string
  /** The schemes that are taken, so that clients can move from one to the next. */
  readonly schemes: readonly string[]
  /**
   * The key needs one of these; `any`: none. Default: what the catalogue of the key store says of the call, where its
   * permissions name calls, else none.
   */
  readonly permission?: readonly string[] | 'any' | undefined
  /**
   * Upper case; left out: all that no other route with the same path names. Methods that none of them takes are
   * refused.
   */
  readonly methods?: readonly string[] | undefined
  /**
   * Which calls are taken, for what a scheme of the route doesn't sign. Default: those that the scheme itself names.
   */
  readonly only?: Only | undefined
  /** How many calls each key may make through this route. Default: as many as it likes. */
  readonly rate?: Rate | undefined
  /**
   * How the upstream does not read paths, by name: where it tells `/Admin` from `/admin`, say `letter-case`. Such a
   * path is then accepted even if that reading would lead to another route. Default: none.
   */
  readonly allow?: readonly PathReading[] | undefined
  /** Where its requests go. Default: the gateway's. */
  readonly upstream?: string | undefined
  /** TLS to its own upstream. Default: none of the gateway's. */
  readonly upstreamTls?: UpstreamTls | undefined
  /** For its upstream, in milliseconds. Default of each: the gateway's. */
  readonly timeouts?: Pick<UpstreamOptions, 'connectTimeoutMs' | 'headersTimeoutMs' | 'bodyTimeoutMs' | 'halfClosedTimeoutMs'> | undefined
  /** Whom the identity token of its calls is for. Default: the URL of its upstream. */
  readonly audience?: string | undefined
  /** The key of calls by schemes that name none, such as a webhook's. */
  readonly key?: string | undefined
  /** Where such calls name their key. The signature proves that it is theirs. */
  readonly keyFrom?: KeyFrom | undefined
}

/** Every path, by the default scheme. */
export const DEFAULT_ROUTE = { path: '/', schemes: [DEFAULT_SCHEME_NAME] } satisfies RouteConfig

export interface RouteVerifier {
  readonly config: RouteConfig
  /**
   * The names of the headers that do not go upstream, lower case: those of the schemes, and those that the gateway
   * replaces.
   */
  readonly dropped: ReadonlySet<string>
  /** Whether a header that would make another call of the request may be signed, so that it can't be taken off. */
  signsOverride(raw: readonly string[], target: string): boolean
  /** Of these the key needs one; undefined: none. */
  permissionOf(method: string, path: string): readonly string[] | undefined
  /** The request target without what the scheme carries in the query. */
  stripTarget(target: string, schemeName: string): string
  verify(request: IncomingRequest, options?: Pick<VerifyOptions, 'deferBody'>): Promise<VerifiedInTurn>
}

export interface RoutesOptions {
  readonly routes: readonly RouteConfig[]
  readonly schemes: readonly Scheme[]
  readonly origin: string | readonly string[]
  readonly keys: CachedKeys
  readonly replay: ReplayGuard
  readonly toleranceMs?: number | undefined
  readonly clock?: VerifierOptions['clock']
  readonly maxBodyBytes?: number | undefined
  /** Until a body is there and has its turn to be verified. */
  readonly bodyTimeoutMs?: number | undefined
  readonly allow?: VerifierOptions['allow']
  readonly keepHeaders?: readonly string[] | undefined
  /** Whether the headers of signatures go upstream. Default: no. */
  readonly keepSignature?: boolean | undefined
  /** All that keys can have; undefined: any name. */
  readonly permissions?: readonly Permission[] | undefined
  readonly deprecations?: readonly DeprecationConfig[] | undefined
  /** Told why signatures do not match, which is looked for if this is given. */
  readonly onExplained?: Refusals['explained'] | undefined
  /** Told of every authentic call by what is deprecated. */
  readonly onDeprecated?: DeprecationsOptions['onUsed'] | undefined
}

/** A route whose settings are checked. */
export interface Route extends RouteVerifier {
  /** Its path without a slash at the end. */
  readonly prefix: string
  /** How its upstream does not read paths. */
  readonly notDone: ReadonlySet<PathReading>
  /**
   * What a call needs to get through it, as text that is the same for calls that need the same.
   *
   * @param reading its path, as a server may read it; `written`: as it stands in the request
   */
  demandsOf(method: string, reading: string, how: 'read' | 'written'): string
  /** Whether that depends on more of the path than the route. */
  readonly isByCall: boolean
}

/**
 * @returns the routes, the longest prefix first; of those with one prefix, the one that names no methods last
 * @throws ServerError `scheme-unknown`, `route-invalid`, `header-not-kept`
 */
export function compileRoutes(options: RoutesOptions): readonly Route[] {
  const { routes, schemes, origin, keys, replay, toleranceMs, clock, maxBodyBytes, bodyTimeoutMs, allow, deprecations = [] } = options
  const verifiers = new Map<string, Verifier>()
  const explainers = new Map<Scheme, RefusalExplainer>()
  /** One for a scheme, so that its budget is one. */
  const explainerOf = (scheme: Scheme): RefusalExplainer | undefined => {
    const { onExplained } = options
    if (onExplained === undefined || !isDeclared(scheme) || scheme.keys !== 'secret') return undefined
    const explainer =
      explainers.get(scheme) ??
      explainRefusals({
        scheme,
        keys: keys.ofScheme(scheme.name),
        onExplained: ({ keyId, failure, explanation }) => onExplained(keyId, failure, explanation.causes),
      })
    explainers.set(scheme, explainer)
    return explainer
  }
  const deprecated = createDeprecations({ deprecations, onUsed: options.onDeprecated ?? (() => undefined) })
  const verifierOf = (name: string, route: RouteConfig): Verifier => {
    const { only, key, keyFrom } = route
    const scheme = requireScheme(schemes, name)
    const id = JSON.stringify([name, only, ...(scheme.keyId === 'carried' ? [] : [key, keyFrom])])
    const known = verifiers.get(id)
    if (known !== undefined) return known
    const plain = createVerifier(scheme, {
      origin,
      keys: keys.ofScheme(name),
      ...(takesReplayGuard(scheme) ? { replay } : {}),
      toleranceMs,
      clock,
      allow,
      only,
      keyId: keyIdFor(scheme, route),
      onRefused: explainerOf(scheme),
      limits: { maxBodyBytes, bodyTimeoutMs },
    })
    const verifier = deprecated.ofScheme(plain)
    verifiers.set(id, verifier)
    return verifier
  }
  const kept = new Set(options.keepHeaders)
  for (const name of kept)
    if (!mayBeKept(name))
      throw new ServerError('header-not-kept', 400, `The header ${name} can't be kept: it is the gateway's, or not a name in lower case.`)
  for (const { scheme, route } of deprecations)
    if (!routes.some(({ path, schemes: names }) => path === route || names.includes(scheme ?? '')))
      throw new ServerError(
        'route-invalid',
        400,
        `No route has the deprecated ${scheme === undefined ? `path ${route}` : `scheme ${scheme}`}.`,
      )
  checkUsed(routes)
  const permissionsOf = compileRoutePermissions(options.permissions)
  return routes
    .map(config => {
      checkPath(config.path)
      if (config.rate !== undefined) checkRate(config.path, config.rate)
      const ownVerifiers = config.schemes.map(name => withRoutePath(config, () => verifierOf(name, config)))
      const ownSchemes = ownVerifiers.map(({ scheme }) => scheme)
      if ((config.key ?? config.keyFrom) !== undefined && ownSchemes.every(({ keyId }) => keyId === 'carried'))
        throw new ServerError(
          'route-invalid',
          400,
          `The route ${config.path} names a key, and calls by its schemes name theirs: leave key and keyFrom out.`,
        )
      const strippers = new Map(ownSchemes.map(scheme => [scheme.name, compileTargetStripper(scheme)]))
      const permissions = permissionsOf(config)
      const demands = demandsOf(config, deprecations)
      const verify = verifyInTurn(ownVerifiers.map(verifier => deprecated.ofRoute(verifier, config.path)))
      return {
        config,
        prefix: prefixOf(config.path),
        notDone: new Set(config.allow),
        demandsOf: (method: string, reading: string, how: 'read' | 'written') => `${demands} ${permissions.textOf(method, reading, how)}`,
        isByCall: permissions.isByCall,
        permissionOf: permissions.ofCall,
        dropped: new Set([
          ...ALWAYS_DROPPED,
          ...(options.keepSignature === true ? [] : ownSchemes.flatMap(carriedHeaders)),
          ...(config.keyFrom?.header === undefined ? [] : [config.keyFrom.header]),
        ]),
        signsOverride: compileSignedOverride(ownSchemes, kept),
        stripTarget: (target: string, schemeName: string) => strippers.get(schemeName)?.(target) ?? target,
        async verify(request: IncomingRequest, asked?: Pick<VerifyOptions, 'deferBody'>) {
          const { method, target } = request
          const path = target.split('?', 1)[0] ?? ''
          const required = permissions.ofCall(method, path)
          const verified = await verify(request, { ...asked, permission: required })
          const { result } = verified
          if (!result.ok || !permissions.isNarrowedAway(method, path, principalOf(result.key))) return verified
          const denied: Refused = { ok: false, failure: { code: 'permission-denied', keyId: result.key.id, required: required ?? [] } }
          return { ...verified, result: denied }
        },
      }
    })
    .sort((a, b) => b.prefix.length - a.prefix.length || Number(a.config.methods === undefined) - Number(b.config.methods === undefined))
}

function demandsOf({ path, schemes, only, rate, key, keyFrom, upstream }: RouteConfig, deprecations: readonly DeprecationConfig[]): string {
  const deprecated = deprecations.some(({ route }) => route === path) ? path : undefined
  return JSON.stringify([[...schemes].sort(), only, rate, deprecated, key, keyFrom, upstream])
}

/** What the library refuses of a route's settings, with the route's path. */
function withRoutePath<T>({ path }: RouteConfig, make: () => T): T {
  try {
    return make()
  } catch (error) {
    if (error instanceof CountersignError) throw new ServerError('route-invalid', 400, `The route ${path}: ${error.message}`)
    throw error
  }
}
