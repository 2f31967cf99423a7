import { Registry } from 'prom-client'
import { addGauge } from '../metrics/collected.ts'
import type { ProcessMetrics } from './metrics-of-processes.ts'

/** Whether the settings that were read last were taken. */
export interface SettingsTaken {
  set(isTaken: boolean): void
  counted(): Promise<ProcessMetrics>
}

/** @param registry where it is shown; several processes have it in that of the first one */
export function createSettingsTaken(registry = new Registry()): SettingsTaken {
  let isTaken = true
  addGauge(
    registry,
    'countersign_gateway_settings_taken',
    'Whether the settings were taken when they were read last: 1, or 0 where the old ones stay and the log says why.',
    'min',
    () => (isTaken ? 1 : 0),
  )
  return {
    set(now) {
      isTaken = now
    },
    counted: () => registry.getMetricsAsJSON(),
  }
}
