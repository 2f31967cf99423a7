import { describe, expect, it } from 'vitest'
import { defineScheme } from '../define/define.ts'
import { field, filter, join, type Recipe, text } from '../recipe/recipe.ts'
import type { MessagePiece, SchemeDeclaration } from '../scheme/declaration.ts'
import type { Scheme } from '../scheme/scheme.ts'
import * as shipped from '../schemes/index.ts'
import { compileGuards, NO_GUARD } from './guards.ts'
import { openEndsOf } from './open-ends.ts'

function scheme(message: MessagePiece | readonly MessagePiece[], more: Partial<SchemeDeclaration> = {}): Scheme {
  return defineScheme({
    name: 'made-up',
    title: 'Made up',
    algorithm: 'hmac-sha256',
    timestamp: { formats: ['seconds'] },
    message,
    signature: { encoding: 'hex' },
    headers: { k: '{keyId}', t: '{timestamp}', s: '{signature}', ...(JSON.stringify(message).includes('nonce') ? { n: '{nonce}' } : {}) },
    ...more,
  } as SchemeDeclaration)
}

const options = { allowed: new Set<never>() }

describe('openEndsOf', () => {
  it.each<[string, MessagePiece | readonly MessagePiece[], Partial<SchemeDeclaration>?]>([
    ['a body behind a nonce', '{timestamp}{body}{nonce}'],
    ['a header behind a body', '{timestamp}{body}{header.x-a}'],
    ['two headers with only a space between', '{timestamp}\n{header.x-a} {header.x-b}'],
    ['a separator that a body can hold', '{timestamp}{body}|{path}'],
    ['two bodies inside a hash', ['{timestamp}', { hash: 'sha256', encoding: 'raw', of: ['{body}', '{header.x-a}'] }]],
    [
      'digits before a nonce of one length that may begin with one',
      '{window}{nonce}{body}{timestamp}',
      {
        nonce: { formats: ['random'] },
        parameters: { window: { default: '5', characters: 'digits' } },
        headers: { k: '{keyId}', t: '{timestamp}', s: '{signature}', n: '{nonce}', w: '{window}' },
      },
    ],
  ])('finds no way to keep apart %s, so that no verifier is made', (_what, message, more) => {
    expect(openEndsOf(scheme(message, more))).toEqual([expect.objectContaining({ seen: 'never' })])
    expect(() => compileGuards(scheme(message, more), options)).toThrow(/can't be verified safely: nothing marks the boundary between/)
    expect(compileGuards(scheme(message, more), { allowed: new Set(['ambiguous-request']) })).toBe(NO_GUARD)
  })

  it.each<[string, MessagePiece | readonly MessagePiece[]]>([
    ['a fixed timestamp in front', '{timestamp}{body}'],
    ['lines', '{timestamp}\n{method}\n{target}\n{header.x-a}\n{body}'],
    ['a NUL byte', '{method}\0{target}\0{timestamp}\0{body}'],
    ['a hashed body', '{timestamp}{method}{target}{body|sha256|hex}'],
    ['a hash of two lines', ['{timestamp}', { hash: 'sha256', encoding: 'raw', of: ['{header.x-a}\n{body}'] }]],
    ['a path that is percent-encoded, behind which a colon stands', '{timestamp}{target|percent-encode}:{body}'],
  ])('knows without a look at the call: %s', (_what, message) => {
    expect(openEndsOf(scheme(message))).toEqual([])
    expect(compileGuards(scheme(message), options)).toBe(NO_GUARD)
  })

  it('knows the ends of what a parameter may not hold', () => {
    const parameters = { id: { characters: 'visible', without: '.', default: 'a' } } as const
    const headers = { i: '{id}', t: '{timestamp}', s: '{signature}' }
    expect(openEndsOf(scheme('{id}.{timestamp}.{body}', { parameters, headers }))).toEqual([])
    const loose = { id: { characters: 'visible', default: 'a' } } as const
    expect(openEndsOf(scheme('{id}.{timestamp}.{body}', { parameters: loose, headers }))).toEqual([
      expect.objectContaining({ between: '{id} and {body}', seen: 'per-call' }),
    ])
  })

  it.each<[string, string]>([
    ['qredo-v1', '{url} and {body}'],
    ['qredo-v2', '{url} and {body}'],
    ['qredo-partner', '{url} and {body}'],
    ['okx', '{target} and {body}'],
    ['kucoin', '{target} and {body}'],
    ['bitmex', '{target} and {body}'],
    ['coinbase-exchange', '{target} and {body}'],
    ['binance', '{query} and {body}'],
    ['bybit', '{recvWindow} and {payload}'],
  ])('looks at each call of %s', (name, between) => {
    const found = shipped.schemeNamed(name)
    expect(found === undefined ? [] : openEndsOf(found)).toEqual([expect.objectContaining({ between, seen: 'per-call' })])
  })

  it('sees every end of the other shipped schemes without a call', () => {
    const { github, kraken, shopify, slack, standardWebhooks, stripe, rfc9421, httpSignaturesDraft12, awsSigV4, awsSigV4Query } = shipped
    for (const one of [github, kraken, shopify, slack, standardWebhooks, stripe, rfc9421, httpSignaturesDraft12, awsSigV4, awsSigV4Query])
      expect(openEndsOf(one), one.name).toEqual([])
  })
})

describe('the ends of lists', () => {
  const item = (...of: Recipe[]): Recipe => ({ op: 'list', from: 'query', except: [], each: join('', of), sort: 'none', join: '&' })
  const encoded = (name: string): Recipe => filter('percent-encode', field(name))
  const { declaration: _, ...facts } = shipped.stripe
  const base = {
    createPlan: neverMade,
    createPreparer: neverMade,
    createSigner: neverMade,
    carries: [],
    bodyDigests: [],
    timestamp: '',
    signs: '',
    takes: { parameters: [], timestamps: [], nonce: false, sessionToken: false },
  }
  const based = (...of: Recipe[]): Scheme => ({ ...facts, message: join('\n', of), base })

  it('are seen where names and values are encoded', () => {
    expect(openEndsOf(based(item(encoded('name'), text('='), encoded('value')), field('body')))).toEqual([])
  })

  it('are not where they are signed decoded', () => {
    expect(openEndsOf(based(item(field('name'), text('='), field('value'))))[0]).toMatchObject({
      between: '{name} and {value} in the list of query',
      seen: 'never',
    })
  })

  it('are seen behind lines of headers, since no name begins with a newline', () => {
    const each = join('', [field('name'), text(':'), field('value'), text('\n')])
    const lines: Recipe = { op: 'list', from: 'covered', except: [], each, sort: 'none', join: '' }
    expect(openEndsOf(based(lines, field('body')))).toEqual([])
    expect(openEndsOf({ ...based(), message: join('x', [lines, field('body')]) })[0]).toMatchObject({ seen: 'never' })
  })
})

function neverMade(): never {
  throw new Error('Open ends are read from the recipe alone.')
}
