import { describe, expect, it } from 'vitest'
import type { SchemeDeclaration } from './declaration.ts'
import { defineScheme } from './define.ts'
import { schemeWarnings } from './scheme-warnings.ts'
import { github, qredoV1, stripe } from './schemes/index.ts'

function warningsOf(
  message: string,
  headers: Record<string, string> = { t: '{timestamp}', s: '{signature}' },
  more: Partial<SchemeDeclaration> = {},
): readonly string[] {
  const timestamp: Partial<SchemeDeclaration> = message.includes('{timestamp}') ? { timestamp: { formats: ['seconds'] } } : {}
  return schemeWarnings(
    defineScheme({
      name: 'w',
      title: 'W',
      algorithm: 'hmac-sha256',
      message,
      signature: { encoding: 'hex' },
      headers,
      ...timestamp,
      ...more,
    } as SchemeDeclaration),
  )
}

describe('schemeWarnings', () => {
  it('has nothing to say of a good scheme', () => {
    expect(warningsOf('{timestamp}\n{method}\n{target}\n{body|sha256|hex}')).toEqual([])
    expect(schemeWarnings(stripe as never)).toEqual([])
  })

  it.each([
    ['no window', () => schemeWarnings(github as never), /Neither a timestamp nor a nonce is signed/],
    [
      'a nonce alone',
      () => warningsOf('{nonce}\n{method}\n{path}\n{body}', { n: '{nonce}', s: '{signature}' }),
      /nonces have to be remembered for ever/,
    ],
    [
      'parts that always run into each other',
      () => warningsOf('{timestamp}{body}{method}', undefined),
      /Nothing marks the boundary between \{body\} and \{method\}.*separator.*\\n/,
    ],
    ['parts that sometimes do', () => schemeWarnings(qredoV1 as never), /The boundary between \{url\} and \{body\} is seen only where/],
    ['an unsigned method', () => warningsOf('{timestamp}\n{url}\n{body}'), /a GET can be sent as a DELETE/],
    ['an unsigned body', () => warningsOf('{timestamp}\n{method}\n{url}'), /The body is not signed/],
    ['SHA-1', () => warningsOf('{timestamp}\n{body}', undefined, { algorithm: 'hmac-sha1' }), /rests on SHA-1/],
  ])('warns of %s, and says what closes it', (_what, warnings, expected) => {
    expect(warnings()).toEqual(expect.arrayContaining([expect.stringMatching(expected)]))
  })
})
