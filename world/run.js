/**
 * Holds the adapters against frameworks and wrappers that are not ours, as they are published, and the library against
 * the runtimes that it is for: `npm run test:world`, after a build. They stand in packages of their own, which are
 * installed where they are missing.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

install('.')
// Runtimes come whole from npm: their scripts would only look for, or download, what is there already.
install('./runtimes', '--ignore-scripts')
run('npx', ['--no-install', 'vitest', 'run', '--config', 'world/vitest.config.ts', ...process.argv.slice(2)], root)

function install(folder, ...options) {
  const path = fileURLToPath(new URL(`${folder}/`, import.meta.url))
  if (!isInstalled(path)) run('npm', ['ci', ...options, '--no-audit', '--no-fund', '--loglevel=error'], path)
}

/** Whether what is pinned is what is there, as far as it is made for this platform. */
function isInstalled(path) {
  const { packages } = JSON.parse(readFileSync(`${path}package-lock.json`, 'utf8'))
  const { dependencies, optionalDependencies } = JSON.parse(readFileSync(`${path}package.json`, 'utf8'))
  return Object.keys({ ...dependencies, ...optionalDependencies }).every(name => {
    const { version: pinned, os, cpu } = packages[`node_modules/${name}`]
    if (os?.includes(process.platform) === false || cpu?.includes(process.arch) === false) return true
    try {
      return JSON.parse(readFileSync(`${path}node_modules/${name}/package.json`, 'utf8')).version === pinned
    } catch {
      return false
    }
  })
}

function run(command, args, cwd) {
  const { status } = spawnSync(command, args, { cwd, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}
