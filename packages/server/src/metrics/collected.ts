import { Counter, Gauge, type Registry } from 'prom-client'

/** How several processes' values become one. */
type Together = 'sum' | 'min' | 'max'

/** A gauge that is looked up when it is asked for. */
export function addGauge(registry: Registry, name: string, help: string, together: Together, read: () => number | Promise<number>): void {
  new Gauge({
    name,
    help,
    aggregator: together,
    registers: [registry],
    async collect() {
      this.set(await read())
    },
  })
}

/** A counter of what something else counts. */
export function addCounter(registry: Registry, name: string, help: string, read: () => number): void {
  new Counter({
    name,
    help,
    registers: [registry],
    collect() {
      this.reset()
      this.inc(read())
    },
  })
}
