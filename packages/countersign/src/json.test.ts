import { execFileSync, spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compactJson, pythonJson } from './json.ts'

const hasPython = spawnSync('python3', ['--version']).status === 0

describe('pythonJson', () => {
  it.skipIf(!hasPython)('writes what json.dumps writes, for any JSON value (needs python3)', () => {
    // Python tells 1 from 1.0; JavaScript does not, and writes both as an integer.
    const values = fc.sample(fc.jsonValue(), 300)
    const script =
      'import json,sys\nfor line in sys.stdin.read().split("\\n"):\n  print(json.dumps(json.dumps(json.loads(line, parse_float=lambda t: int(float(t)) if float(t).is_integer() and abs(float(t)) < 1e21 else float(t)))))'
    const output = execFileSync('python3', ['-c', script], {
      input: values.map(value => JSON.stringify(value)).join('\n'),
      encoding: 'utf8',
    })
    const expected = output
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line) as string)
    expect(values.map(pythonJson).map(text => text.replace(/-0(?![.\d])/g, '0'))).toEqual(
      expected.map(text => text.replace(/-0(?![.\d])/g, '0')),
    )
  })

  it('can be read back', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), value => {
        expect(JSON.parse(pythonJson(value))).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })
})

describe('both serialisers', () => {
  it('refuse what has no JSON form', () => {
    for (const toJson of [compactJson, pythonJson]) {
      expect(() => toJson(undefined)).toThrow(expect.objectContaining({ code: 'body-not-signable' }))
      expect(() => toJson(() => 1)).toThrow(expect.objectContaining({ code: 'body-not-signable' }))
    }
    expect(() => pythonJson(Number.NaN)).toThrow(expect.objectContaining({ code: 'body-not-signable' }))
  })
})
