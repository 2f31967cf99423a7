/**
 * Checks what would be published of the library with publint and attw, and its types as a program sees them that uses
 * it. Run by `npm run published`, after a build.
 */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const run = (command, ...args) => execFileSync('npx', ['--no-install', command, ...args], { cwd: root, stdio: 'inherit' })

run('publint', '--strict', 'packages/countersign')
run('attw', '--pack', 'packages/countersign', '--profile', 'esm-only', '--quiet')
run('tsc', '-p', 'scripts/consumer')
