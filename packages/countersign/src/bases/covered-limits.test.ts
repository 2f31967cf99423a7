import { describe, expect, it, vi } from 'vitest'
import { boundedCache } from '../contract/bounded-cache.ts'
import { memoryKeys } from '../keys/key.ts'
import type { Call } from '../recipe/call.ts'
import { compile } from '../recipe/compile.ts'
import { DECLARED } from '../recipe/declared.ts'
import { field, join, type Recipe } from '../recipe/recipe.ts'
import { awsSigV4, httpSignaturesDraft12, rfc9421 } from '../schemes/index.ts'
import { createVerifier } from '../verify/verify.ts'
import { KEPT_LISTS, MAX_COVERED } from './covered-limits.ts'
import { createListReader } from './draft-signatures/coverage.ts'
import { createListCompiler } from './http-signatures/coverage.ts'
import { readFields } from './http-signatures/message-signatures.ts'
import { createSingleReader } from './http-signatures/single-signature.ts'

const names = (count: number, start = 'x'): readonly string[] => Array.from({ length: count }, (_, index) => `${start}${100 + index}`)
const quoted = (list: readonly string[]): string => list.map(name => `"${name}"`).join(' ')
const SIGNATURE = `${'A'.repeat(43)}=`

describe('a list that a stranger invents', () => {
  it('is refused where it covers more than 64 components, before it is compiled', async () => {
    const now = Math.floor(Date.now() / 1000)
    const keys = memoryKeys(rfc9421, [])
    const verifier = createVerifier(rfc9421, { origin: 'https://a.example', keys })
    const codeOf = async (count: number): Promise<unknown> => {
      const input = `sig=("@method" "@target-uri" ${quoted(names(count - 2))});created=${now};keyid="k";nonce="n"`
      const lines = names(count).map((name): [string, string] => [name, '1'])
      const headers: [string, string][] = [['host', 'a.example'], ['signature-input', input], ['signature', `sig=:${SIGNATURE}:`], ...lines]
      const result = await verifier.verify({ method: 'GET', target: '/', headers })
      return result.ok ? 'ok' : result.failure.code
    }
    expect(await codeOf(MAX_COVERED)).toBe('unknown-key')
    expect(await codeOf(MAX_COVERED + 1)).toBe('malformed-header')
    expect(createListReader()(names(MAX_COVERED).join(' '))).toBeDefined()
    expect(createListReader()(names(MAX_COVERED + 1).join(' '))).toBeUndefined()
  })

  it('is refused for draft 12 and SigV4 in the same words', async () => {
    const draft = createVerifier(httpSignaturesDraft12, { origin: 'https://a.example', keys: memoryKeys(httpSignaturesDraft12, []) })
    const covered = ['(request-target)', 'host', 'date', ...names(MAX_COVERED - 2)].join(' ')
    const ofDraft = await draft.verify({
      method: 'GET',
      target: '/',
      headers: { host: 'a.example', authorization: `Signature keyId="k",headers="${covered}",signature="${SIGNATURE}"` },
    })
    const aws = createVerifier(awsSigV4, { origin: 'https://a.example', keys: memoryKeys(awsSigV4, []) })
    const signed = ['host', ...names(MAX_COVERED)].join(';')
    const stamp = `${new Date().toISOString().replace(/[-:]|\.\d+/g, '')}`
    const scope = `k/${stamp.slice(0, 8)}/r/s/aws4_request`
    const ofAws = await aws.verify({
      method: 'GET',
      target: '/',
      headers: {
        host: 'a.example',
        'x-amz-date': stamp,
        authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=${signed}, Signature=${'0'.repeat(64)}`,
      },
    })
    for (const result of [ofDraft, ofAws]) expect(result).toMatchObject({ failure: { code: 'malformed-header', header: 'authorization' } })
  })

  it('is compiled once where the signature says it again, in one spelling or another', () => {
    const compileList = createListCompiler()
    const input = `("@method" ${quoted(names(3))})`
    const [one] =
      readFields(
        [
          ['signature-input', `a=${input}`],
          ['signature', 'a=:AA==:'],
        ],
        'refused',
      ) ?? []
    const other = createSingleReader()(`b=${input}`, 'b=:AA==:')
    expect(compileList(one?.components ?? [])).toBe(compileList(other?.components ?? []))
  })
})

describe('a cache of what a stranger asks for', () => {
  const keepsAll = (keys: readonly string[]): number => {
    const make = vi.fn((key: string) => ({ key }))
    const cached = boundedCache(KEPT_LISTS, make)
    for (const key of keys) cached(key)
    make.mockClear()
    for (const key of [...keys].reverse()) cached(key)
    return keys.length - make.mock.calls.length
  }

  it('keeps so many entries, whatever is asked for', () => {
    expect(keepsAll(names(KEPT_LISTS.entries))).toBe(KEPT_LISTS.entries)
    expect(keepsAll(names(500))).toBe(KEPT_LISTS.entries)
  })

  it('keeps none that is long', () => {
    expect(keepsAll(names(5, 'x'.repeat(KEPT_LISTS.characters)))).toBe(0)
  })
})

describe('the work for a message', () => {
  /** How often parts are asked for while a message of so many is compiled and written. */
  const steps = (count: number): number => {
    let asked = 0
    const get = (of: object, key: string | symbol): unknown => {
      asked++
      return Reflect.get(of, key)
    }
    const parts = names(count).map((name): Recipe => new Proxy<Recipe>(field(name), { get }))
    const { write } = compile(join('\n', parts), DECLARED)
    write({ parameters: {} } as Call)
    return asked
  }

  it('grows as the message does', () => {
    expect(steps(200)).toBeLessThanOrEqual(2 * steps(100))
    expect(steps(400)).toBeLessThanOrEqual(4 * steps(100))
  })
})
