import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
// @ts-expect-error a script, without types
import { TARGETS } from './targets.js'

const conditions = ['@countersign/source']
const { tests } = TARGETS[process.env['TARGET'] ?? ''] as { readonly tests: readonly string[] }

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: tests.map(test => `packages/countersign/src/${test}`),
    exclude: ['**/*.types.test.ts'],
    setupFiles: ['mutation/setup.ts'],
    testTimeout: 120_000,
  },
})
