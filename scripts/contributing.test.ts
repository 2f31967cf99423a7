import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
// @ts-expect-error a script, without types
import { CONSOLE_ROOMS, ROOMS, SERVER_ROOMS } from './rooms.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const guide = readFileSync(`${root}/CONTRIBUTING.md`, 'utf8')
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root, encoding: 'utf8' })
  .split('\n')
  .filter(file => file !== '')

/** The text of the guide under a heading, up to the next of its kind. */
function section(heading: string): string {
  const [, text = ''] = guide.split(`${heading}\n`)
  expect(text, `CONTRIBUTING.md has ${heading}`).not.toBe('')
  return text.split(/\n#{2,3} /)[0] ?? ''
}

/** What a list names in backticks: each item's first. */
function listed(text: string): readonly string[] {
  return [...text.matchAll(/^\d+\. `([^`]+)`/gm)].map(([, path = '']) => path)
}

/**
 * Each guide follows an example that is there already: `example` is a word that every file names which had to be
 * touched for it. `places` are searched for more of them; tests, prose and generated files are not.
 */
const GUIDES = [
  { heading: '### A scheme', name: 'bitmex', example: /bitmex/i, places: /^(packages\/[a-z]+\/src|vectors|scripts)\// },
  { heading: '### A language of samples', name: 'ruby', example: /\bruby\b/, places: /^(packages\/[a-z]+\/src|scripts|\.ci)\// },
  {
    heading: '### A timestamp format',
    name: 'iso8601-seconds',
    example: /iso8601-seconds/,
    places: /^packages\/[a-z]+\/(src\/|[a-z.]+\.json)/,
  },
  {
    heading: '### A framework',
    name: 'koa',
    example: /\/koa\b|\|koa\|/,
    places: /^(packages\/[a-z]+\/(src\/|package.json)|examples|scripts)/,
  },
  { heading: '### A refusal', name: 'part-not-taken', example: /'part-not-taken'/, places: /^packages\/[a-z]+\/src\// },
]

describe('CONTRIBUTING.md', () => {
  it.each(GUIDES)('$heading: names every file that its example needed, and no other', ({ heading, name, example, places }) => {
    const steps = listed(section(heading)).map(path => path.replaceAll('NAME', name))
    const mentions = (file: string): boolean => file.endsWith(`/${name}.ts`) || example.test(readFileSync(`${root}/${file}`, 'utf8'))
    for (const step of steps) {
      expect(files, step).toContain(step)
      expect(mentions(step), `${step} mentions ${name}`).toBe(true)
    }
    const needed = files.filter(file => places.test(file) && !/\.test\.[jt]s$/.test(file) && mentions(file))
    expect([...steps].filter(step => places.test(step) && !/\.test\.ts$/.test(step)).sort()).toEqual(needed.sort())
  })

  it('is right that every entry point is compiled as users compile it', () => {
    const { exports } = JSON.parse(readFileSync(`${root}/packages/countersign/package.json`, 'utf8')) as { exports: object }
    const consumer = readFileSync(`${root}/scripts/consumer/consumer.ts`, 'utf8')
    const missing = Object.keys(exports).filter(
      entry => /^\.\/[a-z0-9-]+$/.test(entry) && !consumer.includes(`'countersign${entry.slice(1)}'`),
    )
    expect(missing).toEqual([])
  })

  it.each([
    ['library', ROOMS],
    ['server', SERVER_ROOMS],
    ['console', CONSOLE_ROOMS],
  ])('lists the rooms of the %s, in the order in which they may know each other', (house, rooms) => {
    const listed = [
      ...section(`## The rooms of the ${house}`).matchAll(/^\| `(?:packages\/(?:server\/src|ui\/src\/console)\/)?([a-z.-]+)` \|/gm),
    ].map(([, room]) => room)
    expect(listed).toEqual(rooms)
  })

  it('names a file of every folder of the gateway, and every file of it that handles a request', () => {
    const gateway = 'packages/server/src/gateway/'
    const named = new Set(
      [...section('### How a request passes the gateway').matchAll(/`(packages\/server\/src\/[^`]+\.ts)`/g)].map(([, file]) => file),
    )
    const handle = readFileSync(`${root}/${gateway}handle.ts`, 'utf8')
    const imported = [...handle.matchAll(/from '\.\/([^']+)'/g)].map(([, file = '']) => gateway + file)
    const folders = new Set(
      files
        .filter(file => file.startsWith(gateway))
        .map(file => file.slice(gateway.length).split('/'))
        .filter(parts => parts.length > 1)
        .map(([folder]) => folder),
    )
    for (const folder of folders)
      expect(
        [...named].some(file => file?.startsWith(`${gateway}${folder}/`)),
        folder,
      ).toBe(true)
    // Types, and what a step is told or tells.
    const others = ['bodies/incoming-pieces', 'error-problem', 'headers/identity', 'metrics', 'options', 'problem']
    expect(imported.filter(file => !named.has(file)).sort()).toEqual(others.map(file => `${gateway}${file}.ts`))
  })
})
