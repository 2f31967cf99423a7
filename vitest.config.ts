import { defineConfig } from 'vitest/config'

/** Tests read the sources, not the build; the command's own tests run the build. */
const conditions = ['@countersign/source']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: [
      'packages/*/src/**/*.test.ts',
      'packages/*/test/**/*.test.ts',
      'vectors/*.test.ts',
      'corpus/*.test.js',
      'examples/*.test.ts',
      'scripts/*.test.ts',
    ],
    reporters: ['default', './scripts/summary-reporter.js'],
    // Ends what hangs; a busy machine is no reason to fail.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Of two cores Vitest would leave one idle.
    maxWorkers: '100%',
  },
})
