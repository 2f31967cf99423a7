import { DIGEST_BYTES } from './algorithm.ts'
import { ALPHABETS, encodedLength, utf8 } from './encoding.ts'
import { type Call, compileMessage, type Message } from './message.ts'
import type { DeclaredScheme } from './scheme.ts'
import type { Field, Part } from './template.ts'
import { EPOCH_DIGITS } from './timestamp.ts'

/**
 * Could the same bytes be another call's message? A message without separators is safe only where every part's end can
 * be seen. This file works that out from the declaration: which boundaries hold by themselves, and which have to be
 * looked at in each call. (Rule 2 of the design: `POST /x` with body `1` signs the same as `POST /x1` with none.)
 */
export interface Boundaries {
  /** Two parts that no check of a single call can keep apart, as `{body}{nonce}`; a verifier refuses such a scheme. */
  readonly hopeless: string | undefined
  /** The boundaries that have to be looked at in each call. */
  readonly looked: readonly string[]
  /** The name of the first boundary that this call leaves open. */
  readonly findOpen: (call: Call) => string | undefined
}

/** What is known of a part before any call is seen. `known` parts have one value, or one length, for a given key. */
interface Shape {
  readonly name: string
  readonly known: boolean
  readonly characters: string
  /** The characters it can begin with; the empty text when it may be empty or begin with anything. */
  readonly first: string
  readonly part: Part
}

const TARGET_CHARACTERS = "A-Za-z0-9\\-._~:/?@!$&'()*+,;=%"
const HEADER_CHARACTERS = '\\t\\x20-\\x7e\\x80-\\xff'
const ANY = '\\s\\S'

export function compileBoundaries(scheme: DeclaredScheme): Boundaries {
  // What is hashed by itself is a message of its own.
  const messages = [scheme.message, ...scheme.message.flatMap(part => (part.kind === 'hash' && part.of.length > 1 ? [part.of] : []))]
  const all = messages.map(parts => compileParts(parts, scheme))
  const checks = all.map(({ findOpen }) => findOpen).filter(findOpen => findOpen !== NOTHING_OPEN)
  const [only] = checks
  return {
    hopeless: all.map(({ hopeless }) => hopeless).find(hopeless => hopeless !== undefined),
    looked: all.flatMap(({ looked }) => looked),
    findOpen:
      only === undefined || checks.length === 1
        ? (only ?? NOTHING_OPEN)
        : call => checks.map(check => check(call)).find(open => open !== undefined),
  }
}

const NOTHING_OPEN = (): undefined => undefined

function compileParts(parts: readonly Part[], scheme: DeclaredScheme): Boundaries {
  const shapes = parts.flatMap(part => shapesOf(part, scheme))
  const checks: ((call: Call) => string | undefined)[] = []
  const looked: string[] = []
  for (const [index, shape] of shapes.entries()) {
    if (shape.known || shapes.slice(index + 1).every(next => next.known)) continue
    let after = index + 1
    while (isAbsorbed(shapes[after], shape.characters)) after++
    const next = shapes[after]
    if (next === undefined || next.part.kind === 'literal' || canNotContinue(shape.characters, next.first)) continue
    const between = `between {${shape.name}} and {${next.name}}`
    if (shape.characters === ANY || next.known || isWithin(next.characters, shape.characters))
      return { hopeless: between, looked: [], findOpen: () => between }
    looked.push(between)
    checks.push(compileCheck(shape.characters, shapes.slice(after), between))
  }
  const [only] = checks
  if (only === undefined) return { hopeless: undefined, looked, findOpen: NOTHING_OPEN }
  return {
    hopeless: undefined,
    looked,
    findOpen: checks.length === 1 ? only : call => checks.map(check => check(call)).find(open => open !== undefined),
  }
}

function compileCheck(characters: string, rest: readonly Shape[], between: string): (call: Call) => string | undefined {
  const continues = new RegExp(`^[${characters}]$`)
  const table = Array.from({ length: 256 }, (_, byte) => byte < 128 && continues.test(String.fromCharCode(byte)))
  const { write } = compileMessage(rest.map(shape => shape.part))
  return call => {
    const first = firstByte(write(call))
    return first !== undefined && table[first] === true ? between : undefined
  }
}

function firstByte({ before, body, after }: Message): number | undefined {
  if (before !== '') return utf8(before.charAt(0))[0]
  if (typeof body === 'string' ? body !== '' : body !== undefined && body.length > 0)
    return typeof body === 'string' ? utf8(body.charAt(0))[0] : body?.[0]
  return after === '' ? undefined : utf8(after.charAt(0))[0]
}

/** Whether a part of known length may be swallowed by the run before it; then the run's end tells where both end. */
function isAbsorbed(shape: Shape | undefined, characters: string): boolean {
  if (shape === undefined || !shape.known) return false
  if (shape.part.kind === 'literal') return new RegExp(`^[${characters}]*$`).test(shape.part.text)
  return shape.part.kind !== 'hash' || new RegExp(`^[${characters}]+$`).test(samples(shape.characters))
}

/** Whatever the part holds, the run before it could hold too. */
function isWithin(inner: string, characters: string): boolean {
  return inner !== ANY && new RegExp(`^[${characters}]*$`).test(samples(inner))
}

function canNotContinue(characters: string, first: string): boolean {
  return first !== '' && !new RegExp(`[${characters}]`).test(samples(first))
}

/** Every ASCII character that a class holds. */
function samples(characters: string): string {
  const inClass = new RegExp(`[${characters}]`)
  return Array.from({ length: 128 }, (_, code) => String.fromCharCode(code))
    .filter(char => inClass.test(char))
    .join('')
}

function shapesOf(part: Part, scheme: DeclaredScheme): Shape[] {
  if (part.kind === 'literal') return [{ name: part.text, known: true, characters: '', first: '', part }]
  if (part.kind === 'hash') {
    const characters = part.encoding === 'raw' ? ANY : ALPHABETS[part.encoding]
    const length = part.encoding === 'raw' ? DIGEST_BYTES[part.digest] : encodedLength(DIGEST_BYTES[part.digest], part.encoding)
    return [{ name: `${part.digest}, ${length} long`, known: true, characters, first: characters, part }]
  }
  const fields: Field[] = part.kind === 'field' && part.or !== undefined ? [part.field, part.or] : [part.field]
  const all = fields.map(field => fieldShapes(field, scheme, part))
  const [only = [], second] = all
  if (second === undefined) return only
  const both = all.flat()
  return [
    {
      name: fields.join(' or '),
      known: false,
      characters: both.map(shape => shape.characters).join(''),
      first: both.map(shape => shape.first).join(''),
      part,
    },
  ]
}

function fieldShapes(field: Field, scheme: DeclaredScheme, part: Part): Shape[] {
  // What a form-encoded body carries is part of that body: it can not vary by itself.
  const inBody = scheme.carriers.some(carrier => carrier.in === 'form' && carrier.fields.includes(field))
  const shape = (isKnown: boolean, characters: string, first = characters): Shape[] => [
    { name: field, known: isKnown || inBody, characters, first, part },
  ]
  switch (field) {
    case 'keyId':
    case 'passphrase':
    case 'origin':
    case 'host':
      return shape(true, '\\x21-\\x7e')
    case 'timestamp': {
      const formats = scheme.timestamp?.formats ?? []
      const [format] = formats
      // One epoch unit has one length; the two text formats end where they end ("Z", "GMT"), whatever follows.
      if (formats.length === 1 && format !== undefined && format !== 'decimal-seconds')
        return shape(true, EPOCH_DIGITS[format] === undefined ? '0-9A-Za-z:., +-' : '0-9')
      if (formats.every(one => EPOCH_DIGITS[one] !== undefined)) return shape(false, '0-9')
      return formats.every(one => one === 'decimal-seconds') ? shape(false, '0-9.') : shape(false, '0-9A-Za-z:., +-')
    }
    case 'nonce':
      // One format has one length, but for the one that is any.
      return shape(scheme.nonce.formats.length === 1 && scheme.nonce.formats[0] !== 'any', 'A-Za-z0-9_\\-')
    case 'method':
      return shape(false, 'A-Za-z')
    case 'url':
      // The origin is the verifier's own, so only what follows it can vary; its "://" ends whatever stood before.
      return [
        { name: 'url', known: true, characters: '', first: '', part: { kind: 'literal', text: 'https://' } },
        { name: 'url', known: false, characters: TARGET_CHARACTERS, first: '/', part },
      ]
    case 'target':
    case 'path':
      return shape(false, TARGET_CHARACTERS, '/')
    case 'query':
      return shape(false, TARGET_CHARACTERS, '')
    default:
      if (scheme.parameters[field] !== undefined)
        return shape(false, scheme.parameters[field].characters === 'digits' ? '0-9' : 'A-Za-z0-9_\\-')
      // A header's value is one line.
      if (field.startsWith('header.')) return shape(false, HEADER_CHARACTERS, '')
      return shape(false, ANY, '')
  }
}
