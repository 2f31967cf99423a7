import { execFileSync, spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compactJson, pythonFloat, pythonJson } from './json.ts'

const hasPython = spawnSync('python3', ['--version']).status === 0

describe('pythonJson', () => {
  it.skipIf(!hasPython)('writes what json.dumps writes, for any JSON value (needs python3)', () => {
    // Python tells 1 from 1.0; JavaScript does not, and writes both as an integer.
    const values = fc.sample(fc.jsonValue(), { numRuns: 300, seed: 14 }).map(value => JSON.parse(JSON.stringify(value)) as unknown)
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
    expect(values.map(pythonJson)).toEqual(expected)
  })

  it('can be read back', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), value => {
        const plain = JSON.parse(JSON.stringify(value)) as unknown
        expect(JSON.parse(pythonJson(plain))).toEqual(plain)
      }),
      { seed: 14 },
    )
  })
})

describe('numbers as Python writes them', () => {
  const numbers: readonly (readonly [source: string, value: unknown])[] = [
    ['1', 1],
    ['1.0', pythonFloat(1)],
    ['0.0', pythonFloat(0)],
    ['-0.0', -0],
    ['0.0001', 0.0001],
    ['0.00001', 0.00001],
    ['1e-7', 1e-7],
    ['5e-324', 5e-324],
    ['1.5e300', 1.5e300],
    ['1e15', pythonFloat(1e15)],
    ['1e16', pythonFloat(1e16)],
    ['123456789012345680.0', pythonFloat(123456789012345680)],
    ['1e21', 1e21],
    ['1e22', pythonFloat(1e22)],
    ['10000000000000000', 1e16],
    ['2**64', 2n ** 64n],
    ['-2**200', -(2n ** 200n)],
    ['float("nan")', Number.NaN],
    ['float("inf")', Number.POSITIVE_INFINITY],
    ['-float("inf")', Number.NEGATIVE_INFINITY],
    [
      '{"10": 1, "2": [1.0]}',
      new Map<string, unknown>([
        ['10', 1],
        ['2', [pythonFloat(1)]],
      ]),
    ],
    ['"\\ud800"', '\ud800'],
  ]

  it.skipIf(!hasPython)('(needs python3)', () => {
    const script = `import json; print(json.dumps([${numbers.map(([source]) => `json.dumps(${source})`).join(', ')}]))`
    const expected = JSON.parse(execFileSync('python3', ['-c', script], { encoding: 'utf8' })) as string[]
    expect(numbers.map(([, value]) => pythonJson(value))).toEqual(expected)
  })

  it.skipIf(!hasPython)('any float (needs python3)', () => {
    const floats = fc.sample(fc.double({ noNaN: true, noDefaultInfinity: true }), { numRuns: 3000, seed: 14 })
    const expected = JSON.parse(
      execFileSync('python3', ['-c', 'import json,sys; print(json.dumps([json.dumps(float(t)) for t in json.load(sys.stdin)]))'], {
        input: JSON.stringify(floats.map(value => (Object.is(value, -0) ? '-0' : String(value)))),
        encoding: 'utf8',
      }),
    ) as string[]
    expect(floats.map(value => pythonJson(pythonFloat(value)))).toEqual(expected)
  })

  it('is a number to other serialisers', () => {
    expect(compactJson({ a: pythonFloat(1.5) })).toBe('{"a":1.5}')
  })
})

describe('both serialisers', () => {
  it('refuse what holds itself, or is nested without end', () => {
    const cyclic: { self?: unknown } = {}
    cyclic.self = cyclic
    let deep: unknown = 1
    for (let level = 0; level < 200_000; level++) deep = [deep]
    for (const toJson of [compactJson, pythonJson])
      for (const body of [cyclic, deep]) expect(() => toJson(body)).toThrow(expect.objectContaining({ code: 'body-not-signable' }))
    expect(() => compactJson({ a: 1n })).toThrow(expect.objectContaining({ code: 'body-not-signable' }))
  })

  it('refuse what has no JSON form', () => {
    for (const toJson of [compactJson, pythonJson]) {
      expect(() => toJson(undefined)).toThrow(expect.objectContaining({ code: 'body-not-signable' }))
      expect(() => toJson(() => 1)).toThrow(expect.objectContaining({ code: 'body-not-signable' }))
    }
  })
})
