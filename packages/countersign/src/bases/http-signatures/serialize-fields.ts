import { CountersignError } from '../../contract/error.ts'
import { canonicalBase64 } from '../base64-spelling.ts'
import { KEY, TOKEN, whole } from './fields-grammar.ts'
import {
  type BareItem,
  type Dictionary,
  isInnerList,
  type List,
  MAX_FRACTION_DIGITS,
  MAX_INTEGER_DIGITS,
  MAX_WHOLE_DIGITS,
  type Member,
  type Parameters,
} from './structured-fields.ts'

/**
 * The one way a structured field is written (RFC 9651 §4.1). What is written reads back as the same value.
 *
 * @throws CountersignError `option-invalid` for a value or a key that has no spelling
 */
export function serializeMember(member: Member): string {
  const value = isInnerList(member) ? `(${member.items.map(serializeMember).join(' ')})` : serializeBareItem(member.item)
  return value + serializeParameters(member.parameters)
}

export function serializeList(list: List): string {
  return list.map(serializeMember).join(', ')
}

export function serializeDictionary(dictionary: Dictionary): string {
  return [...dictionary]
    .map(([key, member]) => {
      const isTrue = !isInnerList(member) && member.item.type === 'boolean' && member.item.value
      return serializeKey(key) + (isTrue ? serializeParameters(member.parameters) : `=${serializeMember(member)}`)
    })
    .join(', ')
}

export function serializeParameters(parameters: Parameters): string {
  let text = ''
  for (const [name, value] of parameters) {
    text += `;${serializeKey(name)}`
    if (value.type !== 'boolean' || !value.value) text += `=${serializeBareItem(value)}`
  }
  return text
}

/** @throws CountersignError `option-invalid` for a value that has no spelling */
export function serializeBareItem(item: BareItem): string {
  switch (item.type) {
    case 'integer':
      return serializeInteger(item.value)
    case 'decimal':
      return serializeDecimal(item.value)
    case 'date':
      return `@${serializeInteger(item.value)}`
    case 'string':
      return serializeString(item.value)
    case 'token':
      return checked(WHOLE_TOKEN, item.value, 'A token is letters, digits and some other characters; the first is a letter or *.')
    case 'display':
      return serializeDisplay(item.value)
    case 'bytes':
      return `:${serializeBase64(item.value)}:`
    case 'boolean':
      return item.value ? '?1' : '?0'
  }
}

/** @throws CountersignError `option-invalid` */
export function serializeInteger(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 10 ** MAX_INTEGER_DIGITS) return String(value)
  throw unwritable(`An integer is a whole number of up to ${MAX_INTEGER_DIGITS} digits.`)
}

/** @throws CountersignError `option-invalid` */
export function serializeString(text: string): string {
  const visible = checked(/^[\x20-\x7e]*$/, text, 'A string is visible ASCII and spaces.')
  return /["\\]/.test(visible) ? `"${visible.replace(/["\\]/g, '\\$&')}"` : `"${visible}"`
}

const WHOLE_KEY = whole(KEY)
const WHOLE_TOKEN = whole(TOKEN)

function serializeKey(key: string): string {
  return checked(WHOLE_KEY, key, 'A key is lower-case letters, digits, _, -, . and *; the first is a letter or *.')
}

/**
 * At least one digit behind the point and at most {@link MAX_FRACTION_DIGITS}, rounded half to even. Rounded is the
 * number as it is written in decimal, not the binary one nearest to it, which is never a half.
 */
function serializeDecimal(value: number): string {
  const size = Math.abs(value)
  if (!(size < 10 ** MAX_WHOLE_DIGITS)) throw tooLarge()
  // A smaller one is written with an exponent, and rounds to zero.
  const [whole = '', fraction = ''] = size < 1e-6 ? ['0'] : String(size).split('.')
  const kept = Number(whole + fraction.slice(0, MAX_FRACTION_DIGITS).padEnd(MAX_FRACTION_DIGITS, '0'))
  const rest = fraction.slice(MAX_FRACTION_DIGITS)
  const rounded = rest > '5' || (rest === '5' && kept % 2 === 1) ? kept + 1 : kept
  const digits = String(rounded).padStart(MAX_FRACTION_DIGITS + 1, '0')
  if (digits.length > MAX_WHOLE_DIGITS + MAX_FRACTION_DIGITS) throw tooLarge()
  const sign = value < 0 && rounded > 0 ? '-' : ''
  return `${sign}${digits.slice(0, -MAX_FRACTION_DIGITS)}.${digits.slice(-MAX_FRACTION_DIGITS).replace(/0{1,2}$/, '')}`
}

function tooLarge(): CountersignError {
  return unwritable(`A decimal is a number of up to ${MAX_WHOLE_DIGITS} digits before its point.`)
}

/** Half a character has no bytes. */
function serializeDisplay(text: string): string {
  if (/\p{Surrogate}/u.test(text)) throw unwritable('A display string is Unicode text.')
  const bytes = new TextEncoder().encode(text)
  const escaped = Array.from(bytes, byte =>
    byte < 0x20 || byte > 0x7e || byte === 0x25 || byte === 0x22 ? `%${byte.toString(16).padStart(2, '0')}` : String.fromCharCode(byte),
  )
  return `%"${escaped.join('')}"`
}

function serializeBase64(text: string): string {
  if (/^[A-Za-z0-9+/]*={0,2}$/.test(text) && canonicalBase64(text) === text) return text
  throw unwritable('Bytes are base64 with its padding.')
}

function checked(pattern: RegExp, text: string, rule: string): string {
  if (pattern.test(text)) return text
  throw unwritable(rule)
}

function unwritable(rule: string): CountersignError {
  return new CountersignError('option-invalid', `A structured field can't have this value. ${rule}`)
}
