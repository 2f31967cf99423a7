/** What a transaction's note makes the sandbox do, for tests of a client's less happy ways. */
const SIMULATIONS = {
  /** No approver does anything by himself: it waits for a decision by hand, and expires. */
  hold: 'sandbox:hold',
  /** The approvers reject it. */
  reject: 'sandbox:reject',
  /** The network does not take it. */
  fail: 'sandbox:fail',
} as const

export type Simulation = keyof typeof SIMULATIONS

export function simulationOf(note = ''): Simulation | undefined {
  return (Object.keys(SIMULATIONS) as Simulation[]).find(name => note.includes(SIMULATIONS[name]))
}
