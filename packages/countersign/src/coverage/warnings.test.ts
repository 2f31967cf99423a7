import { describe, expect, it } from 'vitest'
import { defineScheme } from '../define/define.ts'
import type { SchemeDeclaration } from '../scheme/declaration.ts'
import * as shipped from '../schemes/index.ts'
import { schemeWarnings } from './warnings.ts'

function warningsOf(
  message: string,
  headers: Record<string, string> = { t: '{timestamp}', s: '{signature}' },
  more: Partial<SchemeDeclaration> = {},
): readonly string[] {
  const timestamp: Partial<SchemeDeclaration> = message.includes('{timestamp}') ? { timestamp: { formats: ['seconds'] } } : {}
  const declaration = { name: 'w', title: 'W', algorithm: 'hmac-sha256', message, signature: { encoding: 'hex' } }
  return schemeWarnings(defineScheme({ ...declaration, headers, ...timestamp, ...more } as SchemeDeclaration))
}

describe('schemeWarnings', () => {
  it('has nothing to say of a good scheme', () => {
    expect(warningsOf('{timestamp}\n{method}\n{target}\n{body|sha256|hex}')).toEqual([])
    expect(schemeWarnings(shipped.rfc9421)).toEqual([])
    expect(schemeWarnings(shipped.httpSignaturesDraft12)).toEqual([])
  })

  it.each<[string, () => readonly string[], RegExp]>([
    ['no window', () => schemeWarnings(shipped.github), /Neither a timestamp nor a nonce is signed/],
    [
      'a nonce alone',
      () => warningsOf('{nonce}\n{method}\n{path}\n{body}', { n: '{nonce}', s: '{signature}' }),
      /nonces have to be remembered for ever/,
    ],
    [
      'parts that always run into each other',
      () => warningsOf('{timestamp}{body}{method}'),
      /Nothing marks the boundary between \{body\} and \{method\}.*separator.*\\n/,
    ],
    ['parts that sometimes do', () => schemeWarnings(shipped.qredoV1), /The boundary between \{url\} and \{body\} is seen only where/],
    ['an unsigned method', () => warningsOf('{timestamp}\n{url}\n{body}'), /a GET can be sent as a DELETE/],
    ['an unsigned path', () => schemeWarnings(shipped.bybit), /The path is not signed/],
    ['an unsigned query', () => schemeWarnings(shipped.kraken), /The query is not signed/],
    ['a query that is signed in some calls', () => schemeWarnings(shipped.bybit), /The query of a call with a body is not signed/],
    ['a body that is signed in some calls', () => schemeWarnings(shipped.bybit), /The body of a GET, HEAD or DELETE is not signed/],
    ['parameters that may stand in either place', () => schemeWarnings(shipped.bybit), /in the query or in the body is not signed/],
    ['an unsigned body', () => warningsOf('{timestamp}\n{method}\n{url}'), /The body is not signed/],
    [
      'a path in either letter case',
      () => warningsOf('{timestamp}\n{method}\n{target|lower}\n{body}'),
      /The letter case of path and query/,
    ],
    ['equal names', () => warningsOf('{timestamp}\n{method}\n{path}\n{query|sorted}\n{body}'), /The order of equal names in the query/],
    ['SHA-1', () => warningsOf('{timestamp}\n{body}', undefined, { algorithm: 'hmac-sha1' }), /rests on SHA-1/],
  ])('warns of %s, and says what closes it', (_what, warnings, expected) => {
    expect(warnings()).toEqual(expect.arrayContaining([expect.stringMatching(expected)]))
  })

  it('names every part that a webhook does not sign', () => {
    for (const scheme of [shipped.github, shipped.shopify, shipped.slack, shipped.stripe, shipped.standardWebhooks])
      for (const part of ['method', 'path', 'query'])
        expect(schemeWarnings(scheme), scheme.name).toContainEqual(expect.stringContaining(`The ${part} is not signed`))
  })

  it('is there for every scheme, and throws for none', () => {
    for (const scheme of shipped.SCHEMES) expect(schemeWarnings(scheme), scheme.name).toEqual(expect.any(Array))
    expect(schemeWarnings(shipped.awsSigV4)).toContainEqual(expect.stringMatching(/equal names in the query/))
  })
})
