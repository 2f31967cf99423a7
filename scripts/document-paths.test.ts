import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root, encoding: 'utf8' })
  .split('\n')
  .filter(file => file !== '')
const documents = files.filter(file => /^(README|SECURITY|CONTRIBUTING)\.md$|^docs\/.*\.md$/.test(file))

/** Folders at the root, and the ones a path would begin with if it were given from within a package. */
const BEGINNINGS = [...new Set(files.filter(file => file.includes('/')).map(file => file.split('/')[0])), 'src', 'test']

/** Whether text in backticks names a file or folder: it ends like source, or begins like a path. */
function isPath(text: string): boolean {
  return (
    /^[\w.*-]+(\/[\w.*-]+)*\/?$/.test(text) && (/\.(ts|tsx|js|py|md)$/.test(text) || BEGINNINGS.some(name => text.startsWith(`${name}/`)))
  )
}

/** Whether there is such a file or folder, from the root. `*` and `NAME` stand for a part of a name. */
function exists(path: string): boolean {
  const pattern = path
    .replace(/\/$/, '')
    .replaceAll('.', '\\.')
    .replaceAll(/\*|NAME/g, '[^/]+')
  return files.some(file => new RegExp(`^${pattern}(/|$)`).test(file))
}

describe.each(documents)('%s', document => {
  const text = readFileSync(`${root}/${document}`, 'utf8').replaceAll(/^```[\s\S]*?^```/gm, '')

  it('names no file or folder that is not there, and each by its path from the root', () => {
    const named = [...text.matchAll(/`([^`\n]+)`/g)].map(([, path = '']) => path).filter(isPath)
    expect(named.filter(path => !exists(path))).toEqual([])
  })

  it('links to no file that is not there', () => {
    const links = [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, link = '']) => link).filter(link => !/^[a-z]+:/.test(link))
    const targets = links.map(link => new URL(link, `file:///${document}`).pathname.slice(1))
    expect(targets.filter(target => !exists(target))).toEqual([])
  })
})
