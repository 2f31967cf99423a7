/**
 * The program of the runtimes in a folder of its own, as somebody has it who installs the library: from its tarball,
 * and bundled for what reads no `node_modules`.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'rolldown'
import { packAll } from '../../scripts/pack.js'
import { cases } from './cases.js'

const program = fileURLToPath(new URL('program', import.meta.url))
const manifest = new URL('../../packages/countersign/package.json', import.meta.url)

/** The entry points of the library, as they are imported. */
export const doors = Object.keys(JSON.parse(readFileSync(manifest, 'utf8')).exports)
  .filter(door => !door.endsWith('.json'))
  .map(door => door.replace('.', 'countersign'))

/** What each bundle is built for: its program, and the conditions of package.json that its bundlers set. */
const BUNDLES = {
  workerd: { programs: ['workerd'], conditions: ['workerd', 'worker', 'browser'] },
  chromium: { programs: ['page', 'module-worker'], conditions: ['browser'] },
}

/**
 * Writes the folder: the library is installed, the program beside it, and the bundles in `workerd` and `chromium`.
 *
 * @param {string} folder an empty one
 * @returns the entry points that no bundle can have, since they import Node's own modules
 */
export async function writeApp(folder) {
  cpSync(program, folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }')
  writeFileSync(join(folder, 'cases.json'), JSON.stringify({ ...cases, doors }))
  // Without the scripts: another test packs at the same time, and they put a licence there and take it away.
  const [{ tarball }] = packAll(folder, ['--workspace', 'countersign', '--ignore-scripts'])
  execFileSync('npm', ['install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', '--silent', tarball], { cwd: folder })
  writeFileSync(join(folder, 'node-doors.js'), countNames(doors))
  const imports = await Promise.all(doors.map(door => nodeModulesOf(folder, door)))
  const needNode = doors.filter((_, place) => imports[place].length > 0)
  writeFileSync(join(folder, 'web-doors.js'), countNames(doors.filter(door => !needNode.includes(door))))
  for (const [name, made] of Object.entries(BUNDLES)) await bundle(folder, name, made)
  return needNode
}

/**
 * Bundles programs of the folder into a folder of its own.
 *
 * @param {string} name of that
 */
export async function bundle(folder, name, { programs, conditions }) {
  const input = Object.fromEntries(programs.map(entry => [entry, join(folder, `${entry}.mjs`)]))
  const output = { dir: join(folder, name), format: 'esm' }
  await build({ input, platform: 'browser', external: /^node:/, resolve: { conditionNames: conditions }, output })
}

/** A module that loads entry points, and says how many names each has. */
function countNames(names) {
  const imports = names.map((name, place) => `import * as door${place} from '${name}'`)
  const counts = names.map((name, place) => `  '${name}': Object.keys(door${place}).length,`)
  return [...imports, 'export const doors = {', ...counts, '}', ''].join('\n')
}

/** Node's own modules that an entry point imports, once it is bundled for a browser. */
async function nodeModulesOf(folder, door) {
  const entry = join(folder, `door-${doors.indexOf(door)}.js`)
  writeFileSync(entry, `export * from '${door}'\n`)
  const { output } = await build({ input: entry, platform: 'browser', write: false, external: /^node:/, output: { format: 'esm' } })
  return output
    .flatMap(chunk => (chunk.type === 'chunk' ? [...chunk.imports, ...chunk.dynamicImports] : []))
    .filter(name => name.startsWith('node:'))
}
