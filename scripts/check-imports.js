/**
 * Fails when an import goes against the direction of the architecture, or when files import each other in a circle
 * (types included). Run by `npm run imports`.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CONSOLE_ROOMS, ROOMS, SERVER_ROOMS } from './rooms.js'

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
  /^packages\/countersign\/src\/(crypto\/(node|node-key-pair|hmac)|adapters\/(node|announced-length|turn|parsed-body|body-probe|read-body|node-request|node-answer|drop-rest|linger|connect|express|fastify|koa|websocket))\.ts$/

/** The folders that have rooms, and the files in them that stand in no room: doors, which only name what is public. */
const HOUSES = [
  { folder: 'packages/countersign/src/', rooms: ROOMS, doors: ['index.ts', 'qredo.ts'] },
  { folder: 'packages/server/src/', rooms: SERVER_ROOMS, doors: ['index.ts', 'store.ts', 'proxying.ts'] },
  { folder: 'packages/ui/src/console/', rooms: CONSOLE_ROOMS, doors: ['main.tsx'] },
]

/** What tests share stands beside them; none of it is published. */
const TESTS = ['faults', 'properties']

/** What a bundler puts into one file. Packages that only these import are in it, so nobody has to install them. */
const BUNDLED = /^packages\/(ui\/src\/(page|console|parts)|cli\/src)\//

/** Rooms that only the doors may enter. */
const EDGES = ['clients', 'adapters']

/** A statement at the start of a line, or a call; text that only looks like one (a code sample) is neither. */
const IMPORTS = /^(?:import|export)\b(?:[^'"`;]*?\bfrom)?\s*'([^']+)'|\bimport\('([^']+)'\)/gm

/** @type {string[]} */
const problems = []

const files = readdirSync(join(root, 'packages'))
  .flatMap(name => readdirSync(join(root, 'packages', name, 'src'), { recursive: true }).map(file => `packages/${name}/src/${file}`))
  .filter(file => /\.tsx?$/.test(file) && !/\.test\.tsx?$/.test(file))
  .sort()

/** Which files of the same package each file imports. @type {Map<string, string[]>} */
const neighbours = new Map(files.map(file => [file, []]))

for (const file of files) {
  const [, packageName = ''] = file.split('/')
  const text = readFileSync(join(root, file), 'utf8')
  const manifest = JSON.parse(readFileSync(join(root, 'packages', packageName, 'package.json'), 'utf8'))
  const declared = ['dependencies', 'peerDependencies', ...(BUNDLED.test(file) ? ['devDependencies'] : [])].flatMap(kind =>
    Object.keys(manifest[kind] ?? {}),
  )
  for (const [, fromStatement, fromCall] of text.matchAll(IMPORTS)) {
    const specifier = fromStatement ?? fromCall ?? ''
    const complain = why => problems.push(`${file} imports ${specifier}: ${why}`)
    if (specifier.startsWith('.')) {
      const target = normalize(join(dirname(file), specifier))
      if (!target.startsWith(`packages/${packageName}/src/`)) complain('a relative path out of the package; import it by its name')
      const house = HOUSES.find(({ folder }) => file.startsWith(folder))
      if (house !== undefined && target.startsWith(house.folder)) checkRooms(house, file, target, complain)
      neighbours.get(file)?.push(target)
    } else if (specifier.startsWith('node:')) {
      if (packageName === 'countersign' && !MAY_USE_NODE.test(file))
        complain('the library runs everywhere; Node belongs into crypto/node.ts or an adapter')
    } else if (specifier.startsWith('#')) {
      if (packageName !== 'countersign') complain('only the library has internal conditions')
    } else {
      const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
      // Its own package.json.
      if (name === manifest.name) continue
      if (name in MAY_IMPORT || name.startsWith('@countersign/')) {
        if (!MAY_IMPORT[packageName]?.includes(name))
          complain(`${packageName} may import ${MAY_IMPORT[packageName]?.join(', ') || 'no other package of ours'}`)
      }
      if (!declared.includes(name)) complain(`${name} is not in the dependencies of packages/${packageName}/package.json`)
    }
  }
}

for (const circle of circles(neighbours)) problems.push(`These files import each other in a circle: ${circle.join(', ')}`)

/** @param {(why: string) => void} complain */
function checkRooms({ folder, rooms, doors }, file, target, complain) {
  const inside = path => path.slice(folder.length)
  if (doors.includes(inside(file))) return
  const [room, other] = [file, target].map(path => inside(path).split('/')[0] ?? '')
  if (TESTS.includes(room)) return
  const [place, reach] = [rooms.indexOf(room), rooms.indexOf(other)]
  if (place < 0) complain(`${room} is not a room; add it to the list in scripts/rooms.js, where it belongs`)
  else if (doors.includes(other)) complain('a door is for users of the package; import the file that has it')
  else if (reach < 0) complain(`${other} is for tests alone`)
  else if (reach > place) complain(`${room} stands above ${other} in the list of rooms, so it may not know it`)
  else if (EDGES.includes(other) && room !== other) complain(`nothing knows ${other} but the doors`)
}

/**
 * The groups of files that can all reach each other (Tarjan's strongly connected components of more than one file).
 *
 * @param {Map<string, string[]>} graph
 * @returns {string[][]}
 */
function circles(graph) {
  const order = new Map()
  const lowest = new Map()
  const open = []
  const found = []
  const visit = file => {
    order.set(file, order.size)
    lowest.set(file, order.get(file))
    open.push(file)
    for (const next of graph.get(file) ?? []) {
      if (!graph.has(next)) continue
      if (!order.has(next)) visit(next)
      if (open.includes(next)) lowest.set(file, Math.min(lowest.get(file), lowest.get(next)))
    }
    if (lowest.get(file) !== order.get(file)) return
    const group = open.splice(open.indexOf(file))
    if (group.length > 1 || graph.get(file)?.includes(file)) found.push(group.sort())
  }
  for (const file of graph.keys()) if (!order.has(file)) visit(file)
  return found
}

if (problems.length > 0) {
  console.error(problems.join('\n'))
  process.exit(1)
}
console.log(`imports: ${files.length} files, every import in the right direction, no circle`)
