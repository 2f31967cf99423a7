/**
 * The library on each runtime that the README names: the program of `program/checks.js`, run there, and its result held
 * against the number of cases. Runtimes come from npm, and Chromium from the system.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SCHEMES } from 'countersign/schemes'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { samplesOf } from '../readme-programs.js'
import { doors, writeApp } from './app.js'
import { cases } from './cases.js'
import { HOSTS, runInsecurePage } from './hosts.js'
import { SAMPLES } from './samples.js'
import { head, rowOf } from './table.js'

const page = readFileSync(new URL('../../docs/runtimes.md', import.meta.url), 'utf8')
const folder = mkdtempSync(join(tmpdir(), 'countersign-runtimes-'))
const plainly = name => name.replaceAll('`', '')

/** The rows of the table that a run here could check. */
const rows = []
let needNode = []

beforeAll(async () => {
  needNode = await writeApp(folder)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** How often each value of a member is there. */
function countBy(list, member) {
  const counts = {}
  for (const each of list) counts[member(each)] = (counts[member(each)] ?? 0) + 1
  return counts
}

const perScheme = countBy(cases.calls, ({ name }) => name)
const ANSWERS = {
  GET: [200, 'k'],
  POST: [200, 'k {"a":"ü"}'],
  'POST again': [401, 'replayed'],
  'POST changed': [400, 'digest-mismatch'],
  'GET unsigned': [401, 'missing-header'],
}

it('the cases have a call of every scheme of the library', () => {
  expect(SCHEMES.map(({ name }) => name).filter(name => perScheme[name] === undefined)).toEqual([])
  const others = Object.keys(perScheme).length - SCHEMES.length
  expect(page).toContain(`all ${SCHEMES.length} schemes, and of ${others} more`)
})

describe.each(HOSTS)('$name, $loaded', host => {
  it.skipIf(!host.isThere)(
    `signs, verifies, refuses, answers and explains, as every other runtime does (needs ${host.name})`,
    { timeout: 180_000 },
    async () => {
      const result = await host.run(folder)
      const { calls, adapter, doors: loaded, keys, messages, said } = result
      expect(result.failures).toEqual([])
      expect(calls).toEqual({ signed: perScheme, verified: perScheme, refused: perScheme })
      expect(result.refusedBy).toEqual(['bad-signature', 'digest-mismatch'])
      expect(messages).toEqual(countBy(cases.messages, ({ key }) => key.algorithm))
      for (const { algorithm, form } of cases.keys) expect(keys[algorithm], algorithm).toContain(form)
      expect(Object.values(keys).flat()).toHaveLength(cases.keys.length)
      expect(result.refusedKeys).toEqual(
        Object.fromEntries(
          cases.refusedKeys.map(({ name, privateKey }) => [name, `${privateKey === undefined ? 'public' : 'private'}-key-malformed`]),
        ),
      )
      expect(adapter).toEqual({ called: ANSWERS, ...(host.server === undefined ? {} : { served: ANSWERS }) })
      expect(result.explained).toEqual(['explained', 'message-target-for-url'])
      const atOnce = host.crypto === 'node' ? 'signed' : 'no-synchronous-crypto'
      expect([result.atOnce, result.qredo]).toEqual([[atOnce], atOnce])
      expect(Object.keys(loaded)).toEqual(host.crypto === 'node' ? doors : doors.filter(door => !needNode.includes(door)))
      expect(Object.values(loaded).filter(names => names === 0)).toEqual([])
      // Deno says once that `Request.clone` goes by a signal that will end earlier, which nothing here looks at.
      expect(
        said.split('\n').filter(line => line !== '' && !(host.name === 'Deno' && line.startsWith('Deno.serve: request.signal'))),
      ).toEqual([])
      const row = rowOf(host, result, needNode)
      rows.push(row)
      console.log(
        `${host.name} (${result.version}), ${plainly(host.loaded)}: ${count(calls.signed)} calls, ${count(messages)} published messages, ${cases.keys.length} forms of keys, ${Object.keys(loaded).length} entry points, ${atOnce === 'signed' ? 'Node’s crypto' : 'WebCrypto'}`,
      )
      expect(page).toContain(`${row}\n`)
    },
  )
})

it.skipIf(!HOSTS.some(({ name, isThere }) => name === 'Chromium' && isThere))(
  'a page over http from elsewhere than localhost has no WebCrypto, which is refused by its code (needs Chromium)',
  async () => {
    expect(await runInsecurePage(folder)).toMatchObject({ code: 'no-web-crypto', said: '' })
    expect(page).toContain('`no-web-crypto`')
  },
)

describe('the samples of docs/runtimes.md', () => {
  describe.each(SAMPLES)('$heading', ({ heading, isThere, run }) => {
    const [, text = ''] = page.split(`\n## ${heading}\n`)
    const [sample] = samplesOf(text.split('\n## ')[0], 'js')
    it('has a sample', () => expect(sample).toBeDefined())
    it.skipIf(!isThere)(`lets a signed call through, and no other (needs ${heading})`, { timeout: 180_000 }, async () => {
      expect(await run(sample, folder)).toEqual([[200, 'hello k1'], [401]])
    })
  })
})

it('docs/runtimes.md has a row for each runtime, and no other', () => {
  const [, table = ''] = page.split(`${head}\n`)
  const written = table.split('\n\n')[0].trim().split('\n')
  expect(written).toHaveLength(HOSTS.length)
  // In whatever order the runtimes ended; what isn't installed here is checked where it is.
  expect(rows.filter(row => !written.includes(row))).toEqual([])
  expect(new Set(written).size).toBe(written.length)
})

function count(counts) {
  return Object.values(counts).reduce((sum, each) => sum + each, 0)
}
