/** What was scraped: of each metric the labels, and of each label the values. */
export type ExposedMetrics = ReadonlyMap<string, ReadonlyMap<string, ReadonlySet<string>>>

/** Prometheus has this of every target, whatever that says. */
const OF_PROMETHEUS = ['up']

/** Reads what targets answer at /metrics, in Prometheus' text format. */
export function exposedMetrics(...texts: readonly string[]): ExposedMetrics {
  const metrics = new Map<string, Map<string, Set<string>>>(OF_PROMETHEUS.map(name => [name, new Map()]))
  for (const line of texts.join('\n').split('\n')) {
    const [, name, given = ''] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? \S+$/.exec(line) ?? []
    if (name === undefined) continue
    const labels = metrics.get(name) ?? new Map<string, Set<string>>()
    metrics.set(name, labels)
    for (const [, label = '', value = ''] of given.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g))
      labels.set(label, (labels.get(label) ?? new Set()).add(value))
  }
  return metrics
}
