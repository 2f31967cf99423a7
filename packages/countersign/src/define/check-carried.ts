import { classOf } from '../coverage/shape.ts'
import { shapesOf } from '../coverage/shapes.ts'
import { type Field, fieldsOf, hashOf, isTextChange, macOf, type Recipe } from '../recipe/recipe.ts'
import type { Carrier, DeclaredScheme } from '../scheme/scheme.ts'
import { ALPHABETS } from '../wire/encoding.ts'
import { invalid } from './check-template.ts'
import type { At } from './check-values.ts'

/**
 * Compares what is signed with what travels: the signature exactly once, and every value that a verifier can't know.
 * What travels and is not signed could be changed by anybody; what is signed and does not travel can't be rebuilt.
 */
export function checkCarried(scheme: DeclaredScheme, at: At): void {
  const { message, carriers, parameters } = scheme
  const read = message.of.flatMap(unchangedFields)
  const carried = carriers.flatMap(carrier => carrier.fields)
  const signatures = carried.filter(field => field === 'signature').length
  if (signatures !== 1)
    throw invalid(at('headers'), `{signature} has to stand in exactly one header or query parameter; it stands in ${signatures}`)
  checkOnce(scheme, at)
  for (const name of ['timestamp', 'nonce', ...Object.keys(parameters)]) {
    if (fieldsOf(message).includes(name) && !read.includes(name))
      throw invalid(at('message'), `{${name}} is signed in one letter case only, so another would be signed alike: leave the filter out`)
    if (carriers.some(carrier => carrier.fields.includes(name) && isSignedPlace(carrier, read))) continue
    if (carried.includes(name) && !read.includes(name))
      throw invalid(at('message'), `{${name}} is carried but not signed, so anyone could change it`)
    if (carried.includes(name) || !read.includes(name)) continue
    throw Object.hasOwn(parameters, name)
      ? invalid(
          at(`parameters.${name}`),
          `{${name}} is signed but not carried, so a verifier could not know it: let a header or query parameter carry it`,
        )
      : invalid(at('headers'), `the message holds {${name}}, so a header or query parameter has to carry it`)
  }
  for (const { in: place, name } of carriers)
    if (place === 'header' && read.includes(`header.${name}`))
      throw invalid(at('message'), `{header.${name}} is a list that the signer writes: sign what stands in it, each part by itself`)
  const query = carriers.filter(carrier => carrier.in === 'query')
  const last = query.findIndex(carrier => carrier.fields.includes('signature'))
  if (last >= 0 && last !== query.length - 1) throw invalid(at('query'), 'the signature has to be the last parameter')
  for (const carrier of carriers) {
    const where = at(`${carrier.in === 'header' ? 'headers' : carrier.in}.${carrier.name}`)
    for (const parts of carrier.items) checkItem(parts, scheme, where)
    for (const parts of carrier.items) checkGaps(parts, scheme, where)
    if (carrier.in === 'header') checkEnds(carrier, scheme, where)
    checkSeparator(carrier, where)
  }
}

/**
 * Of two places for one value, the second would be the call's, and the first, which may be the signed one, nobody's.
 */
function checkOnce({ carriers }: DeclaredScheme, at: At): void {
  const places = carriers.flatMap(({ items, in: place, name }) =>
    items.flat().flatMap(part => (hashOf(part) === undefined ? fieldsOf(part) : []).map(field => ({ field, place, name }))),
  )
  for (const [index, { field, place, name }] of places.entries()) {
    const first = places.slice(0, index).find(other => other.field === field)
    if (first !== undefined)
      throw invalid(
        at(`${place === 'header' ? 'headers' : place}.${name}`),
        `{${field}} is carried by ${first.name} already: a value travels once`,
      )
  }
}

/** Whether what the carrier writes is a part of something that is signed whole. */
function isSignedPlace(carrier: Carrier, read: readonly Field[]): boolean {
  const signs = (...fields: readonly Field[]): boolean => fields.some(field => read.includes(field))
  if (carrier.in === 'query') return signs('query', 'target', 'url', 'payload')
  return carrier.in === 'form' && signs('body', 'payload')
}

/** The fields that a recipe reads as they are, or up to nothing that a verifier couldn't undo. */
function unchangedFields(recipe: Recipe): readonly Field[] {
  if (recipe.op === 'filter') return recipe.filter === 'lower' || recipe.filter === 'upper' ? [] : unchangedFields(recipe.of)
  return recipe.op === 'join' ? recipe.of.flatMap(unchangedFields) : fieldsOf(recipe)
}

/** A list is taken apart at its separator, wherever that stands. */
function checkSeparator({ items, separator }: Carrier, where: string): void {
  if (separator === undefined) return
  const gap = separator.trim() === '' ? separator : separator.trim()
  for (const part of items.flat())
    if (part.op === 'text' && part.text.includes(gap))
      throw invalid(where, `the text ${JSON.stringify(part.text)} holds the separator of the list, where it would be taken apart`)
}

function checkItem(parts: readonly Recipe[], { message, parameters }: DeclaredScheme, where: string): void {
  const carriable: readonly Field[] = ['keyId', 'passphrase', 'timestamp', 'nonce', 'signature', ...Object.keys(parameters)]
  if (parts.some((part, index) => part.op !== 'text' && index + 1 < parts.length && parts[index + 1]?.op !== 'text'))
    throw invalid(where, "two values with nothing between them can't be told apart")
  for (const part of parts) {
    if (part.op === 'text' || macOf(part) !== undefined) continue
    const hash = hashOf(part)
    if (hash !== undefined) {
      if (fieldsOf(part).includes('passphrase'))
        throw invalid(
          where,
          'the hash of {passphrase} is carried, and anyone could try passphrases against it: carry {passphrase|hmac|hex}',
        )
      if (!message.of.some(signed => JSON.stringify(signed) === JSON.stringify(part)))
        throw invalid(
          where,
          `the ${hash.digest} of {${fieldsOf(hash.of).join('')}} is carried but not signed: put the same into the message`,
        )
      continue
    }
    const [field = ''] = fieldsOf(part)
    if (part.op === 'filter' && part.filter !== 'percent-encode' && isTextChange(part.filter))
      throw invalid(where, `{${field}|${part.filter}}: what was changed like that can't be read back`)
    if (!carriable.includes(field))
      throw invalid(
        where,
        `{${field}} is nothing to carry: the server knows it already. What travels is ${carriable.map(name => `{${name}}`).join(', ')}`,
      )
  }
}

/** A visible parameter may hold nearly anything; it must not hold what ends it. */
function checkEnds({ items, separator = '' }: Carrier, { parameters }: DeclaredScheme, where: string): void {
  for (const parts of items) {
    for (const [index, part] of parts.entries()) {
      if (part.op !== 'field') continue
      const next = parts[index + 1]
      const end = (next?.op === 'text' ? next.text : separator).trim().charAt(0)
      const parameter = parameters[part.field]
      if (end === '' || parameter?.characters !== 'visible' || parameter.without?.includes(end) === true) continue
      throw invalid(where, `{${part.field}} may hold ${end}, which stands behind it: add ${end} to the parameter's without`)
    }
  }
}

/**
 * Values are told apart by the text between them, wherever that stands. One of them may hold it, such as a key id with
 * a colon; where two may, a value has several readings, and to try them all takes long.
 */
function checkGaps(parts: readonly Recipe[], scheme: DeclaredScheme, where: string): void {
  const values = parts.filter(part => part.op !== 'text')
  const start = parts.findIndex(part => part.op !== 'text')
  const gaps = parts
    .slice(
      start,
      parts.findLastIndex(part => part.op !== 'text'),
    )
    .flatMap(part => (part.op === 'text' ? [part.text] : []))
  const [one, two] = values.filter(part => mayHold(part, gaps, scheme)).flatMap(fieldsOf)
  if (two === undefined) return
  const shown = gaps.map(gap => JSON.stringify(gap)).join(' or ')
  throw invalid(where, `{${one}} and {${two}} may both hold ${shown}, which keeps values apart: put something there that they can't hold`)
}

/** A hash and a timestamp have one length or shape, so they end by themselves. */
function mayHold(part: Recipe, gaps: readonly string[], scheme: DeclaredScheme): boolean {
  if (hashOf(part) !== undefined || (part.op === 'field' && part.field === 'timestamp')) return false
  const inClass = classOf(charactersOf(part, scheme))
  return gaps.some(gap => [...gap].every(char => inClass.test(char)))
}

function charactersOf(part: Recipe, scheme: DeclaredScheme): string {
  const mac = macOf(part)
  if (mac !== undefined) return ALPHABETS[mac.encoding]
  switch (part.op === 'field' ? part.field : '') {
    case 'keyId':
      return '\\x21-\\x2b\\x2d-\\x7e'
    case 'passphrase':
      return '\\x20-\\x7e'
    case 'signature':
      return ALPHABETS[scheme.signature.encoding]
    default:
      return shapesOf(part, scheme)
        .map(shape => shape.characters)
        .join('')
  }
}
