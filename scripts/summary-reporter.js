/** A test's name says why it is skipped: `(needs go)` for a program, `(only as root)` for what a machine may lack. */
const REASON = /\(((?:needs?|only) [^()]+)\)/

/**
 * Closes a test run with why tests were skipped and one plain line, for logs that are read by programs:
 * `tests: 12 passed, 0 failed, 3 skipped`. With `CI=true` a program that is missing fails the run, as does a test that
 * is skipped without a reason.
 */
export default class SummaryReporter {
  onInit(vitest) {
    this.isFiltered = vitest.config.testNamePattern !== undefined
  }

  onTestRunEnd(testModules) {
    const counts = { passed: 0, failed: 0, skipped: 0 }
    /** How many tests were skipped for each reason. @type {Map<string, number>} */
    const reasons = new Map()
    for (const module of testModules) {
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state in counts) counts[state]++
        if (state !== 'skipped') continue
        // What a filter leaves out lacks nothing.
        if (this.isFiltered) continue
        const reason = REASON.exec(test.fullName)?.[1] ?? `no reason: ${test.fullName}`
        reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
      }
    }
    for (const [reason, count] of reasons) console.log(`skipped, ${count}: ${reason}`)
    console.log(`tests: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
    if (process.env.CI === 'true' && [...reasons.keys()].some(reason => !reason.startsWith('only '))) process.exitCode = 1
  }
}
