import { ALGORITHMS, type Algorithm, type AlgorithmFacts, type Digest } from './algorithm.ts'
import type { BytesEncoding, SecretEncoding } from './encoding.ts'
import { type Field, fieldsOf, invalid, isBytesEncoding, isDigest, type Part, parseTemplate } from './template.ts'
import { EPOCH_DIGITS, type TimestampFormat } from './timestamp.ts'

/** A piece of the message: a template, or the hash of other pieces. */
export type MessagePiece =
  | string
  | { readonly hash: Digest; readonly encoding: BytesEncoding | 'raw'; readonly of: string | readonly string[] }

/**
 * What a header carries: a template, or a list of them (`t=1,v1=abc`). In a list the order is free, unknown items are
 * passed over, and the item of the signature may come several times: one that fits is enough.
 */
export type HeaderDeclaration = string | { readonly prefix?: string; readonly separator: string; readonly items: readonly string[] }

/** A value the client chooses and the scheme signs, such as a receive window. */
export interface ParameterDeclaration {
  readonly default: string
  /** `digits` or `token` (letters, digits, `-`, `_`); what keeps it from running into its neighbour. */
  readonly characters: 'digits' | 'token'
}

/**
 * A signature scheme as data. Signing, verifying and everything else is derived from it, so that they can't disagree.
 *
 * @example
 * ```ts
 * const mine = defineScheme({
 *   name: 'mine',
 *   title: 'My API',
 *   algorithm: 'hmac-sha256',
 *   secret: { encoding: 'base64' },
 *   timestamp: { formats: ['milliseconds'] },
 *   message: '{timestamp}\n{method}\n{target}\n{body|sha256|hex}',
 *   signature: { encoding: 'hex' },
 *   headers: { 'x-key': '{keyId}', 'x-time': '{timestamp}', 'x-signature': '{signature}' },
 * })
 * ```
 */
export interface SchemeDeclaration {
  /** Lower case, digits and dashes; what users type. */
  readonly name: string
  readonly title: string
  /** The page this follows. */
  readonly docs?: string
  readonly algorithm: Algorithm
  /** How the secret is written (HMAC only). Default: `utf8`, no prefix. */
  readonly secret?: { readonly encoding: SecretEncoding; readonly prefix?: string }
  /** What is signed, pieces one behind the other. See {@link parseTemplate} for the templates. */
  readonly message: MessagePiece | readonly MessagePiece[]
  /** The first format is what a signer writes; a verifier reads all. `expires` says it is the end, not the start. */
  readonly timestamp?: { readonly formats: readonly TimestampFormat[]; readonly meaning?: 'issued' | 'expires' }
  readonly signature: { readonly encoding: BytesEncoding }
  readonly headers?: { readonly [name: string]: HeaderDeclaration }
  /** Parameters appended to the query, in this order; the signature has to be the last. */
  readonly query?: { readonly [name: string]: string }
  readonly parameters?: { readonly [name: string]: ParameterDeclaration }
}

/** Where one or more fields travel. */
export interface Carrier {
  readonly in: 'header' | 'query'
  /** Lower case for a header. */
  readonly name: string
  readonly prefix: string
  /** `undefined`: one item, the whole value. */
  readonly separator: string | undefined
  readonly items: readonly (readonly Part[])[]
  readonly fields: readonly Field[]
}

/** A declaration that was checked and taken apart. Made by {@link defineScheme} only. */
export interface Scheme {
  readonly name: string
  readonly title: string
  readonly declaration: SchemeDeclaration
  readonly algorithm: AlgorithmFacts
  readonly secret: { readonly encoding: SecretEncoding; readonly prefix: string }
  readonly message: readonly Part[]
  readonly timestamp:
    | { readonly formats: readonly [TimestampFormat, ...TimestampFormat[]]; readonly meaning: 'issued' | 'expires' }
    | undefined
  readonly signature: { readonly encoding: BytesEncoding }
  readonly carriers: readonly Carrier[]
  /** Two fields of which a call carries exactly one (`{timestamp or nonce}`). */
  readonly alternatives: readonly [Field, Field] | undefined
  readonly parameters: { readonly [name: string]: ParameterDeclaration }
  /** Every field the message or a carrier reads. */
  readonly fields: ReadonlySet<Field>
}

/**
 * Checks a declaration and makes it a scheme.
 *
 * @throws CountersignError `scheme-invalid`, naming the field and what may stand there
 */
export function defineScheme(declaration: SchemeDeclaration): Scheme {
  const { name } = declaration
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name))
    throw invalid('name', `${JSON.stringify(name)} is not lower case letters, digits and single dashes`)
  const at = (field: string): string => `scheme ${name}, ${field}`
  if (!Object.hasOwn(ALGORITHMS, declaration.algorithm))
    throw invalid(at('algorithm'), `${declaration.algorithm} is not one of ${Object.keys(ALGORITHMS).join(', ')}`)
  if (!isBytesEncoding(declaration.signature.encoding))
    throw invalid(at('signature.encoding'), `${String(declaration.signature.encoding)} is no encoding`)
  const parameters = declaration.parameters ?? {}
  const parameterNames = Object.keys(parameters)
  const pieces: readonly MessagePiece[] = isPieces(declaration.message) ? declaration.message : [declaration.message]
  const message = pieces.flatMap((piece, index) => parsePiece(piece, at(`message[${index}]`), parameterNames))
  const carriers = [
    ...Object.entries(declaration.headers ?? {}).map(([header, value]) =>
      parseHeader(header, value, at(`headers.${header}`), parameterNames),
    ),
    ...Object.entries(declaration.query ?? {}).map(([parameter, value]) =>
      parseQuery(parameter, value, at(`query.${parameter}`), parameterNames),
    ),
  ]
  const carried = carriers.flatMap(carrier => carrier.fields)
  const read = message.flatMap(fieldsOf)
  checkCarried(at, message, read, carried, carriers)
  return {
    name,
    title: declaration.title,
    declaration,
    algorithm: ALGORITHMS[declaration.algorithm],
    secret: { encoding: declaration.secret?.encoding ?? 'utf8', prefix: declaration.secret?.prefix ?? '' },
    message,
    timestamp: readTimestamp(declaration, at('timestamp'), [...read, ...carried].includes('timestamp')),
    signature: declaration.signature,
    carriers,
    alternatives: message
      .map(part => (part.kind === 'field' && part.or !== undefined ? ([part.field, part.or] as const) : undefined))
      .find(pair => pair !== undefined),
    parameters,
    fields: new Set([...read, ...carried]),
  }
}

function isPieces(message: MessagePiece | readonly MessagePiece[]): message is readonly MessagePiece[] {
  return Array.isArray(message)
}

function parsePiece(piece: MessagePiece, where: string, parameters: readonly string[]): Part[] {
  if (typeof piece === 'string') return parseTemplate(piece, where, parameters)
  if (!isDigest(piece.hash)) throw invalid(where, `${String(piece.hash)} is no hash`)
  if (piece.encoding !== 'raw' && !isBytesEncoding(piece.encoding)) throw invalid(where, `${String(piece.encoding)} is no encoding`)
  const of = (typeof piece.of === 'string' ? [piece.of] : piece.of).flatMap(template => parseTemplate(template, where, parameters))
  if (of.some(part => part.kind === 'hash' || part.kind === 'mac')) throw invalid(where, 'a hash inside a hash')
  return [{ kind: 'hash', digest: piece.hash, encoding: piece.encoding, of }]
}

function parseHeader(header: string, value: HeaderDeclaration, where: string, parameters: readonly string[]): Carrier {
  if (!/^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(header)) throw invalid(where, 'write header names in lower case')
  const { prefix = '', separator = undefined, items } = typeof value === 'string' ? { items: [value] } : value
  const parsed = items.map(item => parseTemplate(item, where, parameters))
  return { in: 'header', name: header, prefix, separator, items: parsed, fields: parsed.flat().flatMap(fieldsOf) }
}

function parseQuery(parameter: string, value: string, where: string, parameters: readonly string[]): Carrier {
  const parts = parseTemplate(value, where, parameters)
  return { in: 'query', name: parameter, prefix: '', separator: undefined, items: [parts], fields: parts.flatMap(fieldsOf) }
}

function checkCarried(
  at: (field: string) => string,
  message: readonly Part[],
  read: readonly Field[],
  carried: readonly Field[],
  carriers: readonly Carrier[],
): void {
  if (message.length === 0) throw invalid(at('message'), 'nothing is signed')
  if (read.includes('signature')) throw invalid(at('message'), 'the signature can not sign itself')
  if (message.some(part => part.kind === 'mac')) throw invalid(at('message'), 'the filter hmac is for headers')
  if (carried.filter(field => field === 'signature').length !== 1)
    throw invalid(at('headers'), '{signature} has to stand in exactly one header or query parameter')
  const signsQuery = ['query', 'target', 'url', 'payload'].some(field => read.includes(field))
  for (const field of ['timestamp', 'nonce'] as const) {
    if (signsQuery && carriers.some(carrier => carrier.in === 'query' && carrier.fields.includes(field))) continue
    if (read.includes(field) && !carried.includes(field))
      throw invalid(at('headers'), `the message holds {${field}}, so a header or query parameter has to carry it`)
    if (carried.includes(field) && !read.includes(field))
      throw invalid(at('message'), `{${field}} is carried but not signed, so anyone could change it`)
  }
  const last = carriers.filter(carrier => carrier.in === 'query').findIndex(carrier => carrier.fields.includes('signature'))
  if (last >= 0 && last !== carriers.filter(carrier => carrier.in === 'query').length - 1)
    throw invalid(at('query'), 'the signature has to be the last parameter')
  for (const carrier of carriers) {
    for (const parts of carrier.items) {
      if (!parts.some((part, index) => part.kind !== 'literal' && parts[index + 1]?.kind !== 'literal' && index + 1 < parts.length))
        continue
      throw invalid(at(`headers.${carrier.name}`), 'two values with nothing between them can not be told apart')
    }
  }
}

function readTimestamp(declaration: SchemeDeclaration, where: string, used: boolean): Scheme['timestamp'] {
  const [first, ...rest] = declaration.timestamp?.formats ?? []
  if (!used) {
    if (declaration.timestamp !== undefined) throw invalid(where, 'declared, but neither the message nor a header has a {timestamp}')
    return undefined
  }
  if (first === undefined)
    throw invalid(
      where,
      `a {timestamp} is used, so say how it is written: formats: ['seconds'], or another of ${Object.keys(EPOCH_DIGITS).join(', ')}, decimal-seconds, iso8601, http-date`,
    )
  return { formats: [first, ...rest], meaning: declaration.timestamp?.meaning ?? 'issued' }
}
