/** Fails when an import goes against the direction of the architecture. Run by `npm run imports`. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Which packages of ours a package may import. */
const MAY_IMPORT = {
  countersign: [],
  server: ['countersign'],
  sandbox: ['countersign', '@countersign/server'],
  pasted: [],
  ui: ['countersign', '@countersign/pasted', '@countersign/server'],
  cli: ['countersign', '@countersign/pasted', '@countersign/sandbox', '@countersign/server', '@countersign/ui'],
}

/** The only files of the library that may know of Node: one crypto provider and the adapters that are for Node. */
const MAY_USE_NODE =
  /^packages\/countersign\/src\/(crypto\/(node|node-key-pair|hmac)|adapters\/(node|announced-length|turn|keep-body|body-probe|express|fastify|koa|websocket))\.ts$/

/** A statement at the start of a line, or a call; text that only looks like one (a code sample) is neither. */
const IMPORTS = /^(?:import|export)\b(?:[^'"`;]*?\bfrom)?\s*'([^']+)'|\bimport\('([^']+)'\)/gm

/** Inside the library: what a folder (or the core, which is everything beside the folders) may not reach. */
const LIBRARY_EDGES = ['adapters/', 'clients/']

/** @type {string[]} */
const problems = []
let checked = 0

const files = readdirSync(join(root, 'packages'))
  .flatMap(name => readdirSync(join(root, 'packages', name, 'src'), { recursive: true }).map(file => `packages/${name}/src/${file}`))
  .filter(file => /\.tsx?$/.test(file) && !/\.test\.tsx?$/.test(file))
  .sort()

for (const file of files) {
  checked++
  const [, packageName = ''] = file.split('/')
  const text = readFileSync(join(root, file), 'utf8')
  const { dependencies = {}, peerDependencies = {} } = JSON.parse(readFileSync(join(root, 'packages', packageName, 'package.json'), 'utf8'))
  const declared = [...Object.keys(dependencies), ...Object.keys(peerDependencies)]
  for (const [, fromStatement, fromCall] of text.matchAll(IMPORTS)) {
    const specifier = fromStatement ?? fromCall ?? ''
    const complain = why => problems.push(`${file} imports ${specifier}: ${why}`)
    if (specifier.startsWith('.')) {
      const target = normalize(join(dirname(file), specifier))
      if (!target.startsWith(`packages/${packageName}/src/`)) complain('a relative path out of the package; import it by its name')
      if (packageName === 'countersign') checkLibraryEdge(file, target, complain)
    } else if (specifier.startsWith('node:')) {
      if (packageName === 'countersign' && !MAY_USE_NODE.test(file))
        complain('the library runs everywhere; Node belongs into crypto/node.ts or an adapter')
    } else if (specifier.startsWith('#')) {
      if (packageName !== 'countersign') complain('only the library has internal conditions')
    } else {
      const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
      if (name in MAY_IMPORT || name.startsWith('@countersign/')) {
        if (!MAY_IMPORT[packageName]?.includes(name))
          complain(`${packageName} may import ${MAY_IMPORT[packageName]?.join(', ') || 'no other package of ours'}`)
      }
      if (!declared.includes(name)) complain(`${name} is not in the dependencies of packages/${packageName}/package.json`)
    }
  }
}

function checkLibraryEdge(file, target, complain) {
  const inside = path => path.slice('packages/countersign/src/'.length)
  // What is published as one of the library's own names.
  const isEntry = ['index.ts', 'qredo.ts'].includes(inside(file))
  for (const edge of LIBRARY_EDGES) {
    if (inside(target).startsWith(edge) && !inside(file).startsWith(edge) && !isEntry) complain(`the core does not know ${edge}`)
  }
}

if (problems.length > 0) {
  console.error(problems.join('\n'))
  process.exit(1)
}
console.log(`imports: ${checked} files, every import in the right direction`)
