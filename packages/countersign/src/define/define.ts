import { oneOf, shown } from '../contract/one-of.ts'
import { ALGORITHMS, DIGESTS } from '../crypto/algorithm.ts'
import { fieldsOf, hashOf, macOf, type Recipe } from '../recipe/recipe.ts'
import type { MessagePiece, SchemeDeclaration } from '../scheme/declaration.ts'
import type { KnownParts } from '../scheme/known-parts.ts'
import { messagePieces, readDeclaration } from '../scheme/read-declaration.ts'
import type { DeclaredScheme } from '../scheme/scheme.ts'
import type { TypesOf } from '../scheme/scheme-types.ts'
import { featuresOf } from '../sign/features.ts'
import { ALPHABETS } from '../wire/encoding.ts'
import { isHeaderName } from '../wire/headers.ts'
import { checkCarried } from './check-carried.ts'
import { checkMembers } from './check-members.ts'
import { checkTemplate, invalid, isBytesEncoding, isDigest } from './check-template.ts'
import { type At, checkNonce, checkOnly, checkParameters, checkSecret, checkTimestamp } from './check-values.ts'
import { withKnownHeaders } from './known-headers.ts'
import { readBack } from './read-back.ts'

/**
 * Checks a declaration, in TypeScript or as it was read from JSON, and makes it a scheme. In TypeScript, a part that no
 * call has is an error of the types already, and so is a member that no declaration has.
 *
 * @throws CountersignError `scheme-invalid`, naming the field and what may stand there
 */
export function defineScheme<const D extends SchemeDeclaration>(declaration: D & KnownParts<D>): DeclaredScheme<TypesOf<D>>
export function defineScheme(declaration: unknown): DeclaredScheme {
  checkMembers(declaration)
  const at: At = field => `scheme ${declaration.name}, ${field}`
  if (!ALGORITHMS.includes(declaration.algorithm)) throw invalid(at('algorithm'), oneOf(declaration.algorithm, 'algorithm', ALGORITHMS))
  if (!isBytesEncoding(declaration.signature.encoding))
    throw invalid(at('signature.encoding'), oneOf(declaration.signature.encoding, 'encoding', Object.keys(ALPHABETS)))
  checkSecret(declaration, at)
  checkNonce(declaration, at)
  checkOnly(declaration, at)
  const parameters = checkParameters(declaration, at)
  const pieces = messagePieces(declaration)
  for (const [index, piece] of pieces.entries()) checkPiece(piece, at(pieces.length === 1 ? 'message' : `message[${index}]`), parameters)
  checkPlaces(declaration, at, parameters)
  // What was checked stays as it is, whatever becomes of the object that was given.
  const read = withKnownHeaders(readDeclaration(frozen(structuredClone(declaration))))
  const scheme: DeclaredScheme = { ...read, features: { ...featuresOf(read), ...readBack } }
  for (const part of scheme.message.of) checkPart(part, at)
  checkAlternatives(scheme, at)
  checkAlternativePlaces(scheme, at)
  if (scheme.message.of.length === 0) throw invalid(at('message'), 'nothing is signed')
  checkTimestamp(declaration, at, scheme.fields.has('timestamp'))
  checkCarried(scheme, at)
  return scheme
}

function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  for (const member of Object.values(value)) frozen(member)
  return Object.freeze(value)
}

function checkPiece(piece: MessagePiece, where: string, parameters: readonly string[]): void {
  if (typeof piece !== 'object' || piece === null) {
    checkTemplate(piece, where, parameters)
    return
  }
  if (!isDigest(piece.hash)) throw invalid(`${where}.hash`, oneOf(piece.hash, 'hash', DIGESTS))
  if (piece.encoding !== 'raw' && !isBytesEncoding(piece.encoding))
    throw invalid(`${where}.encoding`, oneOf(piece.encoding, 'encoding', [...Object.keys(ALPHABETS), 'raw']))
  for (const template of Array.isArray(piece.of) ? piece.of : [piece.of]) checkTemplate(template, `${where}.of`, parameters)
}

/** The templates of what travels. */
function checkPlaces({ headers = {}, query = {}, form = {} }: SchemeDeclaration, at: At, parameters: readonly string[]): void {
  for (const [header, value] of Object.entries(headers)) {
    const where = at(`headers.${header}`)
    if (!isHeaderName(header) || header === '__proto__') throw invalid(where, 'write header names in lower case')
    if (typeof value === 'string') checkTemplate(value, where, parameters)
    else for (const [index, item] of value.items.entries()) checkTemplate(item, `${where}.items[${index}]`, parameters)
  }
  for (const [parameter, value] of Object.entries(query)) {
    checkParameterName(parameter, at(`query.${parameter}`))
    checkTemplate(value, at(`query.${parameter}`), parameters)
  }
  for (const [parameter, value] of Object.entries(form)) {
    checkParameterName(parameter, at(`form.${parameter}`))
    if (value !== '{nonce}' && value !== '{timestamp}')
      throw invalid(at(`form.${parameter}`), `${shown(value)}: a body carries "{nonce}" or "{timestamp}" and nothing else`)
  }
}

/** Names that are written in a query as they are. */
function checkParameterName(name: string, where: string): void {
  if (!/^[A-Za-z0-9._~-]+$/.test(name) || name === '__proto__')
    throw invalid(where, 'a parameter has a name of letters, digits and the characters . _ ~ -')
}

/**
 * `{timestamp or nonce}` stands in the message by itself, once: a reader of calls has to see that either is carried and
 * not both.
 */
function checkAlternatives({ message, carriers }: DeclaredScheme, at: At): void {
  const bare = message.of.filter(part => part.op === 'first').length
  const all = [...message.of, ...carriers.flatMap(carrier => carrier.items.flat())].reduce((sum, part) => sum + countAlternatives(part), 0)
  if (all > bare || bare > 1) throw invalid(at('message'), '{timestamp or nonce} stands in the message once, without filters or a hash')
}

/** A call leaves one of the two out, and its header with it. */
function checkAlternativePlaces({ alternatives, carriers }: DeclaredScheme, at: At): void {
  if (alternatives === undefined) return
  for (const { in: place, name, fields, items } of carriers) {
    if (!alternatives.some(field => fields.includes(field))) continue
    if (place !== 'header' || items.length > 1 || items[0]?.length !== 1 || items[0][0]?.op !== 'field')
      throw invalid(at(`headers.${name}`), 'of {timestamp or nonce}, each stands alone in a header of its own, since a call leaves one out')
  }
}

function countAlternatives(recipe: Recipe): number {
  if (recipe.op === 'first') return 1
  if (recipe.op === 'filter') return countAlternatives(recipe.of)
  return recipe.op === 'join' ? recipe.of.reduce((sum, part) => sum + countAlternatives(part), 0) : 0
}

/** A part of the message is a text, a value, or one hash of such. */
function checkPart(part: Recipe, at: At): void {
  if (fieldsOf(part).includes('signature')) throw invalid(at('message'), "the signature can't sign itself")
  if (macOf(part) !== undefined) throw invalid(at('message'), 'the filter hmac is for headers')
  const inner = hashOf(part)?.of
  if (inner === undefined) return
  for (const one of inner.op === 'join' ? inner.of : [inner]) {
    if (hashOf(one) !== undefined || macOf(one) !== undefined) throw invalid(at('message'), 'a hash inside a hash')
  }
}
