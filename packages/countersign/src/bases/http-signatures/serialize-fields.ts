import { CountersignError } from '../../contract/error.ts'
import { type BareItem, type Dictionary, isInnerList, type List, type Member, type Parameters } from './structured-fields.ts'

/** The one way a structured field is written (RFC 9651 §4.1). */
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
      return key + (isTrue ? serializeParameters(member.parameters) : `=${serializeMember(member)}`)
    })
    .join(', ')
}

export function serializeParameters(parameters: Parameters): string {
  let text = ''
  for (const [name, value] of parameters)
    text += value.type === 'boolean' && value.value ? `;${name}` : `;${name}=${serializeBareItem(value)}`
  return text
}

/** @throws CountersignError `option-invalid` for a value that has no spelling */
export function serializeBareItem(item: BareItem): string {
  switch (item.type) {
    case 'integer':
      return String(item.value)
    case 'decimal':
      return serializeDecimal(item.value)
    case 'date':
      return `@${item.value}`
    case 'string':
      return serializeString(item.value)
    case 'token':
      return item.value
    case 'display':
      return `%"${encodeDisplay(item.value)}"`
    case 'bytes':
      return `:${item.value}:`
    case 'boolean':
      return item.value ? '?1' : '?0'
  }
}

export function serializeString(text: string): string {
  if (!/^[\x20-\x7e]*$/.test(text))
    throw new CountersignError('option-invalid', 'A string in a structured field is visible ASCII and spaces.')
  return /["\\]/.test(text) ? `"${text.replace(/["\\]/g, '\\$&')}"` : `"${text}"`
}

/** At most three digits behind the point, rounded half to even, and at least one. */
function serializeDecimal(value: number): string {
  const text = value.toFixed(3).replace(/0+$/, '')
  return text.endsWith('.') ? `${text}0` : text
}

function encodeDisplay(text: string): string {
  const bytes = new TextEncoder().encode(text)
  return Array.from(bytes, byte =>
    byte < 0x20 || byte > 0x7e || byte === 0x25 || byte === 0x22 ? `%${byte.toString(16).padStart(2, '0')}` : String.fromCharCode(byte),
  ).join('')
}
