import { TARGETS } from './targets.js'

const target = process.env.TARGET ?? ''

/** The settings of Stryker for one target; see run.js. */
export default {
  mutate: [...TARGETS[target].files.map(file => `packages/countersign/src/${file}`), '!**/*.test.ts'],
  testRunner: 'vitest',
  vitest: { configFile: 'mutation/vitest.config.ts', related: false },
  plugins: ['@stryker-mutator/vitest-runner'],
  coverageAnalysis: 'perTest',
  // What is made once, when a file is loaded, would need all tests for each change.
  ignoreStatic: true,
  // What a message says is not what decides.
  mutator: { excludedMutations: ['StringLiteral'] },
  // TypeScript 7 has no interface for it; the tests run without looking at types anyhow.
  tsconfigFile: 'mutation/no-tsconfig.json',
  ignorePatterns: ['.stryker-tmp', '**/dist', 'bench', 'corpus', 'docs', 'mutation/reports', '**/*.tsbuildinfo'],
  incremental: true,
  incrementalFile: `mutation/reports/${target}.incremental.json`,
  reporters: ['progress', 'json'],
  jsonReporter: { fileName: `mutation/reports/${target}.json` },
  concurrency: 2,
  timeoutMS: 20_000,
  tempDirName: `.stryker-tmp/${target}`,
}
