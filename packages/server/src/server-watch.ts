import { sql } from 'kysely'
import type { Watched } from './http/health-server.ts'
import { type AdminMetrics, createAdminMetrics } from './metrics/admin-metrics.ts'
import { addStoreMetrics } from './metrics/store-metrics.ts'
import type { KeyService } from './service.ts'

/** What is told of a key server from its start on. */
export interface ServerWatch extends Watched {
  /** Counts what the admin API answers and refuses. */
  readonly counts: Pick<AdminMetrics, 'answered' | 'refused'>
  /** What it still waits for. */
  waitsFor(reason: string): void
  /** It is at work. */
  runs(service: KeyService): void
  /** It ends. */
  drains(): void
}

export function createServerWatch(): ServerWatch {
  const { registry, answered, refused } = createAdminMetrics()
  let waitsFor = 'it starts'
  let running: KeyService | undefined
  let isDraining = false
  return {
    counts: { answered, refused },
    metrics: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
    waitsFor(reason) {
      waitsFor = reason
    },
    runs(service) {
      running = service
      addStoreMetrics(registry, service)
    },
    drains() {
      isDraining = true
    },
    get isDraining() {
      return isDraining
    },
    async ready() {
      if (running === undefined) throw new Error(waitsFor)
      await sql`select 1`.execute(running.database.prompt)
      return 'ready'
    },
  }
}
