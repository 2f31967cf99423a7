import { fieldsOf } from '../recipe/recipe.ts'
import { isDeclared, type Scheme } from '../scheme/scheme.ts'
import { PERCENT_ENCODED, samples } from './shape.ts'
import { shapesOf } from './shapes.ts'

/**
 * How a signed query ends where the scheme appends parameters to it: with the last of them. Each is there once, the
 * reader sees to that.
 */
export interface QueryTail {
  readonly name: string
  /** What can stand behind its value and make the query a longer one: more of the value, or another parameter. */
  readonly continues: string
}

/** `undefined` where a query ends with whatever the client wrote. */
export function queryTail(scheme: Scheme): QueryTail | undefined {
  const last = signedQueryCarriers(scheme).at(-1)
  const parts = last?.items[0] ?? []
  if (last === undefined || parts.flatMap(fieldsOf).some(name => TAKEN_APART.test(name))) return undefined
  const characters = parts.flatMap(part => shapesOf(part, scheme)).map(shape => shape.characters)
  const isPlain = [...samples(characters.join(''))].every(char => /[A-Za-z0-9\-._~]/.test(char))
  return { name: last.name, continues: `${isPlain ? characters.join('') : PERCENT_ENCODED}&` }
}

/** Fields that could hold anything. */
const TAKEN_APART = /^(?:query|target|url|path|body|payload|header\..*)$/

/** The names of the parameters that a scheme appends to the query and signs, in their order. */
export function signedParameters(scheme: Scheme): readonly string[] {
  return signedQueryCarriers(scheme).map(({ name }) => name)
}

function signedQueryCarriers(scheme: Scheme) {
  if (!isDeclared(scheme)) return []
  return scheme.carriers.filter(({ in: place, fields }) => place === 'query' && !fields.includes('signature'))
}
