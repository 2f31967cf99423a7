import { boundedCache } from '../contract/bounded-cache.ts'
import { type Recipe, text } from '../recipe/recipe.ts'

/**
 * What is known of a part of a message before any call is seen. Classes of characters are written as in a regular
 * expression's `[…]`; those above U+007F are looked at only in {@link ANY}.
 */
export interface Shape {
  readonly name: string
  /** One value, or one length, for a given key; `undefined` for what varies. */
  readonly known: 'value' | 'length' | undefined
  /** The characters it can hold. */
  readonly characters: string
  /** The characters that can stand behind a complete value and make it a longer one, alone or with more. */
  readonly continues: string
  /** The characters it can begin with; the empty text when it may be empty or begin with anything. */
  readonly first: string
  readonly recipe: Recipe
}

export const ANY = '\\s\\S'

/** A header's value is one line. */
export const LINE = '\\t\\x20-\\x7e\\x80-\\xff'
export const VISIBLE = '\\x21-\\x7e'
export const PERCENT_ENCODED = 'A-Za-z0-9\\-._~%'

/** The classes of parts are few, but a text has a class of its own, and a client may invent texts. */
const KEPT_CLASSES = { entries: 256, characters: 256 }

/** Every ASCII character that a class holds. */
export const samples: (characters: string) => string = /* @__PURE__ */ boundedCache(KEPT_CLASSES, characters => {
  const inClass = classOf(characters)
  return Array.from({ length: 128 }, (_, code) => String.fromCharCode(code))
    .filter(char => inClass.test(char))
    .join('')
})

/** A test of one character. */
export const classOf: (characters: string) => RegExp = /* @__PURE__ */ boundedCache(KEPT_CLASSES, characters =>
  characters === '' ? /[^\s\S]/ : new RegExp(`[${characters}]`),
)

export function shapeOf(
  name: string,
  recipe: Recipe,
  characters: string,
  { known, first = characters, continues = characters }: Partial<Pick<Shape, 'known' | 'first' | 'continues'>> = {},
): Shape {
  return { name, known, characters, continues, first, recipe }
}

export function textShape(content: string): Shape {
  return shapeOf(content, text(content), escaped(content), { known: 'value', first: escaped(content.charAt(0)) })
}

/** A text's characters, for a class. */
export function escaped(content: string): string {
  return content.replace(/[\]\\^-]/g, '\\$&')
}
