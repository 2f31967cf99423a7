/**
 * Publishes every package, with one version: `npm run release`. With `-- --dry-run` it does everything but that, and
 * says what it would publish. It looks whether the working tree is clean, the versions are equal, and the changelog has
 * them; it builds, checks what would be published, and packs.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { packAll } from './pack.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const isDry = process.argv.includes('--dry-run')
const run = (command, ...args) => execFileSync(command, args, { cwd: root, stdio: 'inherit' })
const read = path => JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8'))

const problems = [...problemsOfTree(), ...problemsOfVersions()]
for (const problem of problems) console.error(problem)
if (problems.length > 0) {
  // A rehearsal says all that is in the way, and goes on to the end.
  if (!isDry) process.exit(1)
  process.exitCode = 1
}

// What an earlier build left of files that are gone would be published.
for (const name of readdirSync(`${root}packages`)) rmSync(join(root, 'packages', name, 'dist'), { recursive: true, force: true })
// Builds first.
run('npm', 'run', '--silent', 'published')

const folder = mkdtempSync(join(tmpdir(), 'countersign-release-'))
try {
  for (const { name, version, size, files, tarball } of inOrder(packAll(folder))) {
    console.log(`${isDry ? 'would publish' : 'publishes'} ${name}@${version}: ${files.length} files, ${Math.ceil(size / 1000)} kB`)
    if (!isDry) run('npm', 'publish', tarball)
  }
} finally {
  rmSync(folder, { recursive: true })
}

/** @returns {string[]} */
function problemsOfTree() {
  const changed = execFileSync('git', ['status', '--porcelain'], { cwd: root, encoding: 'utf8' }).trim()
  return changed === '' ? [] : [`The working tree isn't clean:\n${changed}`]
}

/** @returns {string[]} */
function problemsOfVersions() {
  const { version } = read('.')
  const manifests = readdirSync(`${root}packages`).map(name => read(`packages/${name}`))
  const ours = manifests.map(({ name }) => name)
  const wrong = manifests.flatMap(({ name, version: its, dependencies = {}, devDependencies = {} }) => [
    ...(its === version ? [] : [`${name} has the version ${its}, the root has ${version}.`]),
    ...Object.entries({ ...devDependencies, ...dependencies })
      .filter(([other, wanted]) => ours.includes(other) && wanted !== version)
      .map(([other, wanted]) => `${name} wants ${other}@${wanted}, the root has ${version}.`),
  ])
  const headings = readFileSync(`${root}CHANGELOG.md`, 'utf8').split('\n')
  const isListed = headings.some(line => line.startsWith('## ') && line.includes(version))
  return isListed ? wrong : [...wrong, `CHANGELOG.md has no heading for ${version}: give "Unreleased" that name.`]
}

/** A package comes after those that it depends on, so that nobody installs one whose dependencies aren't there yet. */
function inOrder(packed) {
  const left = new Map(packed.map(one => [one.name, one]))
  const dependencies = new Map(
    readdirSync(`${root}packages`).map(name => {
      const manifest = read(`packages/${name}`)
      return [manifest.name, Object.keys(manifest.dependencies ?? {})]
    }),
  )
  const ordered = []
  while (left.size > 0) {
    const next = [...left.keys()].find(name => !dependencies.get(name)?.some(other => left.has(other)))
    if (next === undefined) throw new Error(`These packages depend on each other in a circle: ${[...left.keys()].join(', ')}`)
    ordered.push(left.get(next))
    left.delete(next)
  }
  return ordered
}
