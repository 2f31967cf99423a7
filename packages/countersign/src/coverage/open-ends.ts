import type { Remedy } from '../contract/failure.ts'
import type { Call } from '../recipe/call.ts'
import { compile, partsOf } from '../recipe/compile.ts'
import { DECLARED } from '../recipe/declared.ts'
import { isTextChange, join, type ListRecipe, type Recipe } from '../recipe/recipe.ts'
import type { Scheme } from '../scheme/scheme.ts'
import { utf8 } from '../wire/encoding.ts'
import { holdsParameter } from '../wire/form.ts'
import { queryOf } from '../wire/url.ts'
import { type QueryTail, queryTail } from './query-tail.ts'
import { ANY, classOf, type Shape, samples } from './shape.ts'
import { shapesOf } from './shapes.ts'

/**
 * Could the same bytes be another call's message? A message without separators is safe only where every part's end can
 * be seen. This file works out from the recipe which boundaries hold by themselves, which have to be looked at in each
 * call, and which can't be seen at all: `POST /x` with body `1` has the same bytes as `POST /x1` with none.
 */
export interface OpenEnd {
  /** The names of the two parts: `{url} and {body}`. */
  readonly between: string
  /** What makes a call of which it holds. */
  readonly remedy: Remedy
  readonly seen: 'never' | 'per-call'
  /** Whether the boundary could move in this call. */
  readonly isOpen: (call: Call) => boolean
}

/** The open ends of a message of a scheme, and of every message that it holds the hash of. */
export function openEndsOf(scheme: Scheme, message: Recipe = scheme.message): readonly OpenEnd[] {
  const messages: Recipe[] = [message]
  const lists: ListRecipe[] = []
  collect(message, messages, lists)
  return [...messages.flatMap(one => endsIn(shapesOf(one, scheme), scheme)), ...lists.flatMap(list => endsInList(list, scheme))]
}

/** What is hashed or changed as a whole is a message of its own. */
function collect(recipe: Recipe, messages: Recipe[], lists: ListRecipe[]): void {
  if (recipe.op === 'text' || recipe.op === 'field') return
  if (recipe.op === 'list') lists.push(recipe)
  if (recipe.op === 'filter' && partsOf(recipe.of).length > 1) messages.push(recipe.of)
  const inner = recipe.op === 'list' ? [recipe.each] : Array.isArray(recipe.of) ? recipe.of : [recipe.of]
  for (const part of inner) collect(part, messages, lists)
}

/** A list's items can't be looked at in each call: where one could run into the next, that is never seen. */
function endsInList(list: ListRecipe, scheme: Scheme): readonly OpenEnd[] {
  const two = join(list.join, [list.each, list.each])
  return endsIn(shapesOf(two, scheme, list), scheme)
    .slice(0, 1)
    .map(({ between }) => never(`${between} in the list of ${list.from}`))
}

function endsIn(shapes: readonly Shape[], scheme: Scheme): readonly OpenEnd[] {
  const ends: OpenEnd[] = []
  const last = shapes.findLastIndex(({ known }) => known === undefined)
  for (const [index, shape] of shapes.entries()) {
    const { name, known, characters, continues } = shape
    if (known !== undefined || index === last) continue
    // Once another item of a list has begun, anything may follow, so nothing behind a list is passed over.
    const isList = shape.recipe.op === 'list' && continues !== characters
    let after = index + 1
    while (!isList && isAbsorbed(shapes[after], continues)) after++
    const next = shapes[after]
    if (next === undefined || canNotContinue(continues, next.first) || (next.recipe.op === 'text' && !isList)) continue
    const between = `{${name}} and {${next.name}}`
    if (isList || continues === ANY || next.known !== undefined || isWithin(next.characters, continues)) return [never(between)]
    const tail = after === index + 1 && endsWithQuery(shape.recipe) ? queryTail(scheme) : undefined
    const isOpen = compileBegins(tail?.continues ?? characters, shapes.slice(after), tail)
    const remedy = tail !== undefined ? 'parameter-last' : isBody(next) ? 'body-start' : 'none'
    ends.push({ between, remedy, seen: 'per-call', isOpen })
  }
  return ends
}

function endsWithQuery(recipe: Recipe): boolean {
  return recipe.op === 'field' && /^(?:query|target|url)$/.test(recipe.field)
}

function isBody({ recipe }: Shape): boolean {
  return recipe.op === 'field' && (recipe.field === 'body' || recipe.field === 'payload')
}

function never(between: string): OpenEnd {
  return { between, remedy: 'none', seen: 'never', isOpen: () => true }
}

/**
 * Whether a part of known value or length may be swallowed by the run before it; then the run's end tells where both
 * end. A value that the run can't hold never is, but it can't be told here: its key knows it, and then it marks the end
 * by itself.
 */
function isAbsorbed(shape: Shape | undefined, continues: string): boolean {
  if (shape?.known === undefined) return false
  if (shape.recipe.op === 'text') return isMadeOf(shape.recipe.text, continues)
  return shape.known === 'value' || isWithin(shape.characters, continues)
}

/** Whatever the part holds, the run before it could hold too. */
function isWithin(inner: string, continues: string): boolean {
  return inner !== ANY && isMadeOf(samples(inner), continues)
}

function isMadeOf(content: string, characters: string): boolean {
  const inClass = classOf(characters)
  return [...content].every(char => inClass.test(char))
}

function canNotContinue(continues: string, first: string): boolean {
  const inClass = classOf(continues)
  return first !== '' && ![...samples(first)].some(char => inClass.test(char))
}

/**
 * Whether what follows a run begins with a byte that could belong to it.
 *
 * @param tail of a query: where something follows, the query has to end with the scheme's own parameter, whose value
 * then can't go on. A query that nothing follows may end with another: no query that ends like that is the beginning of
 * it, but for a `&`.
 */
function compileBegins(continues: string, rest: readonly Shape[], tail: QueryTail | undefined): (call: Call) => boolean {
  const inRun = classOf(continues)
  const table = Array.from({ length: 256 }, (_, byte) => inRun.test(String.fromCharCode(byte)))
  const [first = noByte, ...others] = rest.map(shape => compileFirstByte(shape, inRun))
  const begins = (call: Call): boolean | undefined => {
    let byte = first(call)
    for (let index = 0; byte === undefined && index < others.length; index++) byte = others[index]?.(call)
    return byte === undefined ? undefined : table[byte] === true
  }
  if (tail === undefined) return call => begins(call) === true
  const last = `${tail.name}=`
  return call => {
    const open = begins(call)
    if (open !== false) return open === true
    const query = queryOf(call.target)
    // A handler that reads the parameters of query and body could take the body's for the signed one.
    return !query.startsWith(last, query.lastIndexOf('&') + 1) || holdsParameter(call.body, tail.name)
  }
}

type FirstByte = (call: Call) => number | undefined

const noByte: FirstByte = () => undefined

/**
 * The first byte of a part in a call; `undefined` where it is empty. Of a hash, which is not worked out yet, it is the
 * worst that it could be.
 */
function compileFirstByte({ recipe, characters }: Shape, inRun: RegExp): FirstByte {
  if (!isWritten(recipe)) {
    const all = samples(characters)
    const worst = ([...all].find(char => inRun.test(char)) ?? all).charCodeAt(0)
    return () => worst
  }
  if (recipe.op === 'field' && recipe.field === 'body') return ({ body }) => byteOf(body)
  const { write } = compile(join('', [recipe]), DECLARED)
  return call => {
    const { before, body, after } = write(call)
    return byteOf(before) ?? byteOf(body) ?? byteOf(after)
  }
}

/**
 * Whether a part can be written for the look: no hash, and nothing that only a scheme with logic knows how to write.
 */
function isWritten(recipe: Recipe): boolean {
  if (recipe.op === 'list') return false
  return recipe.op !== 'filter' || isTextChange(recipe.filter)
}

function byteOf(content: string | Uint8Array | undefined): number | undefined {
  if (content === undefined || content.length === 0) return undefined
  if (typeof content !== 'string') return content[0]
  const code = content.charCodeAt(0)
  return code < 128 ? code : utf8(content.slice(0, 2))[0]
}
