import { ServerError } from '../errors.ts'
import { createUpstream, type Upstream, type UpstreamOptions, type UpstreamTls } from './forward.ts'
import { createUpstreamHeaders, type UpstreamHeaders } from './headers/upstream-headers.ts'
import type { RouteConfig } from './routes.ts'
import { checkUpstreamTls } from './upstream-tls.ts'
import { readUpstreamUrl } from './upstream-url.ts'

/** Where the requests of a route go. */
export interface Destination {
  readonly upstream: Upstream
  /** Scheme, host and port. */
  readonly origin: string
  /** Goes before the target. */
  readonly basePath: string
  /** The headers of a request, with the `Host` of this upstream. */
  readonly headersOf: UpstreamHeaders
  /** Whom an identity token is for. */
  readonly audience: string
}

interface Destinations {
  of(route: RouteConfig): Destination
  close(): Promise<void>
}

interface DestinationsOptions {
  readonly routes: readonly RouteConfig[]
  /** The gateway's own, for routes without one. */
  readonly upstream: string | undefined
  readonly upstreamTls: UpstreamTls | undefined
  readonly timeouts: UpstreamOptions
  /** For the gateway's own upstream: a token for one service must be none for another. */
  readonly audience: string | undefined
  readonly keepHeaders: readonly string[]
}

/**
 * The upstreams of all routes. Routes with the same one share its connections.
 *
 * @throws ServerError `upstream-missing`, `upstream-invalid`, `upstream-tls-invalid`, `route-invalid`
 */
export function createDestinations(options: DestinationsOptions): Destinations {
  const { keepHeaders } = options
  const upstreams = new Map<string, Upstream>()
  if (options.upstream !== undefined) {
    readUpstreamUrl(options.upstream)
    if (options.upstreamTls !== undefined) checkUpstreamTls(options.upstream, options.upstreamTls)
  }

  function upstreamOf(origin: string, timeouts: UpstreamOptions, tls: UpstreamTls | undefined): Upstream {
    const pems = tls === undefined ? [] : [tls.ca, tls.cert, tls.key].map(pem => pem?.toString())
    const id = JSON.stringify([origin, timeouts, pems])
    const upstream = upstreams.get(id) ?? createUpstream(origin, { ...timeouts, tls })
    upstreams.set(id, upstream)
    return upstream
  }

  function destinationOf(route: RouteConfig): Destination {
    const isOwn = route.upstream !== undefined
    const url = route.upstream ?? options.upstream
    if (url === undefined)
      throw new ServerError(
        'upstream-missing',
        400,
        `The route ${route.path} has no upstream, and neither has the gateway: say where its requests go.`,
      )
    if (!isOwn && route.upstreamTls !== undefined)
      throw new ServerError(
        'route-invalid',
        400,
        `The route ${route.path} has upstreamTls and no upstream of its own: give it one, or put upstreamTls beside the gateway’s.`,
      )
    const tls = isOwn ? route.upstreamTls : options.upstreamTls
    const { origin, host, basePath } = readUpstreamUrl(url)
    if (isOwn && tls !== undefined) checkUpstreamTls(url, tls)
    const own = Object.entries(route.timeouts ?? {}).filter(([, value]) => value !== undefined)
    return {
      upstream: upstreamOf(origin, { ...options.timeouts, ...Object.fromEntries(own) }, tls),
      origin,
      basePath,
      headersOf: createUpstreamHeaders({ upstreamHost: host, keepHeaders }),
      audience: route.audience ?? (isOwn ? undefined : options.audience) ?? origin + basePath,
    }
  }

  const destinations = new Map(options.routes.map(route => [route, destinationOf(route)]))
  return {
    of: route => destinations.get(route) as Destination,
    async close() {
      await Promise.all([...upstreams.values()].map(upstream => upstream.close()))
    },
  }
}
