import fc from 'fast-check'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { createMetricsOfProcesses } from './metrics-of-processes.ts'

function aProcess() {
  const registers = [new Registry()]
  return {
    registry: registers[0] as Registry,
    calls: new Counter({ name: 'calls', help: 'calls', labelNames: ['code'], registers }),
    held: new Gauge({ name: 'held', help: 'held', registers }),
    seconds: new Histogram({ name: 'seconds', help: 'seconds', buckets: [1], registers }),
  }
}

function sumOf(text: string, name: string): number {
  return [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (.+)$`, 'gm'))].reduce((sum, [, value]) => sum + Number(value), 0)
}

describe('the metrics of several processes', () => {
  it('are the sums of all that ever ran, and of gauges of those that run: they never fall, whoever ends', async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('call' as const), at: fc.nat(3), code: fc.constantFrom('200', '401') }),
      fc.record({ kind: fc.constant('end' as const), at: fc.nat(3) }),
      fc.record({ kind: fc.constant('scrape' as const) }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async steps => {
        const all = createMetricsOfProcesses()
        let ids = 4
        const running = Array.from({ length: 4 }, (_, id) => ({ id, ...aProcess() }))
        const hear = async ({ id, registry }: { id: number; registry: Registry }) => all.heard(id, await registry.getMetricsAsJSON())
        let calls = 0
        let before = 0
        const busy = new Set<number>()
        for (const one of steps) {
          if (one.kind === 'call') {
            running[one.at]?.calls.inc({ code: one.code })
            running[one.at]?.seconds.observe(0.5)
            running[one.at]?.held.set(7)
            busy.add(one.at)
            calls++
          } else if (one.kind === 'end') {
            const ending = running[one.at]
            if (ending === undefined) continue
            await hear(ending)
            all.ended(ending.id)
            busy.delete(one.at)
            running[one.at] = { id: ids++, ...aProcess() }
          } else {
            await Promise.all(running.map(hear))
            const { text } = await all.text()
            expect(sumOf(text, 'calls')).toBe(calls)
            expect(sumOf(text, 'seconds_count')).toBe(calls)
            expect(sumOf(text, 'held')).toBe(7 * busy.size)
            expect(sumOf(text, 'calls')).toBeGreaterThanOrEqual(before)
            before = calls
          }
        }
      }),
    )
  })

  it('keep what a process had counted when it was heard last, where it ends without a word', async () => {
    const all = createMetricsOfProcesses()
    const [one, two] = [aProcess(), aProcess()]
    one.calls.inc({ code: '200' }, 1000)
    two.calls.inc({ code: '200' }, 166)
    all.heard(1, await one.registry.getMetricsAsJSON())
    all.heard(2, await two.registry.getMetricsAsJSON())
    all.ended(1)
    all.ended(3)
    expect(sumOf((await all.text()).text, 'calls')).toBe(1166)
    expect((await all.text()).contentType).toMatch(/^text\/plain; version=0\.0\.4/)
  })
})
