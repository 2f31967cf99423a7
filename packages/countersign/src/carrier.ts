import { ALPHABETS } from './encoding.ts'
import { type Call, type CompiledHash, compileText, percentDecode, percentEncode } from './message.ts'
import { noncePattern } from './nonce.ts'
import type { Carrier, DeclaredScheme } from './scheme.ts'
import type { Field, Part } from './template.ts'
import { EPOCH_DIGITS, TIMESTAMP_TEXT } from './timestamp.ts'

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
  /** Hashes that a header carries, to be compared with what the message holds. */
  digests: readonly { readonly part: Part; readonly value: string }[]
}

/** Writes what a carrier says: of the call, its signature, and the passphrase's own signature where one is asked for. */
export type WriteCarrier = (call: Call, signature: string, signedPassphrase: string) => string

export function compileWriter({ items, prefix, separator = '' }: Carrier, hashes: CompiledHash[]): WriteCarrier {
  const writers = items.map(parts => compileItem(parts, hashes))
  const [only] = writers
  if (prefix === '' && writers.length === 1 && only !== undefined) return only
  return (...call) => prefix + writers.map(write => write(...call)).join(separator)
}

function compileItem(parts: readonly Part[], hashes: CompiledHash[]): WriteCarrier {
  const writers = parts.map((part): WriteCarrier => {
    if (part.kind === 'mac') return (_call, _signature, signedPassphrase) => signedPassphrase
    if (part.kind !== 'field' || part.field !== 'signature') return compileText(part, hashes)
    return part.change === undefined ? (_call, signature) => signature : (_call, signature) => percentEncode(signature)
  })
  const [only] = writers
  if (writers.length === 1 && only !== undefined) return only
  return (...call) => writers.map(write => write(...call)).join('')
}

/** Takes a value apart and puts what it carries into `into`; `false` when it is not spelled as the scheme says. */
export type ReadCarrier = (value: string, into: Fields) => boolean

export function compileReader(carrier: Carrier, scheme: DeclaredScheme): ReadCarrier {
  const items = carrier.items.map(parts => compileItemReader(parts, scheme))
  const { prefix, separator } = carrier
  const [only] = items
  if (separator === undefined && prefix === '' && only !== undefined) return (value, into) => only(value, into) === 'read'
  const gap = separator?.trim() ?? ''
  const readInOrder = compileOrdered(carrier, scheme)
  return (value, into) => {
    if (value.length <= MAX_FIELD_LENGTH && readInOrder(value, into)) return true
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

/** Reads a list in the one order in which a signer of ours writes it, in one go; what is in another takes the long way. */
function compileOrdered({ prefix, separator = '', items }: Carrier, scheme: DeclaredScheme): ReadCarrier {
  const patterns = items.map(parts =>
    parts.map(part => (part.kind === 'literal' ? escapeRegExp(part.text) : `(${wirePatternOf(part, scheme)})`)).join(''),
  )
  const whole = new RegExp(`^${escapeRegExp(prefix)}${patterns.join(escapeRegExp(separator))}$`)
  const stores = items
    .flat()
    .filter(part => part.kind !== 'literal')
    .map(part => compileStoreOf(part, scheme))
  // A value that may hold the separator could take more than its own item.
  const isClear =
    separator !== '' &&
    items.flat().every(part => part.kind === 'literal' || !new RegExp(`^(?:${wirePatternOf(part, scheme)})$`).test(`a${separator}a`))
  if (!isClear) return () => false
  return (value, into) => {
    const match = whole.exec(value)
    return match !== null && stores.every((store, index) => store(into, match[index + 1] ?? ''))
  }
}

type ReadItem = (item: string, into: Fields) => 'read' | 'other' | 'malformed'

function compileItemReader(parts: readonly Part[], scheme: DeclaredScheme): ReadItem {
  const start = parts[0]?.kind === 'literal' ? parts[0].text : ''
  const variable = parts.filter(part => part.kind !== 'literal')
  const stores = variable.map(part => compileStoreOf(part, scheme))
  const [onlyStore] = stores
  const [onlyPart] = parts
  if (parts.length === 1 && onlyPart !== undefined && onlyStore !== undefined) {
    const whole = new RegExp(`^${wirePatternOf(onlyPart, scheme)}$`)
    return (item, into) => (item.length <= MAX_FIELD_LENGTH && whole.test(item) && onlyStore(into, item) ? 'read' : 'malformed')
  }
  const pattern = new RegExp(
    `^${parts.map(part => (part.kind === 'literal' ? escapeRegExp(part.text) : `(${wirePatternOf(part, scheme)})`)).join('')}$`,
  )
  return (item, into) => {
    if (!item.startsWith(start)) return 'other'
    if (item.length > MAX_FIELD_LENGTH) return 'malformed'
    const match = pattern.exec(item)
    if (match === null) return start === '' || variable.length === 0 ? 'other' : 'malformed'
    return stores.every((store, index) => store(into, match[index + 1] ?? '')) ? 'read' : 'malformed'
  }
}

const STORED = ['keyId', 'timestamp', 'nonce', 'passphrase'] as const

/** Puts a value where it belongs; `false` when it is not spelled in the one way there is. */
type Store = (into: Fields, value: string) => boolean

function compileStore(part: Part): Store {
  const field = part.kind === 'field' || part.kind === 'mac' ? part.field : ''
  const name = STORED.find(stored => stored === field)
  if (name !== undefined) {
    return (into, value) => {
      into[name] = value
      return true
    }
  }
  if (part.kind === 'hash') {
    return (into, value) => {
      into.digests = [...into.digests, { part, value }]
      return true
    }
  }
  if (field === 'signature') {
    return (into, value) => {
      if (into.signature === '') into.signature = value
      else into.moreSignatures = [...into.moreSignatures, value]
      return true
    }
  }
  return (into, value) => {
    into.parameters[field] = value
    return true
  }
}

function compileStoreOf(part: Part, scheme: DeclaredScheme): Store {
  return isEncoded(part) ? decoding(compileStore(part), patternOf(part, scheme)) : compileStore(part)
}

function isEncoded(part: Part): boolean {
  return part.kind === 'field' && part.change === 'percent-encode'
}

/** What was percent-encoded is decoded, if it was so in the one way that {@link percentEncode} does. */
function decoding(store: Store, pattern: string): Store {
  const whole = new RegExp(`^${pattern}$`)
  return (into, value) => {
    const decoded = percentDecode(value)
    return decoded !== undefined && whole.test(decoded) && store(into, decoded)
  }
}

function wirePatternOf(part: Part, scheme: DeclaredScheme): string {
  return isEncoded(part) ? '(?:[A-Za-z0-9_.~-]|%[0-9A-F]{2})+' : patternOf(part, scheme)
}

function isSignature(part: Part): boolean {
  return part.kind === 'field' && part.field === 'signature'
}

function patternOf(part: Part, scheme: DeclaredScheme): string {
  if (part.kind === 'mac') return `[${ALPHABETS[part.encoding]}]+`
  if (part.kind === 'hash') return `[${ALPHABETS[part.encoding === 'raw' ? 'hex' : part.encoding]}]+`
  return part.kind === 'field' ? (PATTERNS[part.field] ?? parameterPattern(part.field, scheme)) : '.*?'
}

function parameterPattern(field: Field, scheme: DeclaredScheme): string {
  // Whether the number of digits is right is seen where the timestamp is read; here they only must not hold a separator.
  if (field === 'timestamp')
    return scheme.timestamp?.formats.every(format => EPOCH_DIGITS[format] !== undefined) ? '\\d{1,40}' : TIMESTAMP_TEXT
  if (field === 'nonce') return noncePattern(scheme.nonce.formats)
  if (field === 'signature') return `[${ALPHABETS[scheme.signature.encoding]}]+`
  return scheme.parameters[field]?.characters === 'digits' ? '\\d{1,19}' : '[A-Za-z0-9_-]{1,128}'
}

/** Visible ASCII without the comma, which is how two equal headers look once they were merged. */
const VISIBLE = '[\\x21-\\x2b\\x2d-\\x7e]+'

const PATTERNS: { readonly [field: string]: string } = {
  keyId: VISIBLE,
  passphrase: VISIBLE,
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&')
}
