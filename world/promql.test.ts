import { describe, expect, it } from 'vitest'
import { exposedMetrics } from './exposed-metrics.ts'
import { mistakesOf } from './promql.ts'

describe('the check of expressions', () => {
  const there = exposedMetrics('calls_total{code="a",route="/"} 1\ncalls_total{code="b\\"c",route="/x"} 2\nsize 3')

  it.each([
    ['sum by (code) (rate(calls_total{route="/x", job=~"j.*"}[5m])) > size', ['code'], []],
    ['calls_total{code=~"a|b.*"} unless up == 0', [], []],
    ['size + ', [], ['syntax at 7']],
    ['1', [], ['no metric']],
    ['sum(rate(call_total[5m]))', [], ['no metric call_total']],
    ['size{code="a"}', [], ['no label code of size']],
    ['calls_total{code="d"}', [], ['no code="d" of calls_total']],
    ['calls_total{code=~"a|d.*"}', [], ['no code="d.*" of calls_total']],
    ['sum by (code, key) (calls_total)', [], ['no label key of calls_total to sum by']],
    ['sum by (code) (calls_total)', ['route'], ['no label route in the result']],
    ['size', ['instance', 'code'], ['no label code in the result']],
  ])('finds in %s, shown by %j: %j', (expression, shown, mistakes) => {
    expect(mistakesOf(expression, there, shown)).toEqual(mistakes)
  })
})
