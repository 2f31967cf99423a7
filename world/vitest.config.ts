import { defineConfig } from 'vitest/config'

/** The built packages are tested here, as a program of somebody else's gets them. */
export default defineConfig({
  test: {
    name: 'world-built',
    root: import.meta.dirname,
    include: ['*.test.js', 'runtimes/*.test.js'],
    reporters: ['default', '../scripts/summary-reporter.js'],
    testTimeout: 30_000,
    hookTimeout: 120_000,
    maxWorkers: '100%',
    // What a test says of itself stands in one line, without the name of its file.
    disableConsoleIntercept: true,
  },
})
