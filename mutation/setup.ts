import { vi } from 'vitest'

/** Most changes are noticed by the first random calls, and those that aren't would take the whole run each time. */
const MOST_RUNS = 100

vi.mock('fast-check', async importOriginal => {
  const { default: fc } = await importOriginal<typeof import('fast-check')>()
  const limited = {
    ...fc,
    assert: ((property, parameters) =>
      fc.assert(property, { ...parameters, numRuns: Math.min(parameters?.numRuns ?? MOST_RUNS, MOST_RUNS) })) as typeof fc.assert,
  }
  return { ...limited, default: limited }
})
