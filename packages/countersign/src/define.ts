import { ALGORITHMS } from './algorithm.ts'
import { checkTemplate, invalid, isBytesEncoding, isDigest, oneOf, shown } from './check-template.ts'
import type { MessagePiece, SchemeDeclaration } from './declaration.ts'
import { ALPHABETS, SECRET_ENCODINGS } from './encoding.ts'
import type { KnownParts } from './known-parts.ts'
import { NONCE_FORMATS } from './nonce.ts'
import { TIMESTAMP_FORMATS } from './parse-timestamp.ts'
import { type DeclaredScheme, messagePieces, readDeclaration } from './scheme.ts'
import { FIELDS, type Field, fieldsOf, type Part } from './template.ts'

const MEMBERS: { readonly [M in keyof Required<SchemeDeclaration>]: 'text' | 'object' | 'any' } = {
  name: 'text',
  title: 'text',
  docs: 'text',
  algorithm: 'text',
  secret: 'object',
  message: 'any',
  timestamp: 'object',
  nonce: 'object',
  signature: 'object',
  headers: 'object',
  query: 'object',
  form: 'object',
  parameters: 'object',
}

const REQUIRED = ['name', 'title', 'algorithm', 'message', 'signature'] as const

/**
 * Checks a declaration, in TypeScript or as it was read from JSON, and makes it a scheme. In TypeScript, a part that no call has is an error of
 * the types already.
 *
 * @throws CountersignError `scheme-invalid`, naming the field and what may stand there
 */
export function defineScheme<const D extends SchemeDeclaration>(declaration: D & KnownParts<D>): DeclaredScheme {
  checkMembers(declaration)
  const { name } = declaration
  const at = (field: string): string => `scheme ${name}, ${field}`
  if (!ALGORITHMS.includes(declaration.algorithm)) throw invalid(at('algorithm'), oneOf(declaration.algorithm, 'algorithm', ALGORITHMS))
  if (!isBytesEncoding(declaration.signature.encoding))
    throw invalid(at('signature.encoding'), oneOf(declaration.signature.encoding, 'encoding', Object.keys(ALPHABETS)))
  checkSecret(declaration, at)
  checkNonce(declaration, at)
  const parameters = checkParameters(declaration, at)
  const pieces = messagePieces(declaration)
  for (const [index, piece] of pieces.entries()) checkPiece(piece, at(pieces.length === 1 ? 'message' : `message[${index}]`), parameters)
  checkHeaders(declaration, at, parameters)
  for (const [parameter, value] of Object.entries(declaration.query ?? {})) checkTemplate(value, at(`query.${parameter}`), parameters)
  for (const [parameter, value] of Object.entries(declaration.form ?? {})) {
    if (value !== '{nonce}' && value !== '{timestamp}')
      throw invalid(at(`form.${parameter}`), `${shown(value)}: a body carries "{nonce}" or "{timestamp}" and nothing else`)
  }
  const scheme = readDeclaration(declaration)
  checkMessage(scheme, at)
  checkTimestamp(scheme, at)
  checkCarried(scheme, at)
  return scheme
}

type At = (field: string) => string

function checkMembers(declaration: unknown): asserts declaration is SchemeDeclaration {
  const where = 'scheme'
  if (typeof declaration !== 'object' || declaration === null || Array.isArray(declaration))
    throw invalid(where, `a declaration is an object; got ${shown(declaration)}`)
  const given = new Map<string, unknown>(Object.entries(declaration))
  for (const [member, value] of given) {
    if (member === '$schema') continue
    if (!Object.hasOwn(MEMBERS, member)) throw invalid(where, oneOf(member, 'member of a declaration', Object.keys(MEMBERS)))
    const kind = MEMBERS[member as keyof SchemeDeclaration]
    const fits =
      kind === 'any' ||
      value === undefined ||
      (kind === 'text' ? typeof value === 'string' : typeof value === 'object' && value !== null && !Array.isArray(value))
    if (!fits) throw invalid(`${where}, ${member}`, `it is ${kind === 'text' ? 'text' : 'an object'}; got ${shown(value)}`)
  }
  for (const member of REQUIRED) if (given.get(member) === undefined) throw invalid(where, `${member} is missing`)
  const name = String(given.get('name'))
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name))
    throw invalid(`${where}, name`, `${JSON.stringify(name)} is not lower case letters, digits and single dashes`)
}

function checkSecret({ secret, algorithm }: SchemeDeclaration, at: At): void {
  if (secret === undefined) return
  if (!algorithm.startsWith('hmac')) throw invalid(at('secret'), `${algorithm} has a key pair and no secret: leave it out`)
  if (!(SECRET_ENCODINGS as readonly unknown[]).includes(secret.encoding))
    throw invalid(at('secret.encoding'), oneOf(secret.encoding, 'encoding of a secret', SECRET_ENCODINGS))
  if (secret.prefix !== undefined && typeof secret.prefix !== 'string')
    throw invalid(at('secret.prefix'), `it is text; got ${shown(secret.prefix)}`)
}

function checkNonce({ nonce }: SchemeDeclaration, at: At): void {
  if (nonce === undefined) return
  if (!Array.isArray(nonce.formats) || nonce.formats.length === 0)
    throw invalid(at('nonce.formats'), `it is a list of ${NONCE_FORMATS.join(', ')}`)
  for (const format of nonce.formats)
    if (!NONCE_FORMATS.includes(format)) throw invalid(at('nonce.formats'), oneOf(format, 'nonce format', NONCE_FORMATS))
}

const CHARACTERS = { digits: /^\d{1,19}$/, token: /^[A-Za-z0-9_-]{1,128}$/ }

function checkParameters({ parameters = {} }: SchemeDeclaration, at: At): readonly string[] {
  for (const [name, parameter] of Object.entries(parameters)) {
    const where = at(`parameters.${name}`)
    if (!/^[a-z][A-Za-z0-9]*$/.test(name)) throw invalid(where, 'a name is a lower-case letter, then letters and digits')
    if ((FIELDS as readonly string[]).includes(name)) throw invalid(where, `{${name}} is a part of every call already: take another name`)
    if (!Object.hasOwn(CHARACTERS, parameter.characters))
      throw invalid(`${where}.characters`, oneOf(parameter.characters, 'kind of characters', Object.keys(CHARACTERS)))
    if ((parameter.default === undefined) === (parameter.generate === undefined))
      throw invalid(where, 'give default, a value, or generate, how one is made for every call')
    if (parameter.default !== undefined && !CHARACTERS[parameter.characters].test(parameter.default))
      throw invalid(`${where}.default`, `${shown(parameter.default)} is not of the characters ${parameter.characters}`)
    if (parameter.generate !== undefined && !NONCE_FORMATS.includes(parameter.generate))
      throw invalid(`${where}.generate`, oneOf(parameter.generate, 'nonce format', NONCE_FORMATS))
  }
  return Object.keys(parameters)
}

function checkPiece(piece: MessagePiece, where: string, parameters: readonly string[]): void {
  if (typeof piece !== 'object' || piece === null) {
    checkTemplate(piece, where, parameters)
    return
  }
  if (!isDigest(piece.hash)) throw invalid(`${where}.hash`, oneOf(piece.hash, 'hash', ['sha1', 'sha256', 'sha384', 'sha512']))
  if (piece.encoding !== 'raw' && !isBytesEncoding(piece.encoding))
    throw invalid(`${where}.encoding`, oneOf(piece.encoding, 'encoding', [...Object.keys(ALPHABETS), 'raw']))
  for (const template of Array.isArray(piece.of) ? piece.of : [piece.of]) checkTemplate(template, `${where}.of`, parameters)
}

function checkHeaders({ headers = {} }: SchemeDeclaration, at: At, parameters: readonly string[]): void {
  for (const [header, value] of Object.entries(headers)) {
    const where = at(`headers.${header}`)
    if (!/^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(header)) throw invalid(where, 'write header names in lower case')
    if (typeof value === 'string') {
      checkTemplate(value, where, parameters)
      continue
    }
    if (typeof value !== 'object' || value === null || typeof value.separator !== 'string' || !Array.isArray(value.items))
      throw invalid(where, `it is a template, or { separator, items: [template, …] }; got ${shown(value)}`)
    for (const [index, item] of value.items.entries()) checkTemplate(item, `${where}.items[${index}]`, parameters)
  }
}

function checkMessage({ message }: DeclaredScheme, at: At): void {
  if (message.length === 0) throw invalid(at('message'), 'nothing is signed')
  if (message.flatMap(fieldsOf).includes('signature')) throw invalid(at('message'), 'the signature can not sign itself')
  for (const part of message) {
    if (part.kind === 'mac') throw invalid(at('message'), 'the filter hmac is for headers')
    if (part.kind === 'hash' && part.of.some(inner => inner.kind === 'hash' || inner.kind === 'mac'))
      throw invalid(at('message'), 'a hash inside a hash')
  }
}

function checkTimestamp({ declaration, fields }: DeclaredScheme, at: At): void {
  const { timestamp } = declaration
  if (!fields.has('timestamp')) {
    if (timestamp !== undefined) throw invalid(at('timestamp'), 'declared, but neither the message nor a header has a {timestamp}')
    return
  }
  if (timestamp === undefined || !Array.isArray(timestamp.formats) || timestamp.formats.length === 0)
    throw invalid(
      at('timestamp'),
      `a {timestamp} is used, so say how it is written: formats: ['seconds'], or another of ${TIMESTAMP_FORMATS.join(', ')}`,
    )
  for (const format of timestamp.formats)
    if (!TIMESTAMP_FORMATS.includes(format)) throw invalid(at('timestamp.formats'), oneOf(format, 'timestamp format', TIMESTAMP_FORMATS))
  if (timestamp.meaning !== undefined && timestamp.meaning !== 'issued' && timestamp.meaning !== 'expires')
    throw invalid(at('timestamp.meaning'), oneOf(timestamp.meaning, 'meaning', ['issued', 'expires']))
}

function checkCarried({ message, carriers, parameters }: DeclaredScheme, at: At): void {
  const read = message.flatMap(fieldsOf)
  const carried = carriers.flatMap(carrier => carrier.fields)
  const signatures = carried.filter(field => field === 'signature').length
  if (signatures !== 1)
    throw invalid(at('headers'), `{signature} has to stand in exactly one header or query parameter; it stands in ${signatures}`)
  const signs = (fields: readonly string[]): boolean => fields.some(field => read.includes(field))
  for (const field of ['timestamp', 'nonce'] as const) {
    const inSignedPlace = carriers.some(
      carrier =>
        carrier.fields.includes(field) &&
        ((carrier.in === 'query' && signs(['query', 'target', 'url', 'payload'])) || (carrier.in === 'form' && signs(['body', 'payload']))),
    )
    if (inSignedPlace) continue
    if (read.includes(field) && !carried.includes(field))
      throw invalid(at('headers'), `the message holds {${field}}, so a header or query parameter has to carry it`)
    if (carried.includes(field) && !read.includes(field))
      throw invalid(at('message'), `{${field}} is carried but not signed, so anyone could change it`)
  }
  const query = carriers.filter(carrier => carrier.in === 'query')
  const last = query.findIndex(carrier => carrier.fields.includes('signature'))
  if (last >= 0 && last !== query.length - 1) throw invalid(at('query'), 'the signature has to be the last parameter')
  const carriable = ['keyId', 'passphrase', 'timestamp', 'nonce', 'signature', ...Object.keys(parameters)]
  for (const carrier of carriers) {
    for (const parts of carrier.items)
      checkItem(parts, message, carriable, at(`${carrier.in === 'header' ? 'headers' : carrier.in}.${carrier.name}`))
  }
}

function checkItem(parts: readonly Part[], message: readonly Part[], carriable: readonly Field[], where: string): void {
  if (parts.some((part, index) => part.kind !== 'literal' && index + 1 < parts.length && parts[index + 1]?.kind !== 'literal'))
    throw invalid(where, 'two values with nothing between them can not be told apart')
  for (const part of parts) {
    if (part.kind === 'field' && part.change !== undefined && part.change !== 'percent-encode')
      throw invalid(where, `{${part.field}|${part.change}}: what was changed like that can not be read back`)
    if (part.kind === 'field' && !carriable.includes(part.field))
      throw invalid(
        where,
        `{${part.field}} is nothing to carry: the server knows it already. What travels is ${carriable.map(field => `{${field}}`).join(', ')}`,
      )
    if (part.kind === 'hash' && !message.some(signed => JSON.stringify(signed) === JSON.stringify(part)))
      throw invalid(
        where,
        `the ${part.digest} of {${part.of.flatMap(fieldsOf).join('')}} is carried but not signed: put the same into the message`,
      )
  }
}
