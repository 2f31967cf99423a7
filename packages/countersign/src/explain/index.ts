export type { Difference } from './difference.ts'
export { DEFAULT_EXPLAIN_ATTEMPTS, type ExplainInput, type Explanation, explain } from './explain.ts'
export { type ExplainedRefusal, type ExplainRefusalsOptions, explainRefusals } from './explain-refusals.ts'
export type { Cause, Dimension } from './hypothesis.ts'
