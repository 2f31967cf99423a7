/**
 * Installs a package of its own, such as `world`, where what its lock pins is not what is there.
 * `node scripts/install-package.js world`.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/** @param folder of the package, from the root of the repository */
export function installPackage(folder) {
  const here = `${root}${folder}/`
  if (isInstalled(here)) return
  console.log(`installing the packages of ${folder}`)
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: here, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}

function isInstalled(here) {
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

if (process.argv[1] === fileURLToPath(import.meta.url)) for (const folder of process.argv.slice(2)) installPackage(folder)
