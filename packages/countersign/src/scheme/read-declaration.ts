import { algorithmFacts } from '../crypto/algorithm.ts'
import { type Field, fieldsOf, join, joinParts, type Recipe } from '../recipe/recipe.ts'
import type { HeaderDeclaration, MessagePiece, SchemeDeclaration } from './declaration.ts'
import type { NeededFeatures } from './needed-features.ts'
import type { Carrier, DeclaredScheme, SignerFeatures } from './scheme.ts'
import type { TypesOf } from './scheme-types.ts'
import { hashRecipe, parseTemplate } from './template.ts'

/**
 * Takes a declaration apart that is known to be right: the library's own, which its tests check, so that a client need
 * not carry the checks. Everyone else's go through {@link defineScheme}.
 *
 * @param features what its calls need; the types ask for them, and a test compares them with `featuresOf`
 */
export function readDeclaration<const D extends SchemeDeclaration>(
  declaration: D,
  ...features: NeededFeatures<D, SignerFeatures>
): DeclaredScheme<TypesOf<D>>
export function readDeclaration(declaration: SchemeDeclaration, features: SignerFeatures = {}): DeclaredScheme {
  const { name, title, docs, timestamp, secret, headers = {}, query = {}, form = {} } = declaration
  const readAll = (place: Carrier['in'], all: { readonly [name: string]: HeaderDeclaration }): readonly Carrier[] =>
    Object.entries(all).map(([carrier, value]) => readCarrier(place, carrier, value))
  const carriers = [...readAll('header', headers), ...readAll('query', query), ...readAll('form', form)]
  const parts = messagePieces(declaration).flatMap(readPiece)
  const [first, ...rest] = timestamp?.formats ?? []
  const [nonceFormat = 'any', ...nonceFormats] = declaration.nonce?.formats ?? []
  const fields = new Set([...parts.flatMap(fieldsOf), ...carriers.flatMap(carrier => carrier.fields)])
  const algorithm = algorithmFacts(declaration.algorithm)
  const alternatives = parts
    .map(part => (part.op === 'first' ? (fieldsOf(part) as [Field, Field]) : undefined))
    .find(pair => pair !== undefined)
  return {
    name,
    title,
    docs,
    declaration,
    algorithms: [algorithm.name],
    algorithm,
    keys: algorithm.family === 'hmac' ? 'secret' : 'key-pair',
    secret: { encoding: secret?.encoding ?? 'utf8', prefix: secret?.prefix ?? '' },
    derivedKey: undefined,
    signature: declaration.signature,
    message: join('', parts),
    keyId: carriers.some(carrier => carrier.fields.includes('keyId')) ? 'carried' : 'none',
    hasPassphrase: fields.has('passphrase'),
    detectsReplays: fields.has('timestamp') || fields.has('nonce'),
    only: declaration.only ?? {},
    accepts: [],
    base: undefined,
    timestamp: first === undefined ? undefined : { formats: [first, ...rest], meaning: timestamp?.meaning ?? 'issued' },
    nonce: { formats: [nonceFormat, ...nonceFormats] },
    carriers,
    alternatives,
    parameters: declaration.parameters ?? {},
    fields,
    features,
  }
}

export function messagePieces({ message }: SchemeDeclaration): readonly MessagePiece[] {
  return isPieces(message) ? message : [message]
}

function isPieces(message: SchemeDeclaration['message']): message is readonly MessagePiece[] {
  return Array.isArray(message)
}

function readPiece(piece: MessagePiece): readonly Recipe[] {
  if (typeof piece === 'string') return parseTemplate(piece)
  const of = (typeof piece.of === 'string' ? [piece.of] : piece.of).flatMap(parseTemplate)
  return [hashRecipe(piece.hash, piece.encoding, joinParts(of))]
}

function readCarrier(place: Carrier['in'], name: string, value: HeaderDeclaration): Carrier {
  const { prefix = '', separator = undefined, items } = typeof value === 'string' ? { items: [value] } : value
  const parsed = items.map(parseTemplate)
  return { in: place, name, prefix, separator, items: parsed, fields: parsed.flat().flatMap(fieldsOf) }
}
