import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ReplayGuard } from 'countersign'
import { SCHEMES } from 'countersign/schemes'
import { GATEWAY_DEFAULTS } from './defaults.ts'
import { createDestinations } from './destinations.ts'
import { createForwardedReader } from './forwarded.ts'
import { createHandler, type Handle, type HandlerOptions } from './handle.ts'
import type { GatewayOptions } from './options.ts'
import { createRouter } from './router.ts'
import { DEFAULT_ROUTE } from './routes.ts'
import { createIdentitySigner } from './signed-identity.ts'

/** What the settings of one moment make of requests. */
export interface Rules {
  readonly handle: Handle
  /** Lets the requests that it has end, then closes the connections to their upstreams. */
  end(): Promise<void>
  /** Closes those connections at once. */
  cut(): Promise<void>
}

/** What stays when settings change. */
export interface Lasting
  extends Pick<
    HandlerOptions,
    'service' | 'bodies' | 'rates' | 'tunnels' | 'tracing' | 'metrics' | 'isDraining' | 'onFinished' | 'report'
  > {
  readonly replay: ReplayGuard
}

/** How long a large body waits for its turn to be verified, once it is there, in milliseconds. */
export const TURN_MS = 60_000

/**
 * @throws ServerError `scheme-unknown`, `route-invalid`, `header-not-kept`, `upstream-missing`, `upstream-invalid`,
 * `upstream-tls-invalid`, `identity-key-invalid`
 */
export function rulesBy(options: GatewayOptions, lasting: Lasting): Rules {
  const { origin, keepSignature = false, timeouts = {}, routes = [DEFAULT_ROUTE] } = options
  const { service, replay, metrics, rates, ...others } = lasting
  const maxBodyBytes = options.maxBodyBytes ?? GATEWAY_DEFAULTS.maxBodyBytes
  const routeOf = createRouter({
    routes,
    schemes: options.schemes ?? SCHEMES,
    origin,
    keys: service.source,
    replay,
    toleranceMs: options.toleranceMs,
    clock: options.clock,
    maxBodyBytes,
    bodyTimeoutMs: (timeouts.requestTimeoutMs ?? GATEWAY_DEFAULTS.requestTimeoutMs) + TURN_MS,
    allow: options.allow,
    keepHeaders: options.keepHeaders,
    keepSignature,
    permissions: options.permissions === 'any' ? undefined : (options.permissions ?? service.permissions),
    deprecations: options.deprecations,
    onExplained: options.explainRefusals === true ? service.refusals.explained : undefined,
    onDeprecated({ keyId, what, via, isRefused }) {
      metrics.deprecated(via, isRefused)
      // A call by a scheme that is let through is counted with all others.
      if (isRefused || what === 'route') service.lastUsed.used(keyId, via)
    },
  })
  const identity = options.identity === undefined ? undefined : createIdentitySigner(options.identity.keys)
  const readForwarded = createForwardedReader({ origin, trustedProxies: options.trustedProxies })
  const destinations = createDestinations({
    routes,
    upstream: options.upstream,
    upstreamTls: options.upstreamTls,
    timeouts,
    audience: options.identity?.audience,
    keepHeaders: options.keepHeaders ?? [],
  })
  const handle = createHandler({
    ...others,
    // Gateways of other APIs may count in the same Redis, and other rates than these begin anew.
    rates: { take: (bucket, rate) => rates.take(JSON.stringify([origin, bucket, rate]), rate) },
    service,
    metrics,
    routeOf,
    destinationOf: destinations.of,
    readForwarded,
    identity,
    maxBodyBytes,
    keepSignature,
  })
  let running = 0
  let ended: (() => void) | undefined
  return {
    async handle(request: IncomingMessage, response: ServerResponse, upgradeHead?: Buffer) {
      running++
      try {
        await handle(request, response, upgradeHead)
      } finally {
        running--
        if (running === 0) ended?.()
      }
    },
    async end() {
      if (running > 0)
        await new Promise<void>(resolve => {
          ended = resolve
        })
      await destinations.close()
    },
    cut: destinations.close,
  }
}
