import { ALPHABETS } from './encoding.ts'
import { type Call, type CompiledHash, compileText, joined, type TextOf } from './message.ts'
import type { Carrier, Scheme } from './scheme.ts'
import type { Field, Part } from './template.ts'

/** How many signatures one header may list (a rotation has two); more is refused unread. */
export const MAX_SIGNATURES = 8

/** No field is longer than this many characters. */
export const MAX_FIELD_LENGTH = 4096

/** Where a reader puts what it finds. An empty text is a field that was not carried. */
export type Fields = Pick<Call, 'keyId' | 'timestamp' | 'nonce' | 'passphrase'> & {
  /** The only or first signature. */
  signature: string
  /** More of them, when a header lists several. */
  moreSignatures: readonly string[]
  parameters: { [name: string]: string }
}

/** Writes what a carrier says: of the call, its signature, and the passphrase's own signature where one is asked for. */
export type WriteCarrier = (call: Call, signature: string, signedPassphrase: string) => string

export function compileWriter(carrier: Carrier): WriteCarrier {
  const items = carrier.items.map(compileItem)
  const [only] = items
  if (carrier.separator === undefined && carrier.prefix === '' && items.length === 1 && only !== undefined) return only
  const { prefix, separator = '' } = carrier
  return (call, signature, signedPassphrase) => prefix + items.map(item => item(call, signature, signedPassphrase)).join(separator)
}

function compileItem(parts: readonly Part[]): WriteCarrier {
  const [only] = parts
  if (parts.length === 1 && only?.kind === 'field' && only.field === 'signature' && only.change === undefined)
    return (_call, signature) => signature
  const noHashes: CompiledHash[] = []
  const pieces = parts.map((part): WriteCarrier => {
    if (part.kind === 'mac') return (_call, _signature, signedPassphrase) => signedPassphrase
    if (part.kind === 'field' && part.field === 'signature') return (_call, signature) => signature
    return compileText(part, noHashes)
  })
  const plain = parts.every(part => part.kind === 'literal' || (part.kind === 'field' && part.field !== 'signature'))
  if (plain)
    return joined(
      pieces.map(
        (piece): TextOf =>
          call =>
            piece(call, '', ''),
      ),
    )
  return (call, signature, signedPassphrase) => pieces.map(piece => piece(call, signature, signedPassphrase)).join('')
}

/** Takes a value apart and puts what it carries into `into`; `false` when it is not spelled as the scheme says. */
export type ReadCarrier = (value: string, into: Fields) => boolean

export function compileReader(carrier: Carrier, scheme: Scheme): ReadCarrier {
  const items = carrier.items.map(parts => compileItemReader(parts, scheme))
  const { prefix, separator } = carrier
  const [only] = items
  if (separator === undefined && prefix === '' && only !== undefined) return (value, into) => only(value, into) === 'read'
  const gap = separator?.trim() ?? ''
  return (value, into) => {
    if (!value.startsWith(prefix)) return false
    const rest = value.slice(prefix.length)
    const given = gap === '' ? rest.split(separator ?? '') : rest.split(gap).map(item => item.trim())
    if (given.length > items.length + 2 * MAX_SIGNATURES) return false
    const seen = new Set<number>()
    for (const item of given) {
      for (const [index, read] of items.entries()) {
        const outcome = read(item, into)
        if (outcome === 'malformed') return false
        if (outcome === 'other') continue
        if (seen.has(index) && !carrier.items[index]?.some(isSignature)) return false
        seen.add(index)
      }
    }
    return seen.size === items.length && into.moreSignatures.length < MAX_SIGNATURES
  }
}

type ReadItem = (item: string, into: Fields) => 'read' | 'other' | 'malformed'

function compileItemReader(parts: readonly Part[], scheme: Scheme): ReadItem {
  const start = parts[0]?.kind === 'literal' ? parts[0].text : ''
  const variable = parts.filter(part => part.kind !== 'literal')
  const stores = variable.map(compileStore)
  const [onlyStore] = stores
  const [onlyPart] = parts
  if (parts.length === 1 && onlyPart !== undefined && onlyStore !== undefined) {
    const whole = new RegExp(`^${patternOf(onlyPart, scheme)}$`)
    return (item, into) => {
      if (item.length > MAX_FIELD_LENGTH || !whole.test(item)) return 'malformed'
      onlyStore(into, item)
      return 'read'
    }
  }
  const pattern = new RegExp(
    `^${parts.map(part => (part.kind === 'literal' ? escapeRegExp(part.text) : `(${patternOf(part, scheme)})`)).join('')}$`,
  )
  return (item, into) => {
    if (!item.startsWith(start)) return 'other'
    if (item.length > MAX_FIELD_LENGTH) return 'malformed'
    const match = pattern.exec(item)
    if (match === null) return start === '' || variable.length === 0 ? 'other' : 'malformed'
    for (let index = 0; index < stores.length; index++) stores[index]?.(into, match[index + 1] ?? '')
    return 'read'
  }
}

const STORED = ['keyId', 'timestamp', 'nonce', 'passphrase'] as const

function compileStore(part: Part): (into: Fields, value: string) => void {
  const field = part.kind === 'field' || part.kind === 'mac' ? part.field : ''
  const name = STORED.find(stored => stored === field)
  if (name !== undefined) {
    return (into, value) => {
      into[name] = value
    }
  }
  if (field === 'signature') {
    return (into, value) => {
      if (into.signature === '') into.signature = value
      else into.moreSignatures = [...into.moreSignatures, value]
    }
  }
  return (into, value) => {
    into.parameters[field] = value
  }
}

function isSignature(part: Part): boolean {
  return part.kind === 'field' && part.field === 'signature'
}

function patternOf(part: Part, scheme: Scheme): string {
  if (part.kind === 'mac') return `[${ALPHABETS[part.encoding]}]+`
  return part.kind === 'field' ? (PATTERNS[part.field] ?? parameterPattern(part.field, scheme)) : '.*?'
}

function parameterPattern(field: Field, scheme: Scheme): string {
  if (field === 'signature') return `[${ALPHABETS[scheme.signature.encoding]}]+`
  return scheme.parameters[field]?.characters === 'digits' ? '\\d{1,19}' : '[A-Za-z0-9_-]+'
}

/** Visible ASCII without the comma, which is how two equal headers look once they were merged. */
const VISIBLE = '[\\x21-\\x2b\\x2d-\\x7e]+'

const PATTERNS: { readonly [field: string]: string } = {
  keyId: VISIBLE,
  passphrase: VISIBLE,
  nonce: '[A-Za-z0-9_-]{1,128}',
  timestamp: '[0-9A-Za-z:., +-]{1,40}',
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&')
}
