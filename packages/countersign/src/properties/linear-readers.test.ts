import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { baseCall } from '../bases/base-call.ts'
import { httpMessageSignatures } from '../bases/http-signatures/index.ts'
import { compileSpelling } from '../coverage/spelling.ts'
import { memoryKeys } from '../keys/key.ts'
import { pathFilters } from '../recipe/path-filters.ts'
import { perCall } from '../recipe/per-call.ts'
import { readQueryParameters } from '../recipe/query-parameters.ts'
import { field, filter } from '../recipe/recipe.ts'
import type { Scheme } from '../scheme/scheme.ts'
import type { SchemeTypes } from '../scheme/scheme-types.ts'
import { awsSigV4, httpSignaturesDraft12, qredoV1, rfc9421 } from '../schemes/index.ts'
import { createSigner } from '../sign/sign.ts'
import { createVerifier } from '../verify/verify.ts'
import { percentEncode } from '../wire/percent.ts'

const SEED = { seed: 20_251, numRuns: 2000 }
const callWith = (header: string) => baseCall('GET', [], {}, () => header, {})

describe('what is read in one pass says what the short way says', () => {
  const some = (...pieces: readonly string[]) => fc.array(fc.constantFrom(...pieces), { maxLength: 14 }).map(all => all.join(''))

  it('of keys that come twice, in quotes and parentheses that end or do not', () => {
    const isCanonical = compileSpelling('header.x', 'equal-names', '')
    const expected = (text: string): boolean => {
      if (!text.includes(',')) return true
      const members = text
        .replace(/"(?:[^"\\]|\\.)*"/g, '')
        .replace(/\([^)]*\)/g, '')
        .split(',')
      const keys = members.map(member => member.trim().replace(/[=;].*$/, ''))
      return new Set(keys).size === keys.length
    }
    fc.assert(
      fc.property(some('a', 'b', ',', ',', '"', '\\', '(', ')', '=', ';', ' '), text => {
        expect(isCanonical?.(callWith(text)), text).toBe(expected(text))
      }),
      SEED,
    )
  })

  it('of the parameters of a query', () => {
    const expected = (query: string) =>
      query
        .split('&')
        .filter(part => part !== '')
        .map(part => [...new URLSearchParams(`&${part}`)][0] ?? ['', ''])
        .map(([name = '', value = '']) => [percentEncode(name), value])
    fc.assert(
      fc.property(some('a', 'b', '&', '&', '=', '+', '%41', '%', '%FF', '%E2%82%AC', '?', '%EF%BB%BF'), query => {
        const read = [...readQueryParameters(query)].flatMap(([name, all]) => all.map(({ value }) => [name, value]))
        expect(read.map(String).sort()).toEqual(expected(query).map(String).sort())
      }),
      SEED,
    )
  })

  it('of the segments of a path', () => {
    const encode = pathFilters(filter('percent-encode', field('path'), '/'), ({ target }) => target)
    const call = callWith('')
    fc.assert(
      fc.property(some('a', '/', '%2F', '%2f', '%', ';', '%252F', "'"), path => {
        call.target = path
        expect(encode?.(call)).toBe(path.split('/').map(percentEncode).join('/'))
      }),
      SEED,
    )
  })
})

describe('a text that many parts are made of', () => {
  it('is read once for a call, and again for another text or another call', () => {
    const read = vi.fn((text: string) => ({ text }))
    const readOnce = perCall(read)
    const [one, other] = [callWith(''), callWith('')]
    for (let part = 0; part < 64; part++) readOnce(one, 'query', 'a=1')
    expect(read).toHaveBeenCalledTimes(1)
    readOnce(one, 'query', 'a=2')
    readOnce(one, 'header', 'a=2')
    readOnce(other, 'query', 'a=2')
    expect(read).toHaveBeenCalledTimes(4)
  })
})

describe('the work for header lines', () => {
  const ORIGIN = 'https://api.example.com'
  const names = Array.from({ length: 50 }, (_, index) => `y-${100 + index}`)
  const covered = httpMessageSignatures({ components: ['@method', '@target-uri', ...names] })
  const schemes: readonly (readonly [name: string, scheme: Scheme<SchemeTypes>, signs: readonly string[]])[] = [
    ['RFC 9421', rfc9421, []],
    ['RFC 9421, fifty headers covered', covered, names],
    ['draft 12', httpSignaturesDraft12, []],
    ['SigV4', awsSigV4, names],
    ['a declaration', qredoV1, []],
  ]

  /** How often a line is looked at while a call with so many more of them is refused. */
  async function steps(scheme: Scheme<SchemeTypes>, signs: readonly string[], count: number): Promise<number> {
    const secret = Buffer.alloc(40, 5)
    const parameters = scheme === awsSigV4 ? { parameters: { service: 's', region: 'r' } } : {}
    const signed = createSigner(scheme, { keyId: 'k', secret }, parameters).sign({
      method: 'GET',
      url: `${ORIGIN}/x`,
      headers: Object.fromEntries(signs.map(name => [name, '1'])),
    })
    let looks = 0
    const get = (line: [string, string], key: string | symbol): unknown => {
      if (key === '0') looks++
      return Reflect.get(line, key)
    }
    const lines = Object.entries({ ...Object.fromEntries(signs.map(name => [name, '1'])), ...signed.headers })
    const more = Array.from({ length: count }, (_, index): [string, string] => [`x-amz-${index}`.padEnd(5), '1'])
    const headers = [...lines, ...more].map(([name, value]) => new Proxy<[string, string]>([name, String(value)], { get }))
    const { verify } = createVerifier(scheme, { origin: ORIGIN, keys: memoryKeys(scheme, []) })
    expect(await verify({ method: 'GET', target: '/x', headers })).toMatchObject({ ok: false })
    return looks
  }

  it.each(schemes)('grows as their number does, however many are covered: %s', async (_name, scheme, signs) => {
    const few = await steps(scheme, signs, 500)
    expect(await steps(scheme, signs, 1000)).toBeLessThan(few + 6 * 500)
    expect(few).toBeLessThan(6 * 600)
  })
})
