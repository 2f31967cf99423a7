/**
 * Runs a program of this package in the root of the repository: `node tools/run.js biome check .`. The package is
 * installed at the first run.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { installPackage } from '../scripts/install-package.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const [program, ...args] = process.argv.slice(2)

installPackage('tools')
const { status } = spawnSync(`${root}tools/node_modules/.bin/${program}`, args, { cwd: root, stdio: 'inherit' })
process.exit(status ?? 1)
