/**
 * Checks what would be published of each package with publint and attw, and the library's types as a program sees them
 * that uses it, in each way that TypeScript resolves modules. Run by `npm run published`, after a build.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { packAll } from './pack.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const run = (command, ...args) => execFileSync(process.execPath, ['tools/run.js', command, ...args], { cwd: root, stdio: 'inherit' })
const compile = (...args) =>
  execFileSync('npx', ['--no-install', 'tsc', '-p', 'scripts/consumer', ...args], { cwd: root, stdio: 'inherit' })

const folder = mkdtempSync(join(tmpdir(), 'countersign-packed-'))
try {
  for (const { name, tarball } of packAll(folder)) {
    run('publint', '--strict', tarball)
    // The library has a door for CommonJS (scripts/write-require-doors.js); the others are ES modules alone.
    run('attw', tarball, '--profile', name === 'countersign' ? 'node16' : 'esm-only', '--quiet')
  }
} finally {
  rmSync(folder, { recursive: true })
}

for (const module of ['node16', 'nodenext']) compile('--module', module, '--moduleResolution', module)
compile('--module', 'preserve', '--moduleResolution', 'bundler')
