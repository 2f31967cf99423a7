import type { Digest } from '../crypto/algorithm.ts'
import { partsOf } from '../recipe/compile.ts'
import { mergeTexts } from '../recipe/merge-texts.ts'
import { hashOf, join, macOf, type Recipe, type TextChange, text } from '../recipe/recipe.ts'
import type { BytesEncoding } from '../wire/encoding.ts'

/**
 * How a language writes the expressions that a message and headers are made of. It has an entry for every filter of a
 * declaration.
 */
export interface Dialect {
  readonly literal: (text: string) => string
  /** The variable of a value. */
  readonly variable: (name: string) => string
  readonly concat: (texts: readonly string[]) => string
  readonly change: { readonly [C in TextChange]: (text: string) => string }
  /** The bytes of a hash of a text. */
  readonly hash: (digest: Digest, text: string) => string
  /** The bytes of the HMAC, with the secret, of the passphrase. */
  readonly passphraseMac: (digest: Digest) => string
  readonly encode: (bytes: string, encoding: BytesEncoding) => string
  readonly toBytes: (text: string) => string
  readonly concatBytes: (bytes: readonly string[]) => string
}

/** The expression of a recipe's text. */
export function print(recipe: Recipe, dialect: Dialect): string {
  const texts = partsPrinted(recipe).map(part => printPart(part, dialect))
  const [only] = texts
  return only !== undefined && texts.length === 1 ? only : dialect.concat(texts)
}

/** The expression of a recipe's bytes: for a message with a raw hash in it, which isn't text. */
export function printBytes(recipe: Recipe, dialect: Dialect): string {
  return dialect.concatBytes(partsPrinted(recipe).map(part => rawHash(part, dialect) ?? dialect.toBytes(printPart(part, dialect))))
}

/**
 * The expressions of a recipe's parts, in languages whose text may hold any byte.
 *
 * @param raw what makes such text of the bytes of a hash
 */
export function printParts(recipe: Recipe, dialect: Dialect, raw = (bytes: string): string => bytes): readonly string[] {
  return partsPrinted(recipe).map(part => {
    const bytes = rawHash(part, dialect)
    return bytes === undefined ? printPart(part, dialect) : raw(bytes)
  })
}

/** The parts of a recipe: neighbouring texts as one, and no empty one unless it is all there is. */
export function partsPrinted(recipe: Recipe): readonly Recipe[] {
  const parts = mergeTexts(recipe).of.filter(part => part.op !== 'text' || part.text !== '')
  return parts.length === 0 ? [text('')] : parts
}

/** Whether a message has bytes in it that are no text. */
export function hasRawHash(recipe: Recipe): boolean {
  return partsOf(recipe).some(part => hashOf(part)?.encoding === 'raw')
}

function rawHash(part: Recipe, dialect: Dialect): string | undefined {
  const hash = hashOf(part)
  return hash?.encoding === 'raw' ? dialect.hash(hash.digest, print(hash.of, dialect)) : undefined
}

function printPart(part: Recipe, dialect: Dialect): string {
  switch (part.op) {
    case 'text':
      return dialect.literal(part.text)
    case 'field':
      return dialect.variable(part.field)
    case 'first':
      return print(part.of[0] ?? text(''), dialect)
    case 'filter': {
      const mac = macOf(part)
      if (mac !== undefined) return dialect.encode(dialect.passphraseMac(macDigest(part)), mac.encoding)
      const hash = hashOf(part)
      if (hash !== undefined)
        return dialect.encode(dialect.hash(hash.digest, print(hash.of, dialect)), hash.encoding === 'raw' ? 'hex' : hash.encoding)
      return dialect.change[part.filter as TextChange](print(part.of, dialect))
    }
    case 'list':
      throw new TypeError('A declaration has no lists, so no language writes them.')
    default:
      return print(join('', partsOf(part)), dialect)
  }
}

/** The digest of a passphrase's HMAC, which `createProgram` puts into the filter's argument. */
function macDigest(part: Recipe): Digest {
  return part.op === 'filter' && part.of.op === 'filter' ? (part.of.with as Digest) : 'sha256'
}
