import { partsOf } from '../recipe/compile.ts'
import { type Field, field, filter, hashOf, join, type Recipe, text } from '../recipe/recipe.ts'
import { orders } from './orders.ts'

/** A recipe with one change, as a client makes it by mistake. */
export interface Mutation {
  /** Stable: `message-other-order`. */
  readonly code: string
  /** What the client did. */
  readonly did: string
  /** What it should do. */
  readonly fix: string
  /** The likelier, the lower. */
  readonly weight: number
  readonly recipe: Recipe
}

const SEPARATORS: readonly (readonly [text: string, name: string, weight: number])[] = [
  ['\n', 'a newline', 1],
  ['.', 'a dot', 2],
  ['|', 'a bar', 2],
  [':', 'a colon', 2],
  ['&', 'an ampersand', 2],
  [' ', 'a space', 2],
  [',', 'a comma', 3],
  ['\r\n', 'CRLF', 3],
  ['-', 'a dash', 3],
  ['\0', 'a NUL byte', 4],
]

/** What may be signed in the place of another part, when people take one for the other. */
const TAKEN_FOR: readonly (readonly [right: Field, wrong: Field, weight: number, what: string])[] = [
  ['url', 'target', 1, 'path and query alone, without scheme and host'],
  ['url', 'path', 1, 'the path alone'],
  ['url', 'host', 2, 'the host alone'],
  ['url', 'origin', 3, 'scheme and host alone'],
  ['url', 'query', 3, 'the query alone'],
  ['target', 'url', 1, 'the full URL'],
  ['target', 'path', 1, 'the path without the query'],
  ['target', 'query', 3, 'the query alone'],
  ['path', 'target', 1, 'the path with the query'],
  ['path', 'url', 1, 'the full URL'],
  ['query', 'target', 2, 'path and query'],
  ['query', 'url', 2, 'the full URL'],
  ['payload', 'body', 2, 'the body'],
  ['payload', 'query', 2, 'the query'],
  ['host', 'origin', 2, 'the host with its scheme'],
]

/** A mistake in what is hashed is rarer than one in the message. */
const HASHED_WEIGHT = 1

/** The parts of a message, one behind the other. */
type Parts = readonly Recipe[]

/**
 * Every way to have put a message together otherwise: other parts, another order, other separators; the same in what it
 * holds the hash of.
 */
export function* mutations(recipe: Recipe): Generator<Mutation> {
  const parts = partsOf(recipe)
  const variable = parts.filter(part => part.op !== 'text')
  const right = `Put together what the scheme says, in its order: ${namesOf(variable)}.`
  const change = (code: string, weight: number, did: string, changed: Parts, fix = right): Mutation => ({
    code: `message-${code}`,
    weight,
    did,
    fix,
    recipe: join('', changed),
  })
  for (const [index, part] of parts.entries()) {
    const replaced = (...by: Parts): Parts => [...parts.slice(0, index), ...by, ...parts.slice(index + 1)]
    if (part.op === 'text') {
      yield change('literal-missing', 3, `It left out ${JSON.stringify(part.text)}.`, replaced())
      continue
    }
    const name = nameOf(part)
    if (variable.length > 1)
      yield change(
        `without-${name}`,
        name === 'body' || name === 'timestamp' ? 3 : 1,
        `It left {${name}} out of what it signed.`,
        replaced(),
      )
    yield change(`${name}-doubled`, 3, `It signed {${name}} twice.`, replaced(part, part))
    for (const [code, weight, did, by, fix] of otherForms(part)) yield change(code, weight, did, replaced(...by), fix)
    for (const { code, weight, did, fix, recipe: inner } of hashedMutations(part)) yield change(code, weight, did, replaced(inner), fix)
  }
  if (variable.length > 1) {
    for (const order of orders(variable))
      yield change('other-order', 2, `It put the parts in another order: ${namesOf(order)}.`, inOrder(parts, order))
    for (const [by, name, weight] of SEPARATORS)
      yield change(
        'separator-added',
        weight,
        `It put ${name} between the parts.`,
        parts.flatMap((part, index) => (index === 0 ? [part] : [text(by), part])),
      )
    if (parts.some(part => part.op === 'text'))
      for (const [by, name, weight] of [['', 'nothing', 1] as const, ...SEPARATORS])
        if (parts.some(part => part.op === 'text' && part.text !== by))
          yield change(
            'separator-other',
            weight + 1,
            `It put ${name} between the parts, where the scheme has something else.`,
            parts.map(part => (part.op === 'text' ? text(by) : part)),
          )
  }
  yield change(
    'newline-at-end',
    2,
    'It signed the message with a newline at its end.',
    [...parts, text('\n')],
    'Sign the message without a newline at its end (echo adds one; printf %s does not).',
  )
  yield change('space-at-end', 4, 'It signed the message with a space at its end.', [...parts, text(' ')])
  if (!parts.some(part => part.op === 'field' && part.field === 'keyId'))
    yield change('key-id-in-front', 3, 'It put the key id in front of the message.', [field('keyId'), ...parts])
}

type OtherForm = readonly [code: string, weight: number, did: string, by: Parts, fix?: string]

/** What may stand for one part: the thing for its hash, the hash for the thing, a text unchanged, another field. */
function* otherForms(part: Recipe): Generator<OtherForm> {
  const name = nameOf(part)
  const hash = hashOf(part)
  if (hash !== undefined) {
    const { digest, encoding, of } = hash
    const other = encoding === 'hex' ? 'base64' : 'hex'
    yield ['body-not-hashed', 1, 'It signed the body itself where its hash is wanted.', partsOf(of)]
    yield ['hash-in-other-encoding', 2, 'It signed the hash of the body in another encoding.', [filter(other, filter(digest, of))]]
    yield ['hash-upper-case', 2, 'It signed the hash of the body in upper case.', [filter('hex-upper', filter(digest, of))]]
    return
  }
  if (name === 'body')
    for (const encoding of ['hex', 'base64'] as const)
      yield [
        `body-hashed-${encoding}`,
        2,
        `It signed the SHA-256 of the body (${encoding}) where the body itself is wanted.`,
        [filter(encoding, filter('sha256', part))],
      ]
  if (part.op === 'filter')
    yield [`${name}-unchanged`, 1, `It signed {${name}} as it is, where the scheme wants it ${part.filter}.`, [part.of]]
  for (const [from, to, weight, what] of TAKEN_FOR)
    if (from === name)
      yield [`${to}-for-${from}`, weight, `It signed ${what} for {${from}}.`, [withField(part, to)], `Sign {${from}} as the scheme has it.`]
}

/** The same mistakes in what a part is the hash of, where that is put together of several. */
function* hashedMutations(part: Recipe): Generator<Mutation> {
  const hash = hashOf(part)
  if (hash === undefined || partsOf(hash.of).length < 2) return
  const { digest, encoding } = hash
  for (const { code, weight, did, fix, recipe } of mutations(hash.of)) {
    const hashed = filter(digest, recipe)
    yield {
      code: code.replace('message', 'hashed'),
      weight: weight + HASHED_WEIGHT,
      did: `In what it hashed: ${did}`,
      fix: `In what is hashed: ${fix}`,
      recipe: encoding === 'raw' ? hashed : filter(encoding, hashed),
    }
  }
}

/** What a part is called: by what it reads. */
function nameOf(recipe: Recipe): string {
  switch (recipe.op) {
    case 'text':
      return recipe.text
    case 'field':
      return recipe.field
    case 'step':
      return recipe.name
    case 'list':
      return recipe.from
    case 'filter':
      return nameOf(recipe.of)
    case 'first':
      return recipe.of.slice(0, 1).map(nameOf).join('')
    case 'join':
      return recipe.of.map(nameOf).join('')
  }
}

function namesOf(parts: Parts): string {
  return parts.map(nameOf).join(', ')
}

/** The same with another field at its bottom. */
function withField(recipe: Recipe, name: Field): Recipe {
  return recipe.op === 'filter' ? { ...recipe, of: withField(recipe.of, name) } : field(name)
}

/** The variable parts in another order, the literals where they stand. */
function inOrder(parts: Parts, order: Parts): Parts {
  let next = 0
  return parts.map(part => (part.op === 'text' ? part : (order[next++] ?? part)))
}
