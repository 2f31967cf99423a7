/**
 * Runs Vitest with what is not ours at hand: installs the packages of this folder where they are missing, frameworks
 * and runtimes, and checks the types of the tests that use them. `npm run test:world` and `npm run check`, after a
 * build.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { installPackage } from '../scripts/install-package.js'

const root = fileURLToPath(new URL('..', import.meta.url))

installPackage('world')
// Runtimes come whole from npm: their scripts would only look for, or download, what is there already.
installPackage('world/runtimes', '--ignore-scripts')
run('tsc', '-p', 'world')
run('vitest', 'run', ...process.argv.slice(2))

function run(...command) {
  const { status } = spawnSync('npx', ['--no-install', ...command], { cwd: root, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}
