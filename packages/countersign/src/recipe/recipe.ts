import { DIGESTS, type Digest } from '../crypto/algorithm.ts'
import { ALPHABETS, type BytesEncoding } from '../wire/encoding.ts'

/**
 * What a template may name in braces. `target` is path and query as they stand on the request line, `query` is without
 * its `?`, `payload` is the query for GET, HEAD and DELETE and the body for the rest. Parameters that the scheme
 * declares are named too, and `header.NAME` for another header of the request.
 */
export const FIELDS = [
  'timestamp',
  'nonce',
  'keyId',
  'passphrase',
  'method',
  'url',
  'origin',
  'host',
  'target',
  'path',
  'query',
  'body',
  'payload',
  'signature',
] as const

export type BuiltInField = (typeof FIELDS)[number]
/** One of {@link FIELDS}, `header.NAME`, or the name of a parameter. */
export type Field = BuiltInField | (string & {})

/** Filters that a declaration may use on text. */
export const TEXT_CHANGES = ['lower', 'upper', 'percent-encode', 'sorted'] as const

export type TextChange = (typeof TEXT_CHANGES)[number]

export function isTextChange(word: string): word is TextChange {
  return TEXT_CHANGES.some(change => change === word)
}

/**
 * A step of a recipe from text to text, text to bytes (a hash), or bytes to text (an encoding). Beside those that
 * declarations may use there are those of schemes with logic: `normalize`, `re-encode`, `collapse` (SigV4),
 * `structured`, `member`, `byte-lines`, `query-param` (RFC 9421).
 */
export type Filter =
  | TextChange
  | Digest
  | BytesEncoding
  | 'hmac'
  | 'normalize'
  | 're-encode'
  | 'collapse'
  | 'structured'
  | 'member'
  | 'byte-lines'
  | 'query-param'

/**
 * How a signed message is made: a small tree, shared and never changed. It is the only form of a scheme's logic;
 * signing, verifying, explaining, samples, docs and what a signature covers are all read from it.
 */
export type Recipe =
  | TextRecipe
  | FieldRecipe
  | { readonly op: 'step'; readonly name: string; readonly of: Recipe }
  | FilterRecipe
  | JoinRecipe
  /** The first alternative that the call has; `{timestamp or nonce}`. */
  | { readonly op: 'first'; readonly of: readonly Recipe[] }
  | ListRecipe

export interface TextRecipe {
  readonly op: 'text'
  readonly text: string
}

export interface FieldRecipe {
  readonly op: 'field'
  readonly field: Field
}

export interface FilterRecipe {
  readonly op: 'filter'
  readonly filter: Filter
  /** The filter's argument; empty where it takes none. */
  readonly with: string
  readonly of: Recipe
}

export interface JoinRecipe {
  readonly op: 'join'
  readonly by: string
  readonly of: readonly Recipe[]
}

/** Pairs of a name and a value, each written by `each` (with the fields `name` and `value`). */
export interface ListRecipe {
  readonly op: 'list'
  /** The query's parameters, decoded; or the headers that the call covers, in that order. */
  readonly from: 'query' | 'covered'
  /** Names that are left out: the parameter that carries the signature. */
  readonly except: readonly string[]
  readonly each: Recipe
  /** `written`: as each writes its name, then its value. */
  readonly sort: 'none' | 'written'
  readonly join: string
}

/** A message is parts one behind the other. */
export type MessageRecipe = JoinRecipe

export function text(content: string): TextRecipe {
  return { op: 'text', text: content }
}

export function field(name: Field): FieldRecipe {
  return { op: 'field', field: name }
}

export function filter(name: Filter, of: Recipe, argument = ''): FilterRecipe {
  return { op: 'filter', filter: name, with: argument, of }
}

export function join(by: string, of: readonly Recipe[]): JoinRecipe {
  return { op: 'join', by, of }
}

/** Parts one behind the other; one alone is itself. */
export function joinParts(parts: readonly Recipe[]): Recipe {
  const [only] = parts
  return parts.length === 1 && only !== undefined ? only : join('', parts)
}

const HASHES: readonly Filter[] = DIGESTS

/** A hash and how it is written; `raw` is its bytes. */
export interface HashRecipe {
  readonly digest: Digest
  readonly encoding: BytesEncoding | 'raw'
  readonly of: Recipe
}

/** The hash that a recipe is, with its encoding; `undefined` for every other recipe. */
export function hashOf(recipe: Recipe): HashRecipe | undefined {
  if (recipe.op !== 'filter') return undefined
  if (HASHES.includes(recipe.filter)) return { digest: recipe.filter as Digest, encoding: 'raw', of: recipe.of }
  const inner = recipe.of
  if (!(recipe.filter in ALPHABETS) || inner.op !== 'filter' || !HASHES.includes(inner.filter)) return undefined
  return { digest: inner.filter as Digest, encoding: recipe.filter as BytesEncoding, of: inner.of }
}

/** Whether a recipe is the signature of a passphrase. */
export function isMac(recipe: Recipe): recipe is FilterRecipe & { readonly of: FilterRecipe } {
  return recipe.op === 'filter' && recipe.of.op === 'filter' && recipe.of.filter === 'hmac'
}

/** How a carried passphrase is signed, `{passphrase|hmac|base64}`; `undefined` for every other recipe. */
export function macOf(recipe: Recipe): { readonly encoding: BytesEncoding; readonly of: Recipe } | undefined {
  return isMac(recipe) ? { encoding: recipe.filter as BytesEncoding, of: recipe.of.of } : undefined
}

/** Every field that a recipe reads; those of a list's items are `name` and `value`, which are left out. */
export function fieldsOf(recipe: Recipe): readonly Field[] {
  switch (recipe.op) {
    case 'text':
      return []
    case 'field':
      return [recipe.field]
    case 'list':
      return [recipe.from]
    case 'step':
    case 'filter':
      return fieldsOf(recipe.of)
    default:
      return recipe.of.flatMap(fieldsOf)
  }
}
