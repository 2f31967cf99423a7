import { DIGEST_BYTES } from '../crypto/digest-bytes.ts'
import { PASSPHRASE_PATTERN } from '../keys/passphrase.ts'
import { hashOf, macOf, type Recipe } from '../recipe/recipe.ts'
import { parameterPattern } from '../scheme/parameter.ts'
import { MAX_SIGNATURES, MAX_WRONG_SIGNATURES } from '../scheme/plan.ts'
import type { Carrier, DeclaredScheme } from '../scheme/scheme.ts'
import { ALPHABETS, encodedLength } from '../wire/encoding.ts'
import { noncePattern } from '../wire/nonce.ts'
import { percentDecode } from '../wire/percent.ts'
import { timestampPattern } from '../wire/timestamp.ts'
import { fieldOf, isSignature } from './carried-part.ts'

/** No field is longer than this many characters. */
export const MAX_FIELD_LENGTH = 4096

/** Where a reader puts what it finds. An empty text is a field that was not carried. */
export interface Fields {
  keyId: string
  timestamp: string
  nonce: string
  passphrase: string
  /** The only or first signature. */
  signature: string
  /** More of them, when a header lists several. */
  moreSignatures: readonly string[]
  parameters: { [name: string]: string }
  /** Hashes that a header carries, to be compared with what the message holds. */
  digests: readonly { readonly recipe: Recipe; readonly text: string }[]
}

/** Takes a value apart and puts what it carries into `into`; `false` when it is not spelled as the scheme says. */
export type ReadCarrier = (value: string, into: Fields) => boolean

export function compileReader(carrier: Carrier, scheme: DeclaredScheme): ReadCarrier {
  const items = carrier.items.map(parts => compileItemReader(parts, scheme))
  const { prefix, separator } = carrier
  const [only] = items
  if (separator === undefined && prefix === '' && only !== undefined) return (value, into) => only(value, into) === 'read'
  const gap = separator?.trim() ?? ''
  const isOfSignature = carrier.items.map(parts => parts.some(isSignature))
  const holdsSignature = isOfSignature.includes(true)
  // Several signatures are one behind the other, but what else stands with one is there once.
  const isRepeatable = carrier.items.map(
    (parts, index) => isOfSignature[index] === true && parts.filter(part => part.op !== 'text').length === 1,
  )
  const readInOrder = compileOrdered(carrier, scheme)
  const most = scheme.keys === 'secret' ? MAX_SIGNATURES : MAX_WRONG_SIGNATURES
  return (value, into) => {
    if (value.length <= MAX_FIELD_LENGTH && readInOrder(value, into)) return true
    if (!value.startsWith(prefix)) return false
    if (holdsSignature) {
      into.signature = ''
      into.moreSignatures = []
    }
    const rest = value.slice(prefix.length)
    const given = gap === '' ? rest.split(separator ?? '') : rest.split(gap).map(item => item.trim())
    if (given.length > items.length + 2 * MAX_SIGNATURES) return false
    const seen = new Set<number>()
    for (const item of given) {
      for (const [index, read] of items.entries()) {
        const outcome = read(item, into)
        // A malformed signature beside a good one is passed over, as one that does not fit is.
        if (outcome === 'other' || (outcome === 'malformed' && isOfSignature[index] === true)) continue
        if (outcome === 'malformed' || (seen.has(index) && isRepeatable[index] !== true)) return false
        seen.add(index)
      }
    }
    return seen.size === items.length && into.moreSignatures.length < most
  }
}

/**
 * Reads a list in the one order in which a signer of ours writes it, in one go; what is in another takes the long way.
 */
function compileOrdered({ prefix, separator = '', items }: Carrier, scheme: DeclaredScheme): ReadCarrier {
  const patterns = items.map(parts => patternOfItem(parts, scheme))
  const whole = new RegExp(`^${escapeRegExp(prefix)}${patterns.join(escapeRegExp(separator))}$`)
  const variable = items.flat().filter(part => part.op !== 'text')
  const stores = variable.map(part => compileStoreOf(part, scheme))
  // A value that may hold the separator could take more than its own item.
  const isClear = separator !== '' && variable.every(part => !new RegExp(`^(?:${wirePatternOf(part, scheme)})$`).test(`a${separator}a`))
  if (!isClear) return () => false
  return (value, into) => {
    const match = whole.exec(value)
    return match !== null && storeAll(stores, match, into)
  }
}

type ReadItem = (item: string, into: Fields) => 'read' | 'other' | 'malformed'

function compileItemReader(parts: readonly Recipe[], scheme: DeclaredScheme): ReadItem {
  const start = parts[0]?.op === 'text' ? parts[0].text : ''
  const variable = parts.filter(part => part.op !== 'text')
  const stores = variable.map(part => compileStoreOf(part, scheme))
  const [onlyStore] = stores
  const [onlyPart] = parts
  if (parts.length === 1 && onlyPart !== undefined && onlyStore !== undefined) {
    const whole = new RegExp(`^${wirePatternOf(onlyPart, scheme)}$`)
    return (item, into) => (item.length <= MAX_FIELD_LENGTH && whole.test(item) && storeOne(onlyStore, item, into) ? 'read' : 'malformed')
  }
  const pattern = new RegExp(`^${patternOfItem(parts, scheme)}$`)
  return (item, into) => {
    if (!item.startsWith(start)) return 'other'
    if (item.length > MAX_FIELD_LENGTH) return 'malformed'
    const match = pattern.exec(item)
    if (match === null) return start === '' || variable.length === 0 ? 'other' : 'malformed'
    return storeAll(stores, match, into) ? 'read' : 'malformed'
  }
}

function patternOfItem(parts: readonly Recipe[], scheme: DeclaredScheme): string {
  return parts.map(part => (part.op === 'text' ? escapeRegExp(part.text) : `(${wirePatternOf(part, scheme)})`)).join('')
}

const STORED = ['keyId', 'timestamp', 'nonce', 'passphrase'] as const

/** Puts a value where it belongs, once it is known to be spelled in the one way there is. */
interface Store {
  /** Left out: the pattern has said all. */
  readonly takes?: (value: string) => boolean
  readonly put: (into: Fields, value: string) => void
}

function storeOne({ takes, put }: Store, value: string, into: Fields): boolean {
  if (takes?.(value) === false) return false
  put(into, value)
  return true
}

/** All values of an item or none: one that is malformed leaves nothing behind. */
function storeAll(stores: readonly Store[], match: RegExpExecArray, into: Fields): boolean {
  for (let index = 0; index < stores.length; index++) if (stores[index]?.takes?.(match[index + 1] ?? '') === false) return false
  for (let index = 0; index < stores.length; index++) stores[index]?.put(into, match[index + 1] ?? '')
  return true
}

function compileStore(part: Recipe, scheme: DeclaredScheme): Store {
  if (hashOf(part) !== undefined) {
    return {
      put(into, value) {
        into.digests = [...into.digests, { recipe: part, text: value }]
      },
    }
  }
  const field = fieldOf(part)
  const name = STORED.find(stored => stored === field)
  if (name !== undefined) {
    return {
      put(into, value) {
        into[name] = value
      },
    }
  }
  if (field === 'signature') {
    const length = signatureLength(scheme)
    return {
      takes: value => length === undefined || value.length === length,
      put(into, value) {
        if (into.signature === '') into.signature = value
        else into.moreSignatures = [...into.moreSignatures, value]
      },
    }
  }
  return {
    put(into, value) {
      into.parameters[field] = value
    },
  }
}

function compileStoreOf(part: Recipe, scheme: DeclaredScheme): Store {
  return isEncoded(part) ? decoding(compileStore(part, scheme), patternOf(part, scheme)) : compileStore(part, scheme)
}

function isEncoded(part: Recipe): boolean {
  return part.op === 'filter' && part.filter === 'percent-encode'
}

/** What was percent-encoded is decoded, if it was so in the one way that {@link percentEncode} does. */
function decoding({ takes, put }: Store, pattern: string): Store {
  const whole = new RegExp(`^${pattern}$`)
  return {
    takes(value) {
      const decoded = percentDecode(value)
      return decoded !== undefined && whole.test(decoded) && takes?.(decoded) !== false
    },
    put: (into, value) => put(into, percentDecode(value) ?? ''),
  }
}

function wirePatternOf(part: Recipe, scheme: DeclaredScheme): string {
  return isEncoded(part) ? '(?:[A-Za-z0-9_.~-]|%[0-9A-F]{2})+' : patternOf(part, scheme)
}

function patternOf(part: Recipe, scheme: DeclaredScheme): string {
  const mac = macOf(part)
  if (mac !== undefined) return `[${ALPHABETS[mac.encoding]}]+`
  const hash = hashOf(part)
  if (hash !== undefined) {
    const encoding = hash.encoding === 'raw' ? 'hex' : hash.encoding
    return `[${ALPHABETS[encoding]}]{${encodedLength(DIGEST_BYTES[hash.digest], encoding)}}`
  }
  const field = fieldOf(part)
  switch (field) {
    case '':
      return '.*?'
    case 'keyId':
      return VISIBLE
    case 'passphrase':
      return PASSPHRASE_PATTERN
    case 'timestamp':
      // The number of digits is checked where the timestamp is read; here it only must not hold a separator.
      return timestampPattern(scheme.timestamp?.formats ?? [])
    case 'nonce':
      return noncePattern(scheme.nonce.formats)
    case 'signature':
      return `[${ALPHABETS[scheme.signature.encoding]}]+`
    default:
      return parameterPattern(scheme.parameters[field])
  }
}

/** How many characters a signature has; `undefined` where that depends on the key. */
function signatureLength({ algorithm, signature }: DeclaredScheme): number | undefined {
  return algorithm.family === 'hmac' ? encodedLength(DIGEST_BYTES[algorithm.digest], signature.encoding) : undefined
}

/** Visible ASCII without the comma, which is how two equal headers look once they were merged. */
const VISIBLE = '[\\x21-\\x2b\\x2d-\\x7e]+'

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&')
}
