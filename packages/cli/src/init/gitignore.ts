import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const HEADING = '# countersign: secrets, key stores and master keys'
/** SQLite has two more files beside its own while it is open. */
const LINES = ['*.secret', '*.master-key', 'countersign.db', 'countersign.db-*', '.sandbox/']

/** Adds what must not be committed to `.gitignore`, where it is not there. @returns the lines that were added */
export function ignoreSecrets(folder: string): readonly string[] {
  const file = join(folder, '.gitignore')
  const before = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const known = new Set(before.split(/\r?\n/).map(line => line.trim()))
  const missing = LINES.filter(line => !known.has(line))
  if (missing.length === 0) return []
  const gap = before === '' ? '' : before.endsWith('\n') ? '\n' : '\n\n'
  writeFileSync(file, `${before}${gap}${[...(known.has(HEADING) ? [] : [HEADING]), ...missing].join('\n')}\n`)
  return missing
}
