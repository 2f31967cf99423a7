import type { SyntaxNode } from '@lezer/common'
import { parser } from '@prometheus-io/lezer-promql'
import type { ExposedMetrics } from './exposed-metrics.ts'

/** Prometheus gives these to everything that it scrapes. */
const OF_TARGETS = new Set(['job', 'instance'])

/**
 * What keeps an expression of PromQL from showing anything: mistakes in its syntax, metrics, labels and label values
 * that are not there.
 *
 * @param shown labels that are named where its result is shown
 */
export function mistakesOf(expression: string, exposed: ExposedMetrics, shown: readonly string[] = []): readonly string[] {
  const tree = parser.parse(expression)
  const textOf = ({ from, to }: { from: number; to: number }): string => expression.slice(from, to)
  const mistakes: string[] = []
  const within = (node: SyntaxNode, name: string): SyntaxNode[] => {
    const found: SyntaxNode[] = []
    node.cursor().iterate(inner => {
      if (inner.name === name) found.push(inner.node)
    })
    return found
  }
  const metricOf = (selector: SyntaxNode): string => textOf(selector.getChild('Identifier') ?? { from: 0, to: 0 })
  const hasLabel = (metric: string, label: string): boolean => OF_TARGETS.has(label) || exposed.get(metric)?.has(label) === true

  for (const wrong of within(tree.topNode, '⚠')) mistakes.push(`syntax at ${wrong.from}`)
  const selectors = within(tree.topNode, 'VectorSelector')
  if (selectors.length === 0) mistakes.push('no metric')
  for (const selector of selectors) {
    const metric = metricOf(selector)
    if (!exposed.has(metric)) {
      mistakes.push(`no metric ${metric}`)
      continue
    }
    for (const matcher of within(selector, 'UnquotedLabelMatcher')) {
      const [name, operator, literal] = ['LabelName', 'MatchOp', 'StringLiteral'].map(kind => textOf(matcher.getChild(kind) ?? matcher))
      const label = name ?? ''
      if (!hasLabel(metric, label)) mistakes.push(`no label ${label} of ${metric}`)
      else if (!OF_TARGETS.has(label))
        for (const value of missingValues(exposed.get(metric)?.get(label) ?? new Set(), operator ?? '', literal ?? ''))
          mistakes.push(`no ${label}="${value}" of ${metric}`)
    }
  }
  const aggregates = within(tree.topNode, 'AggregateExpr')
  for (const aggregate of aggregates) {
    const metrics = within(aggregate, 'VectorSelector').map(metricOf)
    for (const label of groupedBy(aggregate))
      for (const metric of metrics)
        if (exposed.has(metric) && !hasLabel(metric, label)) mistakes.push(`no label ${label} of ${metric} to sum by`)
  }
  // What is summed up has those labels alone that it is summed by.
  const left = (label: string): boolean =>
    aggregates.length > 0
      ? aggregates.some(aggregate => groupedBy(aggregate).includes(label))
      : selectors.every(selector => hasLabel(metricOf(selector), label))
  for (const label of shown) if (!left(label)) mistakes.push(`no label ${label} in the result`)
  return mistakes

  function groupedBy(aggregate: SyntaxNode): readonly string[] {
    const modifier = aggregate.getChild('AggregateModifier')
    return modifier === null ? [] : within(modifier, 'LabelName').map(textOf)
  }
}

/** Of a regular expression each alternative has to match something. */
function missingValues(values: ReadonlySet<string>, operator: string, literal: string): readonly string[] {
  const wanted = literal.slice(1, -1)
  if (!operator.endsWith('~')) return values.has(wanted) ? [] : [wanted]
  return wanted.split('|').filter(one => ![...values].some(value => new RegExp(`^(?:${one})$`).test(value)))
}
