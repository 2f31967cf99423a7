import type { CryptoProvider } from '../crypto/provider.ts'
import { textOf } from '../explain/difference.ts'
import { withoutParameter } from '../explain/read-loosely.ts'
import { field, filter, join, type Recipe, text } from '../recipe/recipe.ts'
import { encode, utf8 } from '../wire/encoding.ts'
import { pathOf, queryOf, splitUrl } from '../wire/url.ts'
import type { SignedExample } from './example.ts'
import { type Carried, timestampFormatOf } from './observe.ts'

/** A candidate for one part of the message. A message uses at most one candidate of each group. */
export interface Piece {
  readonly group: string
  /** As a declaration's message has it. */
  readonly recipe: Recipe
  readonly value: string | Uint8Array
  /** The carried value that it is. */
  readonly carried: Carried | undefined
  /** Tried first. */
  readonly isLikely: boolean
}

/** Values beyond these are not taken for parts; a search over more would not end. */
const MAX_OTHERS = 3

/** What of a request may have been signed, when a certain value of it is the signature. */
export async function findPieces(
  example: SignedExample,
  carried: readonly Carried[],
  signature: Carried,
  crypto: CryptoProvider,
): Promise<readonly Piece[]> {
  const pieces: Piece[] = []
  const add = (group: string, recipe: Recipe, value: Piece['value'], isLikely = true, from?: Carried): void => {
    const isKnown = pieces.some(piece => piece.group === group && piece.value === value)
    if (!isKnown) pieces.push({ group, recipe, value, carried: from, isLikely })
  }
  const method = example.method.toUpperCase()
  const { origin, target } = splitUrl(example.url.replace(/#.*$/, ''))
  const signedTarget = signature.in === 'query' ? withoutParameter(target, signature.name) : target
  const body = bodyBytes(example.body)
  const bodyText = body === undefined ? '' : textOf(body)

  const others: Carried[] = []
  for (const one of carried) {
    if (one.value === '' || (one.name === signature.name && one.in === signature.in && one.item === signature.item)) continue
    const role = roleOf(one, example)
    if (role === 'timestamp') add('timestamp', field('timestamp'), one.value, true, one)
    else if (role === 'keyId') add('keyId', field('keyId'), one.value, true, one)
    else if (role === 'passphrase') add('passphrase', field('passphrase'), one.value, false, one)
    else if (role === 'nonce') add('nonce', field('nonce'), one.value, true, one)
    else if (one.in === 'header' && one.list === undefined && one.before === '') others.push(one)
  }
  add('method', field('method'), method)
  add('method', filter('lower', field('method')), method.toLowerCase(), false)
  add('url', field('target'), signedTarget)
  add('url', field('url'), origin + signedTarget)
  add('url', field('path'), pathOf(signedTarget))
  if (queryOf(signedTarget) !== '') add('url', field('query'), queryOf(signedTarget), false)
  add('url', field('host'), origin.replace(/^[a-z]+:\/\//i, '').toLowerCase(), false)
  if (bodyText !== '') {
    add('body', field('body'), bodyText)
    for (const [digest, encoding, isLikely] of HASHES)
      add(
        'body',
        filter(encoding, filter(digest, field('body'))),
        encode(await crypto.hash(digest, { before: '', body, after: '' }), encoding),
        isLikely,
      )
  } else if (queryOf(signedTarget) !== '') add('body', field('payload'), queryOf(signedTarget), false)
  const formNonce = /(?:^|&)nonce=(\d+|[\w-]+)(?:&|$)/.exec(bodyText)?.[1]
  if (formNonce !== undefined) {
    const hashed = await crypto.hash('sha256', { before: formNonce, body, after: '' })
    add('body', filter('sha256', join('', [field('nonce'), field('body')])), hashed)
    add('nonce', field('nonce'), formNonce, false)
  }
  for (const one of others.slice(0, MAX_OTHERS)) add(`other ${one.name}`, field(parameterName(one.name)), one.value, true, one)
  const label = /^(v\d+)[=,:]$/.exec(signature.before)?.[1]
  if (label !== undefined) add('literal', text(label), label)
  return pieces
}

const HASHES = [
  ['sha256', 'hex', true],
  ['sha256', 'base64', false],
  ['sha512', 'hex', false],
  ['sha1', 'hex', false],
  ['sha256', 'hex-upper', false],
  ['sha512', 'base64', false],
  ['sha384', 'hex', false],
  ['sha1', 'base64', false],
  ['sha256', 'base64url', false],
] as const

type Role = 'timestamp' | 'keyId' | 'passphrase' | 'nonce' | 'other'

/** By the value where it is known, and else by the name. */
function roleOf({ name, before, value }: Carried, { keyId, passphrase }: SignedExample): Role {
  const label = `${name} ${before}`
  if (keyId !== undefined) {
    if (value === keyId) return 'keyId'
  } else if (/key-?_?(id)?\b|apikey|access-?_?id|client-?_?id/i.test(label) && !/version|sig|time/i.test(label)) return 'keyId'
  if (passphrase !== undefined && value === passphrase) return 'passphrase'
  if (/nonce/i.test(label)) return 'nonce'
  return timestampFormatOf(value) === undefined ? 'other' : 'timestamp'
}

/** A header's name as a parameter's: `x-recv-window` is `recvWindow`. */
export function parameterName(header: string): string {
  return header
    .replace(/^x-/, '')
    .replace(/[^a-z0-9]+(.)?/gi, (_all, letter: string | undefined) => letter?.toUpperCase() ?? '')
    .replace(/^[^a-z]+/, '')
}

function bodyBytes(body: SignedExample['body']): Uint8Array | undefined {
  if (body === undefined || body.length === 0) return undefined
  return typeof body === 'string' ? utf8(body) : body
}
