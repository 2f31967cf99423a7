/**
 * Installs a package of its own, such as `world`, where what its lock pins is not what is there.
 * `node scripts/install-package.js world`.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/** @param folder of the package, from the root of the repository; `options` are for `npm ci` */
export function installPackage(folder, ...options) {
  const here = `${root}${folder}/`
  if (isInstalled(here)) return
  console.log(`installing the packages of ${folder}`)
  const { status } = spawnSync('npm', ['ci', ...options, '--no-audit', '--no-fund', '--loglevel=error'], { cwd: here, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}

/** Whether what is pinned is what is there, as far as it is made for this platform. */
function isInstalled(here) {
  const { packages } = JSON.parse(readFileSync(`${here}package-lock.json`, 'utf8'))
  const { dependencies, optionalDependencies } = JSON.parse(readFileSync(`${here}package.json`, 'utf8'))
  return Object.keys({ ...dependencies, ...optionalDependencies }).every(name => {
    const { version: pinned, os, cpu } = packages[`node_modules/${name}`]
    if (os?.includes(process.platform) === false || cpu?.includes(process.arch) === false) return true
    try {
      return JSON.parse(readFileSync(`${here}node_modules/${name}/package.json`, 'utf8')).version === pinned
    } catch {
      return false
    }
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) for (const folder of process.argv.slice(2)) installPackage(folder)
