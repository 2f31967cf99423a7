import type { Registry } from 'prom-client'
import type { Watched } from '../http/health-server.ts'
import { STORE_AWAY } from '../metrics/store-metrics.ts'
import type { ProcessMetrics } from './metrics-of-processes.ts'

/** A process that does its work. */
interface Work {
  readonly registry: Registry
  readonly isDraining: boolean
  /** Throws what keeps it from serving calls. */
  check(): Promise<void>
}

/** What is told of one process. */
export interface WatchedProcess extends Watched {
  /** Its metrics, as they can be sent to another process. */
  counted(): Promise<ProcessMetrics>
}

/** Answers for a process from the moment it starts. */
export interface Watch extends WatchedProcess {
  /** What it still waits for. */
  waitsFor(reason: string): void
  runs(work: Work): void
}

/** @param before what is counted already while the process starts */
export function createWatch(before?: Registry): Watch {
  let waitsFor = 'it starts'
  let work: Work | undefined
  return {
    waitsFor(reason) {
      waitsFor = reason
    },
    runs(begun) {
      work = begun
    },
    get isDraining() {
      return work?.isDraining ?? false
    },
    async metrics() {
      if (work !== undefined) return { contentType: work.registry.contentType, text: await work.registry.metrics() }
      return { contentType: STORE_AWAY.contentType, text: `${(await before?.metrics()) ?? ''}${STORE_AWAY.text}` }
    },
    counted: async () => (await work?.registry.getMetricsAsJSON()) ?? [],
    async ready() {
      if (work === undefined) throw new Error(waitsFor)
      await work.check()
      return 'ready'
    },
  }
}
