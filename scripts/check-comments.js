/**
 * Fails when a comment is wider than a page, since Biome wraps code and leaves comments alone. Run by `npm run lint`.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const MOST_COLUMNS = 120
const root = fileURLToPath(new URL('..', import.meta.url))

const files = execFileSync('git', ['ls-files', '*.ts', '*.tsx', '*.js'], { cwd: root, encoding: 'utf8' }).trim().split('\n')
const wide = files.flatMap(file => {
  // A sample of code stays as one would write it.
  let isSample = false
  return readFileSync(`${root}${file}`, 'utf8')
    .split('\n')
    .flatMap((line, index) => {
      if (/^\s*\* ```/.test(line)) isSample = !isSample
      return !isSample && line.length > MOST_COLUMNS && /^\s*(?:\/\*\*|\*|\/\/)/.test(line) ? [`${file}:${index + 1}`] : []
    })
})
for (const place of wide) console.error(`${place}: a comment of more than ${MOST_COLUMNS} columns`)
if (wide.length > 0) process.exitCode = 1
else console.log(`comments: ${files.length} files, none wider than ${MOST_COLUMNS} columns`)
