import type { Digest } from './algorithm.ts'
import { type CryptoProvider, inTurn, type MaybePromise, whenReady } from './crypto/provider.ts'
import { type BytesEncoding, concatBytes, encode, utf8 } from './encoding.ts'
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
export function compileMessage(parts: readonly Part[]): CompiledMessage {
  const hashes: CompiledHash[] = []
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
export function compileText(part: Part, hashes: CompiledHash[] = []): TextOf {
  switch (part.kind) {
    case 'literal':
      return () => part.text
    case 'hash': {
      const index = hashes.push({ digest: part.digest, encoding: part.encoding, write: compileMessage(part.of).write }) - 1
      return call => String(call.hashes[index])
    }
    case 'field': {
      const first = compileField(part.field)
      const second = part.or === undefined ? undefined : compileField(part.or)
      const value: TextOf = second === undefined ? first : call => first(call) || second(call)
      return part.change === undefined ? value : changed(value, part.change)
    }
    case 'mac':
      return empty
  }
}

/** Works out the hashes that the message holds and puts them into the call. */
export function fillHashes(crypto: CryptoProvider, message: CompiledMessage, call: Call): MaybePromise<void> {
  return inTurn(message.hashes, ({ digest, encoding, write }, index) =>
    whenReady(crypto.hash(digest, write(call)), bytes => {
      call.hashes[index] = encoding === 'raw' ? bytes : encode(bytes, encoding)
    }),
  )
}

export function messageBytes(message: Message): Uint8Array {
  const { before, body, after } = message
  if (body === undefined || typeof body === 'string') return utf8(before + (body ?? '') + after)
  return concatBytes([utf8(before), body, utf8(after)])
}

export function joined(texts: readonly TextOf[]): TextOf {
  const [a = empty, b, c, d, ...rest] = texts
  if (b === undefined) return a
  if (c === undefined) return call => a(call) + b(call)
  if (d === undefined) return call => a(call) + b(call) + c(call)
  const tail = joined(rest)
  return rest.length === 0 ? call => a(call) + b(call) + c(call) + d(call) : call => a(call) + b(call) + c(call) + d(call) + tail(call)
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
  const index = hashes.push({ digest: part.digest, encoding: 'raw', write: compileMessage(part.of).write }) - 1
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

function compileField(field: Field): TextOf {
  switch (field) {
    case 'timestamp':
      return call => call.timestamp
    case 'nonce':
      return call => call.nonce
    case 'keyId':
      return call => call.keyId
    case 'passphrase':
      return call => call.passphrase
    case 'method':
      return call => call.method
    case 'url':
      return call => call.url
    case 'origin':
      return call => call.origin
    case 'host':
      return call => hostOf(call.origin)
    case 'target':
      return call => call.target
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

function changed(value: TextOf, change: TextChange): TextOf {
  switch (change) {
    case 'lower':
      return call => value(call).toLowerCase()
    case 'upper':
      return call => value(call).toUpperCase()
    case 'percent-encode':
      return call => encodeURIComponent(value(call))
  }
}
