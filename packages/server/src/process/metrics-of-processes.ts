import { AggregatorRegistry, type Registry } from 'prom-client'

/** What one process counts, as it can be sent to another. */
export type ProcessMetrics = Awaited<ReturnType<Registry['getMetricsAsJSON']>>

/** The metrics of several processes as one. */
export interface MetricsOfProcesses {
  /** What a process counts by now. */
  heard(id: number, metrics: ProcessMetrics): void
  /** The process has ended. */
  ended(id: number): void
  text(): Promise<{ readonly contentType: string; readonly text: string }>
}

/**
 * Puts counters, histograms and gauges together as each says: sum, least, most or average. What a process had counted
 * stays counted after its end, as far as it was heard: else the sum would fall, and whoever watches would take that for
 * a restart of all, and count the others twice.
 */
export function createMetricsOfProcesses(): MetricsOfProcesses {
  const living = new Map<number, ProcessMetrics>()
  /** The counts of all that have ended. */
  let ended: ProcessMetrics = []
  let adding = Promise.resolve()
  return {
    heard: (id, metrics) => void living.set(id, metrics),
    ended(id) {
      const last = (living.get(id) ?? []).filter(({ type }) => isCount(type))
      living.delete(id)
      adding = adding.then(async () => {
        ended = await AggregatorRegistry.aggregate([ended, last]).getMetricsAsJSON()
      })
    },
    async text() {
      await adding
      const all = AggregatorRegistry.aggregate([ended, ...living.values()])
      return { contentType: all.contentType, text: await all.metrics() }
    },
  }
}

/** The types say numbers, and names are sent. */
function isCount(type: unknown): boolean {
  return type === 'counter' || type === 'histogram'
}
