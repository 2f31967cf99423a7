import { type PathReading, readingsOf } from './paths/path-readings.ts'
import { findPrefix, readPrefixes } from './paths/prefixes.ts'
import { compileRoutes, type Route, type RoutesOptions, type RouteVerifier } from './routes.ts'

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
export function createRouter(options: RoutesOptions): Router {
  const routes = compileRoutes(options)
  const read = readPrefixes(routes.map(({ prefix }) => prefix))
  const allowed = new Set((options.allow ?? []).filter(name => name === 'dot-segments' || name === 'double-slashes'))

  // The longest prefix has the path to itself, also for methods that it does not name: otherwise they would fall to a
  // shorter prefix and its weaker permission.
  function routeOf(prefix: string | undefined, method: string): Route | 'not-found' | 'wrong-method' {
    if (prefix === undefined) return 'not-found'
    return (
      routes.find(route => route.prefix === prefix && (route.config.methods === undefined || route.config.methods.includes(method))) ??
      'wrong-method'
    )
  }

  return (method, path) => {
    const prefix = findPrefix(routes, path)?.prefix
    const route = routeOf(prefix, method)
    const readings = readingsOf(path, allowed, typeof route === 'string' ? NONE : route.notDone)
    if ('odd' in readings) return { unclear: readings.odd }
    const demands = demandsOf(route, method, path, 'written')
    // An upstream may read the path in another way than it is written. It has to be one for which the same is demanded.
    for (const reading of readings.readings) {
      const owner = findPrefix(read, reading)?.owner
      if (owner === prefix && (typeof route === 'string' || !route.isByCall)) continue
      const other = routeOf(owner, method)
      if (demandsOf(other, method, reading, 'read') === demands) continue
      if (owner === prefix) return { unclear: `read as ${reading}, for which another permission is needed` }
      return { unclear: `read as ${reading}, ${owner === undefined ? 'which has no route' : `of the route ${owner === '' ? '/' : owner}`}` }
    }
    return route
  }
}

function demandsOf(route: Route | 'not-found' | 'wrong-method', ...call: Parameters<Route['demandsOf']>): string {
  return typeof route === 'string' ? route : route.demandsOf(...call)
}
