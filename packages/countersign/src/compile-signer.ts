import { serializeBody } from './body.ts'
import { compileWriter, type WriteCarrier } from './carrier.ts'
import { type Credentials, createPassphraseSigner, createSignMessage } from './credentials.ts'
import { type CryptoProvider, isPromise, type MaybePromise, whenReady } from './crypto/provider.ts'
import { CountersignError } from './error.ts'
import { addToForm, readForm } from './form.ts'
import { compactJson } from './json.ts'
import { type Call, compileMessage, fillHashes, messageBytes, percentEncode } from './message.ts'
import { createNonceMaker, isNonce } from './nonce.ts'
import type { Carrier, DeclaredScheme } from './scheme.ts'
import { DEFAULT_LIFETIME_MS, type SignableRequest, type SignedRequest, type SignerOptions } from './sign.ts'
import { createTimestamper, looksLikeTimestamp, systemClock } from './timestamp.ts'
import { checkSignableUrl, splitUrl } from './url.ts'

/** Signs one request, at once where the platform's cryptography answers at once. */
export type SignRequest = (request: SignableRequest) => MaybePromise<SignedRequest>

interface Writer {
  readonly carrier: Carrier
  readonly write: WriteCarrier
}

interface Prepared {
  readonly call: Call
  readonly bytes: Uint8Array | undefined
  readonly contentType: string | undefined
}

/** Turns a declared scheme and credentials into the function that signs: everything that can be known before a call is. */
export function compileSigner(
  scheme: DeclaredScheme,
  credentials: Credentials,
  options: SignerOptions,
  crypto: CryptoProvider,
): SignRequest {
  const { keyId = '', passphrase = '' } = credentials
  const clock = options.clock ?? systemClock
  const toJson = options.json ?? compactJson
  const message = compileMessage(scheme.message)
  const hashes = [...message.hashes]
  const writers = scheme.carriers.map((carrier): Writer => ({ carrier, write: compileWriter(carrier, hashes) }))
  const headerWriters = writers.filter(({ carrier }) => carrier.in === 'header')
  const queryWriters = writers.filter(({ carrier }) => carrier.in === 'query')
  const formCarriers = scheme.carriers.filter(carrier => carrier.in === 'form')
  const readsTarget =
    queryWriters.length > 0 || ['origin', 'host', 'target', 'path', 'query', 'payload'].some(field => scheme.fields.has(field))
  const stamp = createStamp(scheme, options)
  const hasAlternatives = scheme.alternatives !== undefined
  // Where a timestamp does as well, a nonce is carried only when it is asked for.
  const makeNonce = scheme.fields.has('nonce') && !hasAlternatives ? createNonceMaker(scheme.nonce.formats[0], clock) : () => ''
  const makeParameters = compileParameters(scheme, options)
  const signMessage = createSignMessage(scheme, credentials, crypto)
  const signPassphrase = createPassphraseSigner(scheme, credentials, crypto)
  const readsHeaders = [...scheme.fields].some(field => field.startsWith('header.'))

  /** Neither hashes in the message nor a signed passphrase: the common case, kept free of steps it does not need. */
  const isPlain = hashes.length === 0 && signPassphrase === undefined

  function prepare(request: SignableRequest): Prepared {
    const url = typeof request.url === 'string' ? request.url : request.url.href
    checkSignableUrl(url)
    if (request.timestamp !== undefined) checkTimestamp(scheme, request.timestamp)
    const { signed, bytes, contentType } = serializeBody(request.body, toJson, crypto)
    const nonce = request.nonce === undefined ? makeNonce() : checkNonce(scheme, request.nonce)
    const call: Call = {
      timestamp: hasAlternatives && nonce !== '' ? '' : (request.timestamp ?? stamp()),
      nonce,
      keyId,
      passphrase,
      method: upperCase(request.method),
      url,
      origin: '',
      target: '',
      body: signed,
      parameters: makeParameters(),
      header: readsHeaders ? name => findHeader(request.headers, name) : noHeader,
      hashes: hashes.length === 0 ? NO_HASHES : [],
    }
    if (readsTarget) {
      const { origin, target } = splitUrl(url)
      call.origin = origin
      call.target = appendQuery(target, queryWriters.slice(0, -1), call, '')
      if (queryWriters.length > 0) call.url = origin + call.target
    }
    return formCarriers.length === 0 ? { call, bytes, contentType } : putIntoForm(call, contentType)
  }

  /** A nonce or timestamp that the body holds already is the call's; one that it lacks is put in front. */
  function putIntoForm(call: Call, contentType: string | undefined): Prepared {
    if (contentType !== undefined)
      throw new CountersignError(
        'body-not-signable',
        `The scheme ${scheme.name} wants a form-encoded body: give it as text, such as a=1&b=2.`,
      )
    let text = typeof call.body === 'string' ? call.body : new TextDecoder().decode(call.body)
    for (const { name, fields } of formCarriers) {
      const field = fields[0] === 'nonce' ? 'nonce' : 'timestamp'
      const given = readForm(text, name)
      if (given === undefined) text = addToForm(text, name, call[field])
      else if (given !== '') call[field] = given
      else throw new CountersignError('body-not-signable', `The body holds ${name} more than once, or empty.`)
    }
    call.body = text
    return { call, bytes: crypto.utf8(text), contentType: 'application/x-www-form-urlencoded' }
  }

  function finish({ call, bytes, contentType }: Prepared, signature: string, signedPassphrase: string): SignedRequest {
    const headers: Record<string, string> = contentType === undefined ? {} : { 'content-type': contentType }
    for (let index = 0; index < headerWriters.length; index++) {
      const writer = headerWriters[index]
      if (writer === undefined || (hasAlternatives && isAbsentAlternative(call, writer.carrier.fields))) continue
      headers[writer.carrier.name] = writer.write(call, signature, signedPassphrase)
    }
    const url = queryWriters.length === 0 ? call.url : call.origin + appendQuery(call.target, queryWriters.slice(-1), call, signature)
    return { method: call.method, url, headers, body: bytes, message: () => messageBytes(message.write(call)) }
  }

  return request => {
    const prepared = prepare(request)
    const { call } = prepared
    if (isPlain) {
      const signature = signMessage(message.write(call))
      if (!isPromise(signature)) return finish(prepared, signature, '')
      return signature.then(text => finish(prepared, text, ''))
    }
    return whenReady(fillHashes(crypto, hashes, call), () =>
      whenReady(signMessage(message.write(call)), signature => {
        if (signPassphrase === undefined) return finish(prepared, signature, '')
        return whenReady(signPassphrase(), signed => finish(prepared, signature, signed))
      }),
    )
  }
}

function createStamp(
  scheme: DeclaredScheme,
  { timestamp: wanted, clock = systemClock, lifetimeMs = DEFAULT_LIFETIME_MS }: SignerOptions,
): () => string {
  if (scheme.timestamp === undefined) return () => ''
  const { formats, meaning } = scheme.timestamp
  const format = wanted ?? formats[0]
  if (!formats.includes(format)) throw notOne(scheme, format, 'timestamp', formats)
  return createTimestamper(format, meaning === 'expires' ? () => clock() + lifetimeMs : clock)
}

function compileParameters(
  scheme: DeclaredScheme,
  { parameters: given = {}, clock = systemClock }: SignerOptions,
): () => Call['parameters'] {
  const declared = Object.entries(scheme.parameters)
  const unknown = Object.keys(given).find(name => scheme.parameters[name] === undefined)
  if (unknown !== undefined) throw new CountersignError('option-invalid', `The scheme ${scheme.name} has no parameter ${unknown}.`)
  const makers = declared
    .filter(([name]) => given[name] === undefined)
    .flatMap(([name, { generate }]) => (generate === undefined ? [] : [{ name, make: createNonceMaker(generate, clock) }]))
  const fixed = { ...Object.fromEntries(declared.map(([name, { default: value = '' }]) => [name, value])), ...given }
  if (makers.length === 0) return () => fixed
  return () => ({ ...fixed, ...Object.fromEntries(makers.map(({ name, make }) => [name, make()])) })
}

function checkTimestamp(scheme: DeclaredScheme, timestamp: string): void {
  const formats = scheme.timestamp?.formats ?? []
  if (!formats.some(format => looksLikeTimestamp(timestamp, format))) throw notOne(scheme, timestamp, 'timestamp', formats)
}

function checkNonce(scheme: DeclaredScheme, nonce: string): string {
  const { formats } = scheme.nonce
  if (isNonce(nonce, formats)) return nonce
  throw notOne(scheme, nonce, 'nonce', formats)
}

function notOne({ name }: DeclaredScheme, given: string, what: 'timestamp' | 'nonce', formats: readonly string[]): CountersignError {
  return new CountersignError(
    `${what}-invalid`,
    `${JSON.stringify(given.slice(0, 40))} is no ${what} of the scheme ${name}: ${formats.join(', ') || 'it has none'}.`,
  )
}

function isAbsentAlternative(call: Call, fields: readonly string[]): boolean {
  return (fields.includes('nonce') && call.nonce === '') || (fields.includes('timestamp') && call.timestamp === '')
}

function appendQuery(target: string, writers: readonly Writer[], call: Call, signature: string): string {
  let appended = target
  for (const { carrier, write } of writers) {
    appended += `${appended.includes('?') ? (appended.endsWith('?') ? '' : '&') : '?'}${carrier.name}=${percentEncode(write(call, signature, ''))}`
  }
  return appended
}

const NO_HASHES: Call['hashes'] = []
const noHeader = (): undefined => undefined

function findHeader(headers: SignableRequest['headers'], name: string): string | undefined {
  for (const [given, value] of Object.entries(headers ?? {})) if (given.toLowerCase() === name) return value
  return undefined
}

/** The method as it is signed and sent. @throws CountersignError `option-invalid` */
export function upperCase(method: string): string {
  const upper = method.toUpperCase()
  if (/^[A-Z]{1,20}$/.test(upper)) return upper
  throw new CountersignError('option-invalid', `${JSON.stringify(method.slice(0, 20))} is no HTTP method.`)
}
