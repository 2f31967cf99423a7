/**
 * Bundles the command with all that it needs to start quickly: a few files, each loaded when it is called for. Then it
 * makes the man pages and the completions. Part of `npm run build`.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'rolldown'
import { noteLicences } from './licences.js'

const cli = fileURLToPath(new URL('../packages/cli/', import.meta.url))

/** What most commands do without, and what the servers bring with them, stays in packages of its own. */
const IS_APART = /^(@countersign\/(server|sandbox|ui)|libsql|pg|undici)$/

const licences = noteLicences()

await build({
  cwd: cli,
  input: {
    countersign: 'src/countersign.ts',
    apitool: 'src/apitool.ts',
    'broken-output': 'src/process/broken-output.ts',
    worker: 'src/infer/worker.ts',
    manual: 'src/manual/manual.ts',
  },
  platform: 'node',
  external: IS_APART,
  resolve: { conditionNames: ['@countersign/source', 'node', 'import'] },
  logLevel: 'warn',
  plugins: [licences.plugin],
  output: { dir: 'dist', cleanDir: true, format: 'esm', entryFileNames: '[name].js', chunkFileNames: '[name].js' },
})

writeFileSync(join(cli, 'dist', 'licences.txt'), licences.text())

const { makeManual } = await import('../packages/cli/dist/manual.js')
for (const { file, text } of await makeManual()) {
  const path = join(cli, 'dist', file)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}
