import { defineConfig } from 'vitest/config'

/** Tests read the sources, not the build; the command's own tests run the build. */
const conditions = ['@countersign/source']
const fromSources = { resolve: { conditions }, ssr: { resolve: { conditions, externalConditions: conditions } } }

/** What needs a program, a server or a package that is not ours: all but one row of each matrix. */
const WORLD = '**/*.world.test.ts'

/** Ends what hangs; a busy machine is no reason to fail. */
const timeouts = { testTimeout: 120_000, hookTimeout: 120_000 }

/** Files share what they import, which takes a third of the time off; a test leaves no global changed behind. */
const shared = { isolate: false }

export default defineConfig({
  test: {
    reporters: ['default', './scripts/summary-reporter.js'],
    // Of two cores Vitest would leave one idle; and many tests wait for what they started.
    maxWorkers: '150%',
    // Of the library's own tests, which are slower by half with it: `npm run check` alone asks for it.
    coverage: {
      provider: 'v8',
      include: ['packages/countersign/src/**/*.ts'],
      exclude: [
        '**/*.test.ts',
        'packages/countersign/src/{faults,properties}/**',
        // Held against the real axios, got and supertest in `world`, as they are built.
        'packages/countersign/src/{clients/axios,clients/got,testing/signed-test}.ts',
      ],
      reporter: ['text-summary', 'json'],
      thresholds: { statements: 97, branches: 93 },
    },
    projects: [
      {
        ...fromSources,
        test: {
          ...timeouts,
          ...shared,
          name: 'library',
          include: ['packages/{countersign,pasted}/{src,test}/**/*.test.ts', 'vectors/*.test.ts'],
          exclude: [WORLD],
        },
      },
      {
        ...fromSources,
        test: {
          ...timeouts,
          ...shared,
          name: 'own',
          include: ['packages/{cli,sandbox,server,ui}/{src,test}/**/*.test.ts', 'examples/*.test.ts', 'scripts/*.test.ts'],
          exclude: [WORLD],
        },
      },
      {
        ...fromSources,
        test: { ...timeouts, name: 'world', include: [`packages/${WORLD}`, `examples/${WORLD}`, 'world/*.test.ts', 'corpus/*.test.js'] },
      },
      'world/vitest.config.ts',
    ],
  },
})
