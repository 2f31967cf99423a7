/**
 * Bundles the command from its sources and the library's, so that it starts quickly: what it needs of them is read from
 * a few files, each loaded when it is called for. The servers stay packages of their own. Then it makes the man pages
 * and the completions. Part of `npm run build`.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'rolldown'

const cli = fileURLToPath(new URL('../packages/cli/', import.meta.url))

/** The servers, which most commands do without, and what others wrote: all but the library and the command itself. */
const IS_APART = /^(?!countersign(\/|$)|@countersign\/cli\/|src\/)[@a-z]/

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
  output: { dir: 'dist', cleanDir: true, format: 'esm', entryFileNames: '[name].js', chunkFileNames: '[name].js' },
})

const { makeManual } = await import('../packages/cli/dist/manual.js')
for (const { file, text } of await makeManual()) {
  const path = join(cli, 'dist', file)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}
