import { describe, expect, it } from 'vitest'
import { draftSignatures } from '../bases/draft-signatures/index.ts'
import { httpMessageSignatures } from '../bases/http-signatures/index.ts'
import { sigV4 } from '../bases/sigv4/index.ts'
import { defineScheme } from '../define/define.ts'
import { field, filter, join, type ListRecipe, type Recipe, text } from '../recipe/recipe.ts'
import type { MessagePiece, SchemeDeclaration } from '../scheme/declaration.ts'
import type { Scheme } from '../scheme/scheme.ts'
import * as shipped from '../schemes/index.ts'
import { coverageOf } from './coverage.ts'

/** Of each scheme, for a POST: method, scheme, host, path, query, body, other parts; what is not said is not signed. */
const TABLE: { readonly [name: string]: { readonly [part: string]: unknown } } = {
  'qredo-v1': { method: 'exactly', scheme: 'exactly', host: 'exactly', path: 'exactly', query: 'exactly', body: 'exactly' },
  'qredo-v2': { method: 'exactly', scheme: 'exactly', host: 'exactly', path: 'exactly', query: 'exactly', body: 'exactly' },
  'qredo-partner': { scheme: 'exactly', host: 'exactly', path: 'exactly', query: 'exactly', body: 'exactly' },
  okx: { method: 'exactly', path: 'exactly', query: 'exactly', body: 'exactly' },
  kucoin: { method: 'exactly', path: 'exactly', query: 'exactly', body: 'exactly' },
  bitmex: { method: 'exactly', path: 'exactly', query: 'exactly', body: 'exactly' },
  'coinbase-exchange': { method: 'exactly', path: 'exactly', query: 'exactly', body: 'exactly' },
  binance: { query: 'exactly', body: 'exactly' },
  bybit: { body: ['which-place'] },
  kraken: { path: 'exactly', body: 'exactly' },
  github: { body: 'exactly' },
  shopify: { body: 'exactly' },
  slack: { body: 'exactly' },
  stripe: { body: 'exactly' },
  'standard-webhooks': { body: 'exactly' },
  rfc9421: {
    method: 'exactly',
    scheme: 'exactly',
    host: 'exactly',
    path: 'exactly',
    query: 'exactly',
    body: 'exactly',
    'header.content-digest': ['white-space', 'line-or-list'],
  },
  'http-signatures-draft-12': {
    method: 'exactly',
    host: 'exactly',
    path: 'exactly',
    query: 'exactly',
    body: 'exactly',
    'header.date': ['white-space', 'line-or-list'],
    'header.digest': ['white-space', 'line-or-list'],
  },
  'aws-sigv4': {
    method: 'exactly',
    host: 'exactly',
    path: ['dot-segments', 'double-slashes'],
    query: ['escape-spelling', 'parameter-order', 'equal-names', 'empty-parameters'],
    body: 'exactly',
    'header.*': ['white-space', 'line-or-list'],
  },
  'aws-sigv4-query': {
    method: 'exactly',
    host: 'exactly',
    path: ['dot-segments', 'double-slashes'],
    query: ['escape-spelling', 'parameter-order', 'equal-names', 'empty-parameters'],
    body: 'exactly',
    'header.*': ['white-space', 'line-or-list'],
  },
}

const NOTHING = { method: 'not', scheme: 'not', host: 'not', path: 'not', query: 'not', body: 'not' }

describe('what the signature of a shipped scheme covers', () => {
  it.each(shipped.SCHEMES.map(scheme => [scheme.name, scheme] as const))('%s', (name, scheme) => {
    expect(coverageOf(scheme, 'POST').parts).toEqual({ ...NOTHING, ...TABLE[name] })
  })

  it('has a row for each', () => {
    expect(new Set(shipped.SCHEMES.map(({ name }) => name))).toEqual(new Set(Object.keys(TABLE)))
  })

  it('depends on the method only where {payload} does: bybit signs the query of a GET, and the body of a POST', () => {
    expect(coverageOf(shipped.bybit, 'GET').parts).toEqual({ ...NOTHING, query: ['empty-parameters', 'which-place'] })
    expect(coverageOf(shipped.bybit, 'DELETE')).toEqual(coverageOf(shipped.bybit, 'GET'))
    expect(coverageOf(shipped.bybit).parts).toEqual(NOTHING)
    const others = shipped.SCHEMES.filter(({ name }) => name !== 'bybit')
    for (const scheme of others) expect(coverageOf(scheme, 'GET'), scheme.name).toEqual(coverageOf(scheme, 'POST'))
  })
})

function declared(message: MessagePiece | readonly MessagePiece[], more: Partial<SchemeDeclaration> = {}): Scheme {
  return defineScheme({
    name: 'made-up',
    title: 'Made up',
    algorithm: 'hmac-sha256',
    message,
    signature: { encoding: 'hex' },
    headers: { s: '{signature}' },
    ...more,
  } as SchemeDeclaration)
}

/** A scheme with logic that signs this. */
function based(...of: Recipe[]): Scheme {
  const { declaration: _, ...facts } = shipped.stripe
  const base = {
    createPlan: neverMade,
    createPreparer: neverMade,
    createSigner: neverMade,
    carries: [],
    bodyDigests: ['header.content-digest', 'header.content-digest;key="sha-256"'],
    timestamp: '',
    signs: '',
    takes: { parameters: [], timestamps: [], nonce: false, sessionToken: false },
  }
  return { ...facts, name: 'based', message: join('\n', of), base }
}

describe('the body', () => {
  it.each<[string, Scheme, unknown]>([
    ['is signed by the digest of RFC 9421', httpMessageSignatures(), 'exactly'],
    ['and by one member of it', httpMessageSignatures({ components: ['@method', '"content-digest";key="sha-512"'] }), 'exactly'],
    ['not by the digest of draft 12 in RFC 9421', httpMessageSignatures({ components: ['@method', '@target-uri', 'digest'] }), 'not'],
    ['is signed by the digest of draft 12', draftSignatures(), 'exactly'],
    ['not by that of RFC 9421 in draft 12', draftSignatures({ headers: ['(request-target)', 'date', 'content-digest'] }), 'not'],
    ['is signed in SigV4', sigV4(), 'exactly'],
    ['for S3 as well', sigV4({ service: 's3' }), 'exactly'],
    ['but not in presigned URLs of S3', sigV4({ service: 's3', in: 'query' }), 'not'],
    ['nor where a payload may be unsigned', sigV4({ allowUnsignedPayload: true }), 'not'],
    ['nor there in a presigned URL', sigV4({ allowUnsignedPayload: true, in: 'query' }), 'not'],
  ])('%s', (_what, scheme, expected) => {
    expect(coverageOf(scheme, 'POST').parts.body).toEqual(expected)
  })
})

function neverMade(): never {
  throw new Error('Coverage is read from the recipe alone.')
}

const list = (sort: ListRecipe['sort']): Recipe => ({
  op: 'list',
  from: 'query',
  except: [],
  each: join('', [filter('percent-encode', field('name')), text('='), filter('percent-encode', field('value'))]),
  sort,
  join: '&',
})

describe('losses', () => {
  it.each<[string, Scheme, string, unknown]>([
    ['lower loses letter case', declared('{path|lower}\n{body}'), 'path', ['letter-case']],
    ['upper loses letter case', declared('{target|upper}\n{body}'), 'query', ['letter-case']],
    ['but not of the method, which is taken in upper case only', declared('{method|lower}\n{body}'), 'method', 'exactly'],
    ['nor of the host, which is the verifier’s own', declared('{host|lower}\n{body}'), 'host', 'exactly'],
    [
      'sorting loses the order of parameters, that of equal names too, and the mark',
      declared('{path}\n{query|sorted}\n{body}'),
      'query',
      ['parameter-order', 'equal-names', 'empty-parameters'],
    ],
    ['a query beside its path loses a `?` with nothing behind it', declared('{path}\n{query}\n{body}'), 'query', ['empty-parameters']],
    ['a target loses nothing', declared('{target}\n{body}'), 'query', 'exactly'],
    ['percent-encoding loses nothing', declared('{target|percent-encode}\n{body}'), 'path', 'exactly'],
    ['a hash loses nothing', declared('{method}{body|sha256|hex}'), 'body', 'exactly'],
    [
      'what is lost inside a hash is lost',
      declared(['{method}', { hash: 'sha256', encoding: 'hex', of: '{path|lower}' }]),
      'path',
      ['letter-case'],
    ],
    ['of two ways the one that loses less counts', declared('{path|lower}\n{path}\n{body}'), 'path', 'exactly'],
    ['a header comes once, as it is', declared('{header.x-a}\n{body}'), 'header.x-a', 'exactly'],
    ['a stated digest that nobody compares covers no body', declared('{header.content-digest}\n{target}'), 'body', 'not'],
    ['a body that is read as text has to be text', declared('{target}\n{body|lower}'), 'body', ['letter-case', 'not-utf-8']],
    [
      'a part that only one alternative holds is not signed',
      based({ op: 'first', of: [field('header.x-a'), field('body')] }),
      'body',
      'not',
    ],
    ['a part that all alternatives hold is', based({ op: 'first', of: [field('path'), field('target')] }), 'path', 'exactly'],
    [
      'normalising loses dot segments and double slashes',
      based(filter('normalize', field('path'))),
      'path',
      ['dot-segments', 'double-slashes'],
    ],
    ['encoding again loses how it was escaped', based(filter('re-encode', field('path'), '/')), 'path', ['escape-spelling']],
    ['a list of parameters is decoded', based(list('none')), 'query', ['escape-spelling', 'empty-parameters']],
    [
      'a sorted list loses the order as well',
      based(list('written')),
      'query',
      ['escape-spelling', 'parameter-order', 'equal-names', 'empty-parameters'],
    ],
    ['headers are trimmed and combined', based(field('header.x-a')), 'header.x-a', ['white-space', 'line-or-list']],
    ['a digest that is compared covers the body', based(field('header.content-digest')), 'body', 'exactly'],
    ['one member of it as well', based(filter('member', field('header.content-digest'), 'sha-256')), 'body', 'exactly'],
    ['but not one that is not compared', based(filter('member', field('header.content-digest'), 'md5')), 'body', 'not'],
    ['nor a header that another scheme compares', based(field('header.digest')), 'body', 'not'],
    ['a single parameter is not the query', based(filter('query-param', field('query'), 'id')), 'query', 'not'],
    ['a single parameter has a part of its own', based(filter('query-param', field('query'), 'id')), 'query.id', ['escape-spelling']],
    [
      'names of headers alone hold no header',
      based({ op: 'list', from: 'covered', except: [], each: field('name'), sort: 'none', join: ';' }),
      'header.*',
      undefined,
    ],
  ])('%s', (_what, scheme, part, expected) => {
    expect(coverageOf(scheme, 'POST').parts[part]).toEqual(expected)
  })
})
