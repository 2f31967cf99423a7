import { ServerError } from '../errors.ts'
import { compilePermissions, isWithin, type Narrowing, type Permission } from '../keys/permissions.ts'
import type { PathReading } from './paths/path-readings.ts'

/** What the calls of one route need of their key. */
export interface RoutePermissions {
  /** Whether it depends on the call, and not on the route alone. */
  readonly isByCall: boolean
  /** One of these; undefined: none is needed. Empty: no permission opens the call, so it is refused. */
  ofCall(method: string, path: string): readonly string[] | undefined
  /** Whether the call names another fund or wallet than the one that its key is narrowed to. */
  isNarrowedAway(method: string, path: string, key: Narrowing): boolean
  /**
   * The same as text; for a path as it is `read`, in any case of letters, unless the upstream minds the case.
   */
  textOf(method: string, path: string, how: 'read' | 'written'): string
}

interface PermissionRoute {
  readonly path: string
  readonly permission?: readonly string[] | 'any' | undefined
  readonly allow?: readonly PathReading[] | undefined
}

/**
 * What routes want of keys: the permissions that they name, or where they name none, those that open the call by the
 * catalogue.
 *
 * @param catalogue all that keys can have; undefined: any name
 * @throws ServerError `permission-malformed`; of a route `route-invalid` for a permission that no key can have
 */
export function compileRoutePermissions(catalogue: readonly Permission[] | undefined): (route: PermissionRoute) => RoutePermissions {
  const requiredFor = compilePermissions(catalogue ?? [])
  const requiredInLowerCase = compilePermissions((catalogue ?? []).map(one => ({ ...one, opens: one.opens.map(inLowerCase) })))
  const decides = catalogue?.some(({ opens }) => opens.length > 0) ?? false
  return ({ path: routePath, permission, allow = [] }) => {
    if (permission === 'any' || (permission === undefined && !decides)) return sameFor(undefined)
    if (permission !== undefined) {
      checkKnown(routePath, permission, catalogue)
      return sameFor(permission)
    }
    const mindsCase = allow.includes('letter-case')
    return {
      isByCall: true,
      ofCall: (method, path) => requiredFor(method, path)?.permissions ?? [],
      isNarrowedAway(method, path, key) {
        const required = requiredFor(method, path)
        return required !== undefined && !isWithin(key, required)
      },
      textOf(method, path, how) {
        const isExact = how === 'written' || mindsCase
        const required = isExact ? requiredFor(method, path) : requiredInLowerCase(method, path.toLowerCase())
        return textOf(required?.permissions ?? [])
      },
    }
  }
}

function sameFor(permission: readonly string[] | undefined): RoutePermissions {
  const text = textOf(permission)
  return { isByCall: false, ofCall: () => permission, isNarrowedAway: () => false, textOf: () => text }
}

function textOf(permission: readonly string[] | undefined): string {
  return permission === undefined ? 'any' : JSON.stringify([...permission].sort())
}

/** The pattern with its path in lower case: `GET /Orders/{id}` as `GET /orders/{id}`. */
function inLowerCase(pattern: string): string {
  const [method = '', path = ''] = pattern.split(' ')
  return `${method} ${path.toLowerCase()}`
}

/** @throws ServerError `route-invalid` */
function checkKnown(routePath: string, wanted: readonly string[], catalogue: readonly Permission[] | undefined): void {
  const unknown = catalogue === undefined ? undefined : wanted.find(name => !catalogue.some(one => one.name === name))
  if (unknown === undefined) return
  const known = (catalogue ?? []).map(({ name }) => name).join(', ')
  throw new ServerError(
    'route-invalid',
    400,
    `The route ${routePath} wants the permission ${JSON.stringify(unknown)}, which no key can have: there are ${known}. Add it to permissions, or name one of these.`,
  )
}
