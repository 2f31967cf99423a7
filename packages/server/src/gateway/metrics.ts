import type { ReplayGuardUsage } from 'countersign'
import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client'
import { addGauge } from '../metrics/collected.ts'

export interface GatewayMetrics {
  readonly registry: Registry
  /**
   * `passed` with the upstream's status, `refused` with the failure's code, or `failed` with the gateway's own problem.
   */
  finished(outcome: 'passed' | 'refused' | 'failed', code: string, route: string, scheme: string, seconds: number): void
  /** A request that was not even read, because too many of its connection were running. */
  dropped(): void
  /** An authentic call by something deprecated. */
  deprecated(via: string, isRefused: boolean): void
}

export interface GatewayMetricsOptions {
  readonly heldBytes: () => number
  readonly spooledBytes: () => number
  /** Left out where replays are not remembered in memory. */
  readonly replayUsage?: (() => ReplayGuardUsage) | undefined
}

export function createGatewayMetrics({ heldBytes, spooledBytes, replayUsage }: GatewayMetricsOptions): GatewayMetrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const requests = new Counter({
    name: 'countersign_gateway_requests_total',
    help: 'Requests by outcome: passed (the class of the upstream’s status), refused (why), failed (how); by route and scheme, each empty where none was found.',
    labelNames: ['outcome', 'code', 'route', 'scheme'],
    registers: [registry],
  })
  const seconds = new Histogram({
    name: 'countersign_gateway_seconds',
    help: 'How long requests took, from their headers to the end of the answer.',
    labelNames: ['outcome', 'route'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  })
  const dropped = new Counter({
    name: 'countersign_gateway_dropped_requests_total',
    help: 'Requests that were dropped, and their connections closed, because too many of one connection were running.',
    registers: [registry],
  })
  const deprecations = new Counter({
    name: 'countersign_gateway_deprecated_total',
    help: 'Authentic calls by a deprecated scheme or route, and how many of them were refused for that.',
    labelNames: ['via', 'event'],
    registers: [registry],
  })
  addGauge(
    registry,
    'countersign_gateway_held_bytes',
    'Bytes of request bodies that are held until they are verified and sent on.',
    'sum',
    heldBytes,
  )
  addGauge(
    registry,
    'countersign_gateway_spooled_bytes',
    'Bytes of request bodies that are on disk until they are verified and sent on.',
    'sum',
    spooledBytes,
  )
  if (replayUsage !== undefined) addReplayGauges(registry, replayUsage)
  // Labels are looked up once. Bounded: one per outcome, code, route and scheme, of which none is a client's to choose.
  const children = new Map<string, (took: number) => void>()
  const childOf = (outcome: string, code: string, route: string, scheme: string): ((took: number) => void) => {
    const name = `${outcome} ${code} ${scheme} ${route}`
    const child = children.get(name)
    if (child !== undefined) return child
    const [counter, histogram] = [requests.labels({ outcome, code, route, scheme }), seconds.labels({ outcome, route })]
    const observe = (took: number): void => {
      counter.inc()
      histogram.observe(took)
    }
    children.set(name, observe)
    return observe
  }
  return {
    registry,
    dropped: () => dropped.inc(),
    deprecated: (via, isRefused) => deprecations.inc({ via, event: isRefused ? 'refused' : 'called' }),
    finished(outcome, code, route, scheme, took) {
      childOf(outcome, outcome === 'passed' ? `${code.slice(0, 1)}xx` : code, route, scheme)(took)
    },
  }
}

/** What each gauge of the replay guard in memory shows. */
const REPLAY_GAUGES: { readonly [name: string]: readonly [member: keyof ReplayGuardUsage, help: string] } = {
  countersign_gateway_replay_bytes: ['bytesUsed', 'Memory taken for calls that are remembered, in bytes.'],
  countersign_gateway_replay_max_bytes: ['maxBytes', 'The most memory for calls that are remembered, in bytes.'],
  countersign_gateway_replay_claims: ['claims', 'Calls that are remembered, so that a replay is refused.'],
  countersign_gateway_replay_max_claims: ['maxClaims', 'Calls that can be remembered at once; with more, calls are refused.'],
}

function addReplayGauges(registry: Registry, usage: () => ReplayGuardUsage): void {
  for (const [name, [member, help]] of Object.entries(REPLAY_GAUGES)) addGauge(registry, name, help, 'sum', () => usage()[member])
}
