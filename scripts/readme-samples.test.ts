import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'countersign-samples-'))

/** A reader's settings, with what was built. */
const SETTINGS = {
  compilerOptions: {
    target: 'es2022',
    module: 'nodenext',
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: ['node'],
  },
  include: ['samples'],
}

interface Sample {
  readonly name: string
  readonly text: string
}

/** Each with the line of its fence, which names it. */
function samplesOf(markdown: string): readonly Sample[] {
  return [...markdown.matchAll(/^```(?:ts|js)\n(.*?)^```/gms)].map(({ index, 1: text = '' }) => ({
    name: `line-${markdown.slice(0, index).split('\n').length}.ts`,
    text,
  }))
}

/** What TypeScript says of the samples, each a module of its own. */
function faultsOf(samples: readonly Sample[]): string {
  rmSync(join(folder, 'samples'), { recursive: true, force: true })
  mkdirSync(join(folder, 'samples'))
  // A sample without import or export would share its names with the others.
  for (const { name, text } of samples) writeFileSync(join(folder, 'samples', name), `${text}\nexport {}\n`)
  return spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder, '--pretty', 'false'], {
    cwd: folder,
    encoding: 'utf8',
  }).stdout
}

beforeAll(() => {
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }))
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(SETTINGS))
})

afterAll(() => rmSync(folder, { recursive: true }))

describe('the samples of README', () => {
  const samples = samplesOf(readFileSync(join(root, 'README.md'), 'utf8'))

  it('each compile as they are printed, without a line of any other', () => {
    expect(samples.length).toBeGreaterThan(7)
    expect(faultsOf(samples)).toBe('')
  })

  it('are refused where one takes a name for granted', () => {
    const [first] = samples
    if (first === undefined) throw new Error('README has no sample')
    const text = first.text.replace(/^import .*\n/, '')
    expect(faultsOf([{ ...first, text }])).toMatch(/^samples\/line-\d+\.ts\(.*error TS2304: Cannot find name 'createSigner'/m)
  })
})
