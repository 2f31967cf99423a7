import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { isMainThread } from 'node:worker_threads'
import { runCountersign } from './countersign.ts'
import { endWithBrokenOutput } from './process/broken-output.ts'

/** Writes the files of a page into a folder that is there as long as the command runs; scripts/single-file.js calls it. */
Object.assign(globalThis, {
  [Symbol.for('countersign.unpacked')](files: { readonly [path: string]: string }): string {
    const folder = mkdtempSync(join(tmpdir(), 'countersign-'))
    process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
    for (const [path, bytes] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), Buffer.from(bytes, 'base64'))
    }
    return folder
  },
})

if (isMainThread) {
  endWithBrokenOutput()
  process.exitCode = await runCountersign(process.argv.slice(2))
} else await import('./infer/worker.ts')
