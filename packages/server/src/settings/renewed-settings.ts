import { isDeepStrictEqual } from 'node:util'
import { ServerError } from '../errors.ts'
import type { GatewayConfig } from './config.ts'

type Settings = { readonly [name in keyof Required<GatewayConfig>]: 'renewed' | 'start' }

/**
 * Which settings a running gateway takes on when it is told to read them again, and which only a start does: where it
 * listens, where it keeps what it knows, and the room for what it holds.
 */
export const SETTINGS: Settings = {
  upstream: 'renewed',
  upstreamTls: 'renewed',
  origin: 'renewed',
  host: 'start',
  port: 'start',
  tls: 'renewed',
  adminPort: 'start',
  adminHost: 'start',
  store: 'start',
  masterKeyFile: 'start',
  redis: 'start',
  waitForReplicas: 'start',
  maxReplayBytes: 'start',
  schemes: 'renewed',
  permissions: 'renewed',
  oidc: 'renewed',
  routes: 'renewed',
  deprecations: 'renewed',
  allow: 'renewed',
  identity: 'renewed',
  explainRefusals: 'renewed',
  tracing: 'start',
  keepSignature: 'renewed',
  trustedProxies: 'renewed',
  keepHeaders: 'renewed',
  toleranceMs: 'renewed',
  maxBodyBytes: 'renewed',
  spoolBytes: 'start',
  spoolFolder: 'start',
  maxSpoolBytes: 'start',
  maxHeldBytes: 'start',
  timeouts: 'renewed',
  maxPipelined: 'start',
  drainDelayMs: 'renewed',
  drainMs: 'renewed',
}

/**
 * Refuses settings that a running gateway can't take on.
 *
 * @throws ServerError `settings-want-start`, which names them
 */
export function checkRenewed(before: GatewayConfig, now: GatewayConfig): void {
  const changed = Object.entries(SETTINGS)
    .filter(([name, taken]) => taken === 'start' && !isDeepStrictEqual(before[name as keyof Settings], now[name as keyof Settings]))
    .map(([name]) => name)
  if ((before.tls === undefined) !== (now.tls === undefined)) changed.push('tls')
  if (changed.length > 0)
    throw new ServerError(
      'settings-want-start',
      400,
      `Changed settings that only a start takes: ${changed.join(', ')}. The old ones stay, all of them: start the gateway again, or change these back.`,
    )
}
