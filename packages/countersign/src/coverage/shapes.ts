import { DIGEST_BYTES } from '../crypto/digest-bytes.ts'
import { partsOf } from '../recipe/compile.ts'
import { type Field, type FilterRecipe, field, hashOf, type ListRecipe, type Recipe } from '../recipe/recipe.ts'
import type { Scheme } from '../scheme/scheme.ts'
import { ALPHABETS, encodedLength } from '../wire/encoding.ts'
import { HEADER_NAME_CHARACTERS } from '../wire/headers.ts'
import { fieldShapes } from './field-shapes.ts'
import { ANY, escaped, LINE, PERCENT_ENCODED, type Shape, samples, shapeOf, textShape } from './shape.ts'

/** The shapes of a message, one behind the other. */
export function shapesOf(recipe: Recipe, scheme: Scheme, list?: ListRecipe): readonly Shape[] {
  return partsOf(recipe).flatMap(part => shapesOfPart(part, scheme, list))
}

function shapesOfPart(part: Recipe, scheme: Scheme, list: ListRecipe | undefined): readonly Shape[] {
  if (part.op === 'text') return part.text === '' ? [] : [textShape(part.text)]
  if (part.op === 'list') return [listShape(part, scheme)]
  if (part.op === 'field') return list === undefined ? fieldShapes(part.field, scheme) : [itemShape(part.field, list)]
  if (part.op === 'first') return [eitherShape(part, scheme)]
  if (part.op !== 'filter') return shapesOf(part, scheme, list)
  const hash = hashOf(part)
  if (hash === undefined) return [filterShape(part, scheme, list)]
  const { digest, encoding } = hash
  const characters = encoding === 'raw' ? ANY : ALPHABETS[encoding]
  const length = encoding === 'raw' ? DIGEST_BYTES[digest] : encodedLength(DIGEST_BYTES[digest], encoding)
  return [shapeOf(`${digest}, ${length} long`, part, characters, { known: 'length' })]
}

/** What is changed letter by letter keeps its ends; only percent-encoding has characters of its own. */
function filterShape(part: FilterRecipe, scheme: Scheme, list: ListRecipe | undefined): Shape {
  const inner = shapesOf(part.of, scheme, list)
  const [only] = inner
  const known = inner.some(shape => shape.known === undefined)
    ? undefined
    : inner.some(shape => shape.known === 'length')
      ? 'length'
      : 'value'
  const isEncoded = part.filter === 'percent-encode' || part.filter === 're-encode' || part.filter === 'query-param'
  if (isEncoded) {
    const characters = PERCENT_ENCODED + escaped(part.filter === 'query-param' ? '*' : part.with)
    const isPath = only?.first === '/' && part.with.includes('/')
    return shapeOf(nameOf(inner), part, characters, { known, first: isPath ? '/' : '' })
  }
  const characters = inner.map(shape => shape.characters).join('')
  const both = /[a-z]/i.test(samples(characters)) ? `${characters}A-Za-z` : characters
  const first = only === undefined || only.first === '' || part.filter === 'sorted' ? '' : both === characters ? only.first : both
  const isWhole = inner.length === 1 && part.filter !== 'sorted'
  return shapeOf(nameOf(inner), part, both, {
    known,
    first: only?.first === '/' ? '/' : first,
    continues: isWhole && only !== undefined && only.continues !== only.characters ? only.continues : both,
  })
}

function eitherShape(part: Recipe & { readonly op: 'first' }, scheme: Scheme): Shape {
  const all = part.of.flatMap(of => shapesOf(of, scheme))
  return shapeOf(part.of.map(of => nameOf(shapesOf(of, scheme))).join(' or '), part, all.map(shape => shape.characters).join(''), {
    first: all.every(shape => shape.first !== '') ? all.map(shape => shape.first).join('') : '',
  })
}

/** A list whose items end with a text of their own, as header lines do, can only be continued by another item. */
function listShape(part: ListRecipe, scheme: Scheme): Shape {
  const items = shapesOf(part.each, scheme, part)
  const [start] = items
  const characters = items.map(shape => shape.characters).join('') + escaped(part.join)
  const next = part.join === '' ? (start?.first ?? '') : escaped(part.join.charAt(0))
  const endsItself = items.at(-1)?.recipe.op === 'text' && next !== ''
  return shapeOf(part.from === 'query' ? 'query' : 'headers', part, characters, { first: '', continues: endsItself ? next : characters })
}

/** `name` and `value` of a list's item. What stands in a query is decoded, so it may hold anything. */
function itemShape(name: Field, list: ListRecipe): Shape {
  if (list.from === 'query') return shapeOf(name, field(name), ANY, { first: '' })
  return name === 'name' ? shapeOf(name, field(name), HEADER_NAME_CHARACTERS) : shapeOf(name, field(name), LINE, { first: '' })
}

function nameOf(shapes: readonly Shape[]): string {
  return shapes.map(shape => shape.name).join('')
}
