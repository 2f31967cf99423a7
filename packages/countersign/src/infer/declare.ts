import type { Algorithm } from '../crypto/algorithm.ts'
import { partsOf } from '../recipe/compile.ts'
import { fieldsOf, hashOf, type Recipe } from '../recipe/recipe.ts'
import { templateOf } from '../recipe/template-of.ts'
import type { HeaderDeclaration, MessagePiece, ParameterDeclaration, SchemeDeclaration } from '../scheme/declaration.ts'
import { encode, type SecretEncoding } from '../wire/encoding.ts'
import type { SignedExample } from './example.ts'
import { type Carried, type SignatureSighting, timestampFormatOf } from './observe.ts'
import { type Piece, parameterName } from './pieces.ts'

/** A way to have signed the example. */
export interface Guess {
  readonly pieces: readonly Piece[]
  readonly separators: readonly string[]
  readonly signature: SignatureSighting
  readonly secret: { readonly encoding: SecretEncoding; readonly prefix: string }
}

/** What the example carries beside the message's own parts. */
export interface Context {
  readonly carried: readonly Carried[]
  readonly all: readonly Piece[]
  readonly example: SignedExample
  /** The passphrase's own signature, in bytes, where there is a passphrase. */
  readonly signedPassphrase: Uint8Array | undefined
}

/** The declaration of a guess. */
export function declare(guess: Guess, context: Context): SchemeDeclaration {
  const { pieces, signature, secret } = guess
  const fields = assignFields(guess, context)
  const timestamp = pieces.find(({ group }) => group === 'timestamp')?.carried ?? carrierOf(fields, '{timestamp}')
  const format = timestamp === undefined ? undefined : timestampFormatOf(timestamp.value)
  const parameters: Record<string, ParameterDeclaration> = {}
  for (const { group, carried } of pieces) {
    if (group.startsWith('other ') && carried !== undefined) parameters[parameterName(carried.name)] = parameterOf(carried.value)
  }
  const hasFormNonce = pieces.some(({ recipe }) => isRaw(recipe)) && carrierOf(fields, '{nonce}') === undefined
  const headers = headersOf(fields)
  const query = queryOf(fields)
  return {
    name: 'inferred',
    title: 'Inferred from examples',
    algorithm: `hmac-${signature.digest}` as Algorithm,
    ...(secret.encoding === 'utf8' && secret.prefix === ''
      ? {}
      : { secret: { encoding: secret.encoding, ...(secret.prefix === '' ? {} : { prefix: secret.prefix }) } }),
    ...(format === undefined
      ? {}
      : { timestamp: { formats: [format], ...(/expires?/i.test(timestamp?.name ?? '') ? { meaning: 'expires' as const } : {}) } }),
    message: messageOf(guess),
    signature: { encoding: signature.encoding },
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
    ...(Object.keys(query).length === 0 ? {} : { query }),
    ...(hasFormNonce ? { form: { nonce: '{nonce}' as const } } : {}),
    ...(Object.keys(parameters).length === 0 ? {} : { parameters }),
  }
}

type Fields = readonly (readonly [Carried, template: string])[]

/** Which carried value is which field: the signature, what the message has, and of the rest what names the key. */
function assignFields({ pieces, signature }: Guess, { carried, all, example, signedPassphrase }: Context): Fields {
  const fields: (readonly [Carried, string])[] = []
  for (const one of carried) {
    const isTaken = fields.some(([other]) => other.name === one.name && other.in === one.in && other.item === one.item)
    if (isTaken) continue
    if (one === signature.carried) fields.push([one, '{signature}'])
    else if (
      one.name === signature.carried.name &&
      one.in === signature.carried.in &&
      one.list?.separator !== signature.carried.list?.separator
    )
      continue
    else {
      const piece = pieces.find(other => other.carried === one) ?? all.find(other => other.carried === one && other.group === 'keyId')
      const inQuery = all.find(other => other.carried === one && one.in === 'query' && other.group === 'timestamp')
      if (piece !== undefined && !isRaw(piece.recipe)) fields.push([one, templateOf(piece.recipe)])
      else if (
        inQuery !== undefined &&
        pieces.some(({ recipe }) => fieldsOf(recipe).some(field => ['query', 'target', 'url', 'payload'].includes(field)))
      )
        fields.push([one, '{timestamp}'])
      else if (example.passphrase !== undefined && one.value === example.passphrase) fields.push([one, '{passphrase}'])
      else if (signedPassphrase !== undefined) {
        const encoding = (['base64', 'hex'] as const).find(spelling => encode(signedPassphrase, spelling) === one.value)
        if (encoding !== undefined) fields.push([one, `{passphrase|hmac|${encoding}}`])
      }
    }
  }
  return fields
}

function carrierOf(fields: Fields, template: string): Carried | undefined {
  return fields.find(([, own]) => own === template)?.[0]
}

function headersOf(fields: Fields): Record<string, HeaderDeclaration> {
  const headers: Record<string, HeaderDeclaration> = {}
  for (const [{ in: place, name, before, after, list }, template] of fields) {
    if (place !== 'header') continue
    const text = literal(before) + template + literal(after)
    if (list === undefined) headers[name] = text
    else {
      const known = headers[name]
      const items = known === undefined || typeof known === 'string' ? [] : known.items
      headers[name] = { ...(list.prefix === '' ? {} : { prefix: list.prefix }), separator: list.separator, items: [...items, text] }
    }
  }
  return headers
}

/** The signature comes last, as it is appended. */
function queryOf(fields: Fields): Record<string, string> {
  const own = fields.filter(([{ in: place }]) => place === 'query').map(([{ name }, template]) => [name, template] as const)
  return Object.fromEntries(own.sort(([, a], [, b]) => Number(a === '{signature}') - Number(b === '{signature}')))
}

/** Pieces with what separates them; one template where all of them are. */
function messageOf({ pieces, separators }: Guess): SchemeDeclaration['message'] {
  const list: MessagePiece[] = []
  for (const [index, { recipe }] of pieces.entries()) {
    const lead = literal(separators[index - 1] ?? '')
    const last = list.at(-1)
    const hash = hashOf(recipe)
    if (hash?.encoding === 'raw') {
      if (lead !== '') list.push(lead)
      list.push({ hash: hash.digest, encoding: 'raw', of: partsOf(hash.of).map(templateOf) })
    } else {
      const text = lead + templateOf(recipe)
      if (typeof last === 'string') list[list.length - 1] = last + text
      else list.push(text)
    }
  }
  const [only] = list
  return list.length === 1 && only !== undefined ? only : list
}

/** The bytes of a hash, which no template can say. */
function isRaw(recipe: Recipe): boolean {
  return hashOf(recipe)?.encoding === 'raw'
}

/** A value that differs from call to call is made anew; a number is most often a setting. */
function parameterOf(value: string): ParameterDeclaration {
  if (/^\d{1,9}$/.test(value)) return { characters: 'digits', default: value }
  const generate = /^[0-9a-f]{8}-[0-9a-f]{4}-/i.test(value) ? 'uuid' : /^[0-9a-f]{32}$/.test(value) ? 'hex' : 'random'
  return { characters: 'token', generate }
}

function literal(text: string): string {
  return text.replace(/[{}]/g, brace => brace + brace)
}
