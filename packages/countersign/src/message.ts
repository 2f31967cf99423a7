import type { Digest } from './algorithm.ts'
import { type CryptoProvider, inTurn, type MaybePromise, whenReady } from './crypto/provider.ts'
import { type BytesEncoding, concatBytes, utf8 } from './encoding.ts'
import type { Field, Part, TextChange } from './template.ts'
import { hostOf, pathOf, queryOf } from './url.ts'

/** Everything a template can name, for one call. */
export interface Call {
  timestamp: string
  nonce: string
  keyId: string
  passphrase: string
  method: string
  /** Origin and target, one behind the other. */
  url: string
  origin: string
  target: string
  body: string | Uint8Array | undefined
  parameters: { readonly [name: string]: string }
  header: (name: string) => string | undefined
  /** The hashes the message asks for, worked out before it is written. */
  hashes: (string | Uint8Array)[]
}

/** What is signed: text, then one run of text or bytes, then text. So a body never has to be copied to be signed. */
export interface Message {
  readonly before: string
  readonly body: string | Uint8Array | undefined
  readonly after: string
}

export interface CompiledHash {
  readonly part: Part
  readonly digest: Digest
  readonly encoding: BytesEncoding | 'raw'
  readonly write: (call: Call) => Message
}

export interface CompiledMessage {
  readonly hashes: readonly CompiledHash[]
  readonly write: (call: Call) => Message
}

export type TextOf = (call: Call) => string
type RunOf = (call: Call) => string | Uint8Array | undefined

/** Turns the parts of a message into functions, once; a call then only runs them. */
export function compileMessage(parts: readonly Part[], hashes: CompiledHash[] = []): CompiledMessage {
  const texts: TextOf[][] = [[]]
  const runs: RunOf[] = []
  for (const part of parts) {
    const run = compileRun(part, hashes)
    if (run !== undefined) {
      runs.push(run)
      texts.push([])
    } else {
      texts.at(-1)?.push(compileText(part, hashes))
    }
  }
  const [before = empty, after = empty] = texts.map(joined)
  const [body] = runs
  if (body === undefined) return { hashes, write: call => ({ before: before(call), body: undefined, after: '' }) }
  if (runs.length === 1) return { hashes, write: call => ({ before: before(call), body: body(call), after: after(call) }) }
  return { hashes, write: compileManyRuns(texts.map(joined), runs) }
}

/** The text a single part stands for, where it is text. */
export function compileText(part: Part, hashes: CompiledHash[]): TextOf {
  switch (part.kind) {
    case 'literal':
      return () => part.text
    case 'hash': {
      const index = hashIndex(part, hashes)
      return call => String(call.hashes[index])
    }
    case 'field': {
      const first = compileField(part.field)
      const second = part.or === undefined ? undefined : compileField(part.or)
      const value: TextOf = second === undefined ? first : call => first(call) || second(call)
      if (part.change === undefined) return value
      const change = CHANGES[part.change]
      return call => change(value(call))
    }
    case 'mac':
      return empty
  }
}

/** Where a hash stands among those that are worked out; the same one is worked out once. */
export function hashIndex(part: Part & { readonly kind: 'hash' }, hashes: CompiledHash[]): number {
  const key = JSON.stringify(part)
  const known = hashes.findIndex(hash => JSON.stringify(hash.part) === key)
  if (known >= 0) return known
  return hashes.push({ part, digest: part.digest, encoding: part.encoding, write: compileMessage(part.of).write }) - 1
}

/** Works out the hashes that the message holds and puts them into the call. */
export function fillHashes(crypto: CryptoProvider, hashes: readonly CompiledHash[], call: Call): MaybePromise<void> {
  return inTurn(hashes, ({ digest, encoding, write }, index) => {
    const content = write(call)
    const hash: MaybePromise<string | Uint8Array> =
      encoding === 'raw' ? crypto.hash(digest, content) : crypto.hashText(digest, content, encoding)
    return whenReady(hash, value => {
      call.hashes[index] = value
    })
  })
}

export function messageBytes(message: Message): Uint8Array {
  const { before, body, after } = message
  if (body === undefined || typeof body === 'string') return utf8(before + (body ?? '') + after)
  return concatBytes([utf8(before), body, utf8(after)])
}

export function joined([first = empty, ...rest]: readonly TextOf[]): TextOf {
  if (rest.length === 0) return first
  const next = joined(rest)
  return call => first(call) + next(call)
}

export function payloadIsQuery(method: string): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'DELETE'
}

const empty: TextOf = () => ''

function compileRun(part: Part, hashes: CompiledHash[]): RunOf | undefined {
  const whole = part.kind === 'field' && part.change === undefined ? part.field : undefined
  if (whole === 'body') return call => call.body
  if (whole === 'payload') return call => (payloadIsQuery(call.method) ? queryOf(call.target) : call.body)
  if (part.kind !== 'hash' || part.encoding !== 'raw') return undefined
  const index = hashIndex(part, hashes)
  return call => call.hashes[index]
}

function compileManyRuns(texts: readonly TextOf[], runs: readonly RunOf[]): (call: Call) => Message {
  return call => {
    const pieces: Uint8Array[] = []
    texts.forEach((text, index) => {
      pieces.push(utf8(text(call)))
      const run = runs[index]?.(call)
      if (run !== undefined) pieces.push(typeof run === 'string' ? utf8(run) : run)
    })
    return { before: '', body: concatBytes(pieces), after: '' }
  }
}

const PLAIN = ['timestamp', 'nonce', 'keyId', 'passphrase', 'method', 'url', 'origin', 'target'] as const

function compileField(field: Field): TextOf {
  const plain = PLAIN.find(name => name === field)
  if (plain !== undefined) return call => call[plain]
  switch (field) {
    case 'host':
      return call => hostOf(call.origin)
    case 'path':
      return call => pathOf(call.target)
    case 'query':
      return call => queryOf(call.target)
    case 'body':
      return call => bodyText(call.body)
    case 'payload':
      return call => (payloadIsQuery(call.method) ? queryOf(call.target) : bodyText(call.body))
    default:
      if (!field.startsWith('header.')) return call => call.parameters[field] ?? ''
      return call => call.header(field.slice('header.'.length)) ?? ''
  }
}

function bodyText(body: Call['body']): string {
  return body === undefined || typeof body === 'string' ? (body ?? '') : new TextDecoder().decode(body)
}

const CHANGES: { readonly [C in TextChange]: (text: string) => string } = {
  lower: text => text.toLowerCase(),
  upper: text => text.toUpperCase(),
  'percent-encode': percentEncode,
  sorted: text => text.split('&').sort().join('&'),
}

/** Everything but RFC 3986's unreserved characters, upper-case hexadecimal. */
export function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, char => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
}

/** The inverse; `undefined` for anything that {@link percentEncode} does not write. */
export function percentDecode(text: string): string | undefined {
  try {
    const decoded = decodeURIComponent(text)
    return percentEncode(decoded) === text ? decoded : undefined
  } catch {
    return undefined
  }
}
