import type { Watched } from '../http/health-server.ts'
import { STORE_AWAY } from '../metrics/store-metrics.ts'
import type { Gateway } from './gateway.ts'
import type { ProcessMetrics } from './metrics-of-processes.ts'

/** What is told of one process. */
export interface WatchedProcess extends Watched {
  /** Its metrics, as they can be sent to another process. */
  counted(): Promise<ProcessMetrics>
}

/** What is told of a process from its start on. */
export interface ProcessWatch extends WatchedProcess {
  /** What it still waits for. */
  waitsFor(reason: string): void
  /** It is at work. */
  runs(gateway: Gateway, check: () => Promise<void>): void
}

export function createProcessWatch(): ProcessWatch {
  let waitsFor = 'it starts'
  let running: { readonly gateway: Gateway; readonly check: () => Promise<void> } | undefined
  return {
    waitsFor(reason) {
      waitsFor = reason
    },
    runs(gateway, check) {
      running = { gateway, check }
    },
    get isDraining() {
      return running?.gateway.isDraining ?? false
    },
    async metrics() {
      const registry = running?.gateway.metrics.registry
      return registry === undefined ? STORE_AWAY : { contentType: registry.contentType, text: await registry.metrics() }
    },
    counted: async () => (await running?.gateway.metrics.registry.getMetricsAsJSON()) ?? [],
    async ready() {
      if (running === undefined) throw new Error(waitsFor)
      await running.check()
      return 'ready'
    },
  }
}
