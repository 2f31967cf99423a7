import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { serializeDictionary, serializeList, serializeMember } from '../packages/countersign/src/bases/http-signatures/serialize-fields.ts'
import {
  type BareItem,
  type Dictionary,
  type Item,
  isInnerList,
  type List,
  type Member,
  type Parameters,
  parseDictionary,
  parseItem,
  parseList,
} from '../packages/countersign/src/bases/http-signatures/structured-fields.ts'

/** As the suite writes a value: JSON where JSON has it, else an object with its type. */
type Bare =
  | number
  | string
  | boolean
  | { readonly __type: 'token' | 'binary' | 'displaystring'; readonly value: string }
  | { readonly __type: 'date'; readonly value: number }
type Pairs<T> = readonly (readonly [key: string, value: T])[]
type OneItem = readonly [value: Bare, parameters: Pairs<Bare>]
type OneMember = OneItem | readonly [items: readonly OneItem[], parameters: Pairs<Bare>]

interface Vector {
  readonly name: string
  readonly header_type: 'item' | 'list' | 'dictionary'
  readonly raw?: readonly string[]
  readonly canonical?: readonly string[]
  readonly must_fail?: boolean
  readonly can_fail?: boolean
  readonly expected?: unknown
}

const { files } = JSON.parse(readFileSync(new URL('structured-fields.json', import.meta.url), 'utf8')) as {
  readonly files: { readonly [file: string]: readonly Vector[] }
}
const vectors = Object.entries(files).flatMap(([file, cases]) => cases.map(vector => ({ file, ...vector })))
const parsed = vectors.filter(({ raw }) => raw !== undefined)
const serialised = vectors.filter(({ raw }) => raw === undefined)

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** The suite writes bytes in base32. */
function base64Of(base32: string): string {
  const bits = [...base32.replace(/=+$/, '')].map(char => BASE32.indexOf(char).toString(2).padStart(5, '0')).join('')
  return Buffer.from((bits.match(/.{8}/g) ?? []).map(byte => Number.parseInt(byte, 2))).toString('base64')
}

/** JSON does not tell `1.0` from `1`, so a whole number may be either. */
function bareOf(value: Bare, isDecimal = false): BareItem {
  switch (typeof value) {
    case 'number':
      return { type: isDecimal || !Number.isInteger(value) ? 'decimal' : 'integer', value }
    case 'string':
      return { type: 'string', value }
    case 'boolean':
      return { type: 'boolean', value }
  }
  switch (value.__type) {
    case 'binary':
      return { type: 'bytes', value: base64Of(value.value) }
    case 'displaystring':
      return { type: 'display', value: value.value }
    case 'date':
      return { type: 'date', value: value.value }
    case 'token':
      return { type: 'token', value: value.value }
  }
}

const parametersOf = (pairs: Pairs<Bare>): Parameters => pairs.map(([name, value]) => [name, bareOf(value)])
const itemOf = ([value, parameters]: OneItem): Item => ({ item: bareOf(value), parameters: parametersOf(parameters) })

function memberOf(member: OneMember): Member {
  const [content, parameters] = member
  return Array.isArray(content) ? { items: content.map(itemOf), parameters: parametersOf(parameters) } : itemOf(member as OneItem)
}

type Field = Member | List | Dictionary

function parse(type: Vector['header_type'], text: string): Field | undefined {
  return type === 'item' ? parseItem(text) : type === 'list' ? parseList(text) : parseDictionary(text)
}

function serialise(type: Vector['header_type'], field: Field): string {
  if (type === 'item') return serializeMember(field as Item)
  return type === 'list' ? serializeList(field as List) : serializeDictionary(field as Dictionary)
}

function expectedOf({ header_type, expected }: Vector): Field {
  if (header_type === 'item') return itemOf(expected as OneItem)
  return header_type === 'list'
    ? (expected as readonly OneMember[]).map(memberOf)
    : new Map((expected as Pairs<OneMember>).map(([key, member]) => [key, memberOf(member)]))
}

/** Whole decimals as the integers that they are in JSON, and everything in order. */
function comparable(field: Field): unknown {
  const bare = (item: BareItem): unknown =>
    item.type === 'decimal' && Number.isInteger(item.value) ? { type: 'integer', value: item.value } : item
  const parameters = (all: Parameters): unknown => all.map(([name, value]) => [name, bare(value)])
  const member = (one: Member): unknown => ({
    content: isInnerList(one) ? one.items.map(member) : bare(one.item),
    parameters: parameters(one.parameters),
  })
  if (field instanceof Map) return [...field].map(([key, one]) => [key, member(one)])
  return Array.isArray(field) ? field.map(member) : member(field as Member)
}

describe('the tests of the HTTP working group', () => {
  it('are all here', () => {
    expect([parsed.length, serialised.length]).toEqual([1591, 544])
  })

  it.each(Object.keys(files).filter(file => parsed.some(vector => vector.file === file)))('%s: each field is read, or refused', file => {
    for (const vector of parsed.filter(one => one.file === file)) {
      const field = parse(vector.header_type, (vector.raw ?? []).join(', '))
      if (vector.must_fail === true) expect(field, vector.name).toBeUndefined()
      else if (field === undefined) expect(vector.can_fail, vector.name).toBe(true)
      else expect(comparable(field), vector.name).toEqual(comparable(expectedOf(vector)))
    }
  })

  it.each(Object.keys(files))('%s: each value is written as it should be, or refused', file => {
    for (const vector of vectors.filter(one => one.file === file)) {
      const { header_type, raw, canonical = raw, must_fail } = vector
      if (must_fail === true && raw === undefined) {
        const refused = expect.objectContaining({ code: 'option-invalid' })
        expect(() => serialise(header_type, expectedOf(vector)), vector.name).toThrow(refused)
      } else if (must_fail !== true) {
        // What was read is written, since the suite's JSON has no decimals that are whole.
        const field = raw === undefined ? expectedOf(vector) : parse(header_type, raw.join(', '))
        if (field === undefined) expect(vector.can_fail, vector.name).toBe(true)
        else expect(serialise(header_type, field), vector.name).toBe((canonical ?? []).join(', '))
      }
    }
  })

  it('of those that may be refused, none is', () => {
    const optional = parsed.filter(({ can_fail }) => can_fail === true)
    expect(optional.length).toBe(6)
    for (const { name, header_type, raw = [] } of optional) expect(parse(header_type, raw.join(', ')), name).toBeDefined()
  })
})
