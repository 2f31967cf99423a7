import { type Coverage, LOSSES, type PartCoverage, REQUEST_PARTS } from '../contract/loss.ts'
import { payloadIsQuery } from '../recipe/call.ts'
import { type Field, type FilterRecipe, fieldsOf, hashOf, type ListRecipe, type Recipe } from '../recipe/recipe.ts'
import { isDeclared, type Scheme } from '../scheme/scheme.ts'
import { cover, type Held, inBoth, type Losses, NO_LOSSES, plus, withMark } from './held.ts'
import { openEndsOf } from './open-ends.ts'
import { signedParameters } from './query-tail.ts'

/**
 * What of a request a scheme's signature holds fast, and up to what, read from the recipe of its message. Beside the
 * parts that every request has there are `header.NAME` for signed headers, `header.*` for those that the client
 * chooses, and `query.NAME` for a single parameter.
 *
 * @param method Only `{payload}` depends on it: the query of GET, HEAD and DELETE, the body of the others. Without one:
 * what holds for all methods.
 *
 * @example
 * ```ts
 * coverageOf(kraken).parts.query // 'not'
 * coverageOf(awsSigV4).parts.path // ['dot-segments', 'double-slashes']
 * ```
 */
export function coverageOf(scheme: Scheme, method?: string): Coverage {
  const held = method === undefined ? inBoth(heldBy(scheme, 'GET'), heldBy(scheme, 'POST')) : heldBy(scheme, method)
  const coverage = (part: string): PartCoverage => {
    const losses = held.get(part)
    if (losses === undefined) return 'not'
    return losses.size === 0 ? 'exactly' : LOSSES.filter(loss => losses.has(loss))
  }
  const [wholeMethod, protocol, host, path, query, body] = REQUEST_PARTS.map(coverage)
  const others = [...held.keys()].filter(part => !REQUEST_PARTS.some(known => known === part))
  return {
    parts: {
      method: wholeMethod ?? 'not',
      scheme: protocol ?? 'not',
      host: host ?? 'not',
      path: path ?? 'not',
      query: query ?? 'not',
      body: body ?? 'not',
      ...Object.fromEntries(others.map(part => [part, coverage(part)])),
    },
    openEnds: openEndsOf(scheme).map(({ between, seen }) => ({ between, seen })),
  }
}

/** What a message of a scheme holds fast in calls of one method. */
export function heldBy(scheme: Scheme, method: string, message: Recipe = scheme.message): Held {
  const held = new Map<string, Losses>()
  walk(message, NO_LOSSES, false, { scheme, payload: payloadIsQuery(method) ? 'query' : 'body', held })
  // Without the method, the query of a GET and the body of a POST are one payload.
  const losses = held.get('which payload')
  held.delete('which payload')
  if (losses === undefined) return held
  const part = payloadIsQuery(method) ? 'query' : 'body'
  if (held.has('method')) cover(held, part, losses)
  else {
    cover(held, part, plus(losses, 'which-place'))
    // However well a body is signed elsewhere, a call with another method may have it as its query.
    held.set(part, plus(held.get(part) ?? losses, 'which-place'))
  }
  return held
}

interface Walk {
  readonly scheme: Scheme
  readonly payload: 'query' | 'body'
  readonly held: Map<string, Losses>
}

/**
 * Goes from the message to its leaves; what the filters on the way lose adds up.
 *
 * @param isText whether a body is read as text here, not as bytes
 */
function walk(recipe: Recipe, losses: Losses, isText: boolean, to: Walk): void {
  switch (recipe.op) {
    case 'text':
      return
    case 'field':
      coverField(recipe.field, losses, isText, to)
      return
    case 'list':
      coverList(recipe, losses, to)
      return
    case 'filter':
      walkFilter(recipe, losses, to)
      return
    case 'first':
      coverEither(recipe.of, losses, to)
      return
    case 'step':
      walk(recipe.of, losses, isText, to)
      return
    case 'join':
      for (const part of recipe.of) walk(part, losses, isText, to)
  }
}

/** Hashes and encodings lose nothing, and the content of a hash is bytes again. */
function walkFilter(recipe: FilterRecipe, losses: Losses, to: Walk): void {
  const hash = hashOf(recipe)
  if (hash !== undefined) walk(hash.of, losses, false, to)
  else if (recipe.filter === 'query-param') cover(to.held, `query.${recipe.with}`, plus(losses, 'escape-spelling'))
  else if (recipe.filter === 'member') coverMember(recipe, losses, to)
  else walk(recipe.of, withFilter(losses, recipe), true, to)
}

function withFilter(losses: Losses, { filter }: FilterRecipe): Losses {
  switch (filter) {
    case 'lower':
    case 'upper':
      return plus(losses, 'letter-case', filter)
    case 'sorted':
      return plus(plus(losses, 'parameter-order'), 'equal-names')
    case 'normalize':
      return plus(plus(losses, 'dot-segments'), 'double-slashes')
    case 're-encode':
      return plus(losses, 'escape-spelling')
    case 'collapse':
      return plus(losses, 'white-space')
    case 'structured':
      // The last of several members with one key counts (RFC 9651 §4.2.2).
      return plus(plus(losses, 'white-space'), 'equal-names')
    default:
      return losses
  }
}

const FIELD_PARTS: { readonly [field: string]: readonly string[] } = {
  url: ['scheme', 'host', 'path', 'query'],
  origin: ['scheme', 'host'],
  scheme: ['scheme'],
  host: ['host'],
  target: ['path', 'query'],
  path: ['path'],
  query: ['query'],
  method: ['method'],
  body: ['body'],
}

function coverField(name: Field, losses: Losses, isText: boolean, to: Walk): void {
  if (name.startsWith('header.')) {
    coverHeader(name, losses, to)
    return
  }
  const isPayload = name === 'payload'
  for (const reached of isPayload ? [to.payload] : (FIELD_PARTS[name] ?? [])) {
    let own = losses
    // `/x` and `/x?` have one query, unless the scheme itself puts a parameter there.
    if (reached === 'query' && (name === 'query' || isPayload) && signedParameters(to.scheme).length === 0) own = withMark(own)
    if (reached === 'body' && isText) own = plus(own, 'not-utf-8')
    // The origin is the verifier's own, and methods are taken in upper case only.
    if (reached === 'method' || reached === 'scheme' || reached === 'host') own = NO_LOSSES
    cover(to.held, isPayload ? 'which payload' : reached, own)
  }
}

/** A declared scheme takes a header once, as it came; the others combine its lines and trim them. */
function coverHeader(name: Field, losses: Losses, { scheme, held }: Walk): void {
  if (name === 'header.host') {
    cover(held, 'host', NO_LOSSES)
    return
  }
  cover(held, name, isDeclared(scheme) ? losses : plus(plus(losses, 'white-space'), 'line-or-list'))
  coverDigested(name, scheme, held)
}

/** One member of a dictionary; the rest of the header is not signed. */
function coverMember({ with: key, of }: FilterRecipe, losses: Losses, { scheme, held }: Walk): void {
  if (of.op !== 'field') return
  const part = `${of.field};key=${JSON.stringify(key)}`
  cover(held, part, plus(plus(plus(losses, 'white-space'), 'line-or-list'), 'equal-names'))
  coverDigested(part, scheme, held)
}

/** Where a part is signed that states a digest of the body, and the scheme's own logic compares it, the body is. */
function coverDigested(part: string, { base }: Scheme, held: Walk['held']): void {
  if (base?.bodyDigests.includes(part) === true) cover(held, 'body', NO_LOSSES)
}

/**
 * A list is decoded when it is read, and empty items are passed over; one of names alone holds no value fast. The
 * parameter of the signature is there once, so leaving it out loses nothing.
 */
function coverList({ from, each, sort }: ListRecipe, losses: Losses, { held }: Walk): void {
  if (!fieldsOf(each).includes('value')) return
  let own = filtersIn(each).reduce(withFilter, losses)
  if (from === 'covered') {
    // Whoever lets the client choose its headers demands the host (SigV4 does), which is the verifier's own.
    cover(held, 'host', NO_LOSSES)
    cover(held, 'header.*', plus(plus(own, 'white-space'), 'line-or-list'))
    return
  }
  own = plus(plus(own, 'escape-spelling'), 'empty-parameters')
  cover(held, 'query', sort === 'none' ? own : plus(plus(own, 'parameter-order'), 'equal-names'))
}

function filtersIn(recipe: Recipe): readonly FilterRecipe[] {
  if (recipe.op === 'text' || recipe.op === 'field') return []
  if (recipe.op === 'filter') return [recipe, ...filtersIn(recipe.of)]
  if (recipe.op === 'list') return filtersIn(recipe.each)
  return recipe.op === 'step' ? filtersIn(recipe.of) : recipe.of.flatMap(filtersIn)
}

/** A part is signed only if it is so in every alternative. */
function coverEither(of: readonly Recipe[], losses: Losses, to: Walk): void {
  const all = of.map(alternative => {
    const held = new Map<string, Losses>()
    walk(alternative, losses, true, { ...to, held })
    return held
  })
  for (const [part, own] of all.length === 0 ? [] : all.reduce(inBoth)) cover(to.held, part, own)
}
