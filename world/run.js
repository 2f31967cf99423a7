/**
 * Holds the adapters against frameworks and wrappers that are not ours, as they are published: `npm run test:world`,
 * after a build. They stand in a package of their own, which is installed where it is missing.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))
const root = fileURLToPath(new URL('..', import.meta.url))

if (!isInstalled()) run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], here)
run('npx', ['--no-install', 'vitest', 'run', '--config', 'world/vitest.config.ts', ...process.argv.slice(2)], root)

/** Whether what is pinned is what is there. */
function isInstalled() {
  const { packages } = JSON.parse(readFileSync(`${here}package-lock.json`, 'utf8'))
  const { dependencies } = JSON.parse(readFileSync(`${here}package.json`, 'utf8'))
  return Object.keys(dependencies).every(name => {
    try {
      const { version } = JSON.parse(readFileSync(`${here}node_modules/${name}/package.json`, 'utf8'))
      return version === packages[`node_modules/${name}`].version
    } catch {
      return false
    }
  })
}

function run(command, args, cwd) {
  const { status } = spawnSync(command, args, { cwd, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}
