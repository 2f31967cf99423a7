import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * Packs every package as it would be published.
 *
 * @param {string} folder where the tarballs are put
 * @param {string[]} [which] npm's options that say which packages
 * @returns {{ name: string, version: string, size: number, tarball: string, files: string[] }[]}
 */
export function packAll(folder, which = ['--workspaces']) {
  const options = { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }
  const printed = execFileSync('npm', ['pack', ...which, '--json', '--silent', '--pack-destination', folder], options)
  // A list by npm 11, an object by name from npm 12 on.
  return Object.values(JSON.parse(printed)).map(({ name, version, size, filename, files }) => ({
    name,
    version,
    size,
    tarball: `${folder}/${filename}`,
    files: files.map(({ path }) => path),
  }))
}
