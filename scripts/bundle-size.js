/**
 * Bundles what a browser needs to sign and fetch with qredo-v1, and fails over 8 kB gzipped. Run by `npm run size`,
 * after a build.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'rolldown'

const MAX_GZIPPED_BYTES = 8 * 1024

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = mkdtempSync(join(root, 'node_modules', '.bundle-size-'))
const entry = join(folder, 'entry.js')
writeFileSync(
  entry,
  "import { createSigner, signedFetch } from 'countersign'\nimport { qredoV1 } from 'countersign/schemes'\nglobalThis.signed = credentials => signedFetch(createSigner(qredoV1, credentials))\n",
)
try {
  const { output } = await build({ input: entry, platform: 'browser', write: false, output: { minify: true, format: 'esm' } })
  const chunks = output.filter(chunk => chunk.type === 'chunk')
  const code = chunks
    .filter(chunk => chunk.isEntry || !chunk.isDynamicEntry)
    .map(chunk => chunk.code)
    .join('\n')
  const nodeImports = chunks.flatMap(chunk => [...chunk.code.matchAll(/["'`](node:[a-z/]+)["'`]/g)].map(match => match[1]))
  const gzipped = gzipSync(code, { level: 9 }).length
  console.log(`size: sign and fetch with qredo-v1 in a browser: ${code.length} bytes, ${gzipped} gzipped (at most ${MAX_GZIPPED_BYTES})`)
  if (nodeImports.length > 0) throw new Error(`the browser bundle imports ${nodeImports.join(', ')}`)
  if (gzipped > MAX_GZIPPED_BYTES) throw new Error('the browser bundle is too large')
} finally {
  rmSync(folder, { recursive: true })
}
