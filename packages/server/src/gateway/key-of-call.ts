import type { IncomingRequest, Scheme } from 'countersign'
import { ServerError } from '../errors.ts'
import { IDENTITY_PREFIX } from './headers/header-names.ts'
import { prefixOf } from './route-paths.ts'

/** Where a route finds the key of a call by a scheme whose calls name none, such as a webhook's. */
export interface KeyFrom {
  /** A header of the request, in lower case, whose value is the id. */
  readonly header?: string | undefined
  /** A path below the route's, with `{key}` in the place of the id: `/hooks/{key}`; anything may follow. */
  readonly path?: string | undefined
}

/** How a route names the key of such calls. */
interface NamedKey {
  readonly key?: string | undefined
  readonly keyFrom?: KeyFrom | undefined
}

/** For the verifier's option `keyId`; undefined where the route names none. The signature proves what it reads. */
type KeyOfCall = string | ((request: Pick<IncomingRequest, 'target' | 'headers'>) => string | undefined) | undefined

/** The verifier's option: a scheme whose calls name their key has none. @throws ServerError `route-invalid` */
export function keyIdFor({ name, keyId: carries }: Scheme, route: NamedKey & { readonly path: string }): KeyOfCall {
  const keyId = compileKeyOfCall(route.path, route)
  if (carries === 'none' && keyId === undefined)
    throw new ServerError(
      'route-invalid',
      400,
      `The route ${route.path}: calls by ${name} name no key. Name it in the route (key: csk_…), or say where calls name it: keyFrom: {header: x-account}, or {path: ${prefixOf(route.path)}/{key}}.`,
    )
  return carries === 'carried' ? undefined : keyId
}

function compileKeyOfCall(routePath: string, { key, keyFrom }: NamedKey): KeyOfCall {
  const { header, path } = keyFrom ?? {}
  if (Number(key !== undefined) + Number(header !== undefined) + Number(path !== undefined) > 1)
    throw invalid(routePath, 'names its key once: key, keyFrom.header or keyFrom.path')
  if (keyFrom !== undefined && header === undefined && path === undefined)
    throw invalid(routePath, 'says where calls name their key: keyFrom: {header: x-account}, or {path: /hooks/{key}}')
  if (header !== undefined) return fromHeader(routePath, header)
  return path === undefined ? key : fromPath(routePath, path)
}

function fromHeader(routePath: string, header: string): KeyOfCall {
  if (!/^[a-z0-9-]+$/.test(header) || header.startsWith(IDENTITY_PREFIX))
    throw invalid(routePath, `has keyFrom.header, a header’s name in lower case that is not the gateway’s own, and not ${header}`)
  return ({ headers }) => {
    const raw = headers as readonly string[]
    let found: string | undefined
    for (let at = 0; at + 1 < raw.length; at += 2) {
      if (raw[at]?.toLowerCase() !== header) continue
      // Of two, the upstream could believe the other one.
      if (found !== undefined) return undefined
      found = raw[at + 1]
    }
    return found
  }
}

function fromPath(routePath: string, path: string): KeyOfCall {
  const prefix = prefixOf(routePath)
  const segments = path.split('/')
  const at = segments.indexOf('{key}')
  if (at < 0 || path.replace('{key}', '').includes('{') || (!`${path}/`.startsWith(`${prefix}/`) && prefix !== ''))
    throw invalid(routePath, `has keyFrom.path, a path below it with one segment {key}, such as ${prefix}/{key}, and not ${path}`)
  return ({ target }) => {
    const given = (target.split('?', 1)[0] ?? '').split('/')
    return segments.every((segment, index) => index === at || segment === given[index]) ? given[at] : undefined
  }
}

function invalid(routePath: string, what: string): ServerError {
  return new ServerError('route-invalid', 400, `The route ${routePath} ${what}.`)
}
