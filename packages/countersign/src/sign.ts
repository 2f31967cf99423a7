import { crypto as platform } from '#crypto'
import { type SignableBody, serializeBody } from './body.ts'
import { compileWriter, type WriteCarrier } from './carrier.ts'
import { type Credentials, checkCredentials, createPassphraseSigner, createSignMessage } from './credentials.ts'
import { type CryptoProvider, isPromise, type MaybePromise, whenReady } from './crypto/provider.ts'
import { CountersignError } from './error.ts'
import { compactJson, type JsonSerializer } from './json.ts'
import { type Call, compileMessage, fillHashes, messageBytes } from './message.ts'
import type { Carrier, Scheme } from './scheme.ts'
import { type Clock, createTimestamper, parseTimestamp, systemClock, type TimestampFormat } from './timestamp.ts'
import { checkSignableUrl, splitUrl } from './url.ts'

export interface SignerOptions {
  /** Default: the system's. */
  readonly clock?: Clock | undefined
  /** The format to write, of those the scheme takes. Default: the first it declares. */
  readonly timestamp?: TimestampFormat | undefined
  /** How a JSON body is written. Default: {@link compactJson}. */
  readonly json?: JsonSerializer | undefined
  /** Values for the scheme's parameters, where they are not the defaults. */
  readonly parameters?: { readonly [name: string]: string } | undefined
  /** How far an `expires` timestamp lies ahead. Default: 60 s. */
  readonly lifetimeMs?: number | undefined
  /** The platform's cryptography. Default: `node:crypto` where there is one, else WebCrypto. */
  readonly crypto?: CryptoProvider | undefined
}

export interface SignableRequest {
  /** Any case; it is signed and sent in upper case. */
  readonly method: string
  /** Absolute. It is signed as it was typed, so send it as it was typed. */
  readonly url: string | URL
  readonly body?: SignableBody
  /** Only for the schemes that sign other headers. Names in any case. */
  readonly headers?: { readonly [name: string]: string } | undefined
  /** The timestamp's own characters, instead of the clock's. */
  readonly timestamp?: string | undefined
  /** For the schemes that carry a nonce. */
  readonly nonce?: string | undefined
}

export interface SignedRequest {
  readonly method: string
  /** Send to this: the URL that was given, with what the scheme adds to its query. */
  readonly url: string
  /** Names in lower case; with `content-type` for a body that was given as a JSON value. */
  readonly headers: { readonly [name: string]: string }
  /** The exact bytes that were signed. Send these. */
  readonly body: Uint8Array | undefined
  /** The message that was signed, for those who want to look; made only when it is asked for. */
  readonly message: () => Uint8Array
}

export interface Signer {
  readonly scheme: Scheme
  readonly clock: Clock
  /**
   * Signs at once. On Node, Deno and Bun.
   *
   * @throws CountersignError what is wrong with the request; `no-synchronous-crypto` where there is only WebCrypto
   */
  sign(request: SignableRequest): SignedRequest
  /** Signs anywhere: browsers and workers have only this one. */
  signAsync(request: SignableRequest): Promise<SignedRequest>
  /** The same signer with another clock, as when the server has told its time. */
  withClock(clock: Clock): Signer
}

/** How far ahead an `expires` timestamp is put unless told. */
export const DEFAULT_LIFETIME_MS = 60_000

/**
 * Makes a signer: compiles the scheme, reads the secret, and keeps both.
 *
 * @example
 * ```ts
 * const signer = createSigner(qredoV1, { keyId: '9OgjbzwhoE4LJA', secret })
 * const { url, headers, body } = signer.sign({ method: 'GET', url: 'https://api.qredo.network/qapi/v1/balance' })
 * ```
 *
 * @throws CountersignError `secret-missing`, `secret-malformed`, `secret-too-short`, `private-key-malformed`,
 * `credential-missing`, `option-invalid`
 */
export function createSigner(scheme: Scheme, credentials: Credentials, options: SignerOptions = {}): Signer {
  const crypto = options.crypto ?? platform
  checkCredentials(scheme, credentials)
  const { keyId = '', passphrase = '' } = credentials
  const clock = options.clock ?? systemClock
  const lifetimeMs = options.lifetimeMs ?? DEFAULT_LIFETIME_MS
  const toJson = options.json ?? compactJson
  const parameters = {
    ...Object.fromEntries(Object.entries(scheme.parameters).map(([name, { default: value }]) => [name, value])),
    ...options.parameters,
  }
  const message = compileMessage(scheme.message)
  const writers = scheme.carriers.map(carrier => ({ carrier, write: compileWriter(carrier) }))
  const headerWriters = writers.filter(({ carrier }) => carrier.in === 'header')
  const queryWriters = writers.filter(({ carrier }) => carrier.in === 'query')
  const readsTarget =
    queryWriters.length > 0 || ['origin', 'host', 'target', 'path', 'query', 'payload'].some(field => scheme.fields.has(field))
  const stamp = createStamp(scheme, options.timestamp, scheme.timestamp?.meaning === 'expires' ? () => clock() + lifetimeMs : clock)
  const signMessage = createSignMessage(scheme, credentials, crypto)
  const signPassphrase = createPassphraseSigner(scheme, credentials, crypto)
  const hasAlternatives = scheme.alternatives !== undefined
  const readsHeaders = [...scheme.fields].some(field => field.startsWith('header.'))
  const takesNonce = scheme.fields.has('nonce')

  /** Neither hashes in the message nor a signed passphrase: the common case, kept free of steps it does not need. */
  const isPlain = message.hashes.length === 0 && signPassphrase === undefined

  function prepare(request: SignableRequest): { call: Call; bytes: Uint8Array | undefined; contentType: string | undefined } {
    const url = typeof request.url === 'string' ? request.url : request.url.href
    checkSignableUrl(url)
    if (request.timestamp !== undefined) checkTimestamp(scheme, request.timestamp)
    const { signed, bytes, contentType } = serializeBody(request.body, toJson, crypto)
    const { nonce = '' } = request
    if (takesNonce || nonce !== '') checkNonce(scheme, nonce)
    const call: Call = {
      timestamp: nonce !== '' && scheme.alternatives !== undefined ? '' : (request.timestamp ?? stamp()),
      nonce,
      keyId,
      passphrase,
      method: upperCase(request.method),
      url,
      origin: '',
      target: '',
      body: signed,
      parameters,
      header: readsHeaders ? name => findHeader(request.headers, name) : noHeader,
      hashes: message.hashes.length === 0 ? NO_HASHES : [],
    }
    if (readsTarget) {
      const { origin, target } = splitUrl(url)
      call.origin = origin
      call.target = appendQuery(target, queryWriters.slice(0, -1), call, '')
      if (queryWriters.length > 0) call.url = origin + call.target
    }
    return { call, bytes, contentType }
  }

  function finish(
    call: Call,
    bytes: Uint8Array | undefined,
    contentType: string | undefined,
    signature: string,
    signedPassphrase: string,
  ): SignedRequest {
    const headers: Record<string, string> = contentType === undefined ? {} : { 'content-type': contentType }
    for (let index = 0; index < headerWriters.length; index++) {
      const writer = headerWriters[index]
      if (writer === undefined || (hasAlternatives && isAbsentAlternative(call, writer.carrier.fields))) continue
      headers[writer.carrier.name] = writer.write(call, signature, signedPassphrase)
    }
    const url = queryWriters.length === 0 ? call.url : call.origin + appendQuery(call.target, queryWriters.slice(-1), call, signature)
    return { method: call.method, url, headers, body: bytes, message: () => messageBytes(message.write(call)) }
  }

  function run(request: SignableRequest): MaybePromise<SignedRequest> {
    const { call, bytes, contentType } = prepare(request)
    if (isPlain) {
      const signature = signMessage(message.write(call))
      if (!isPromise(signature)) return finish(call, bytes, contentType, signature, '')
      return signature.then(text => finish(call, bytes, contentType, text, ''))
    }
    return whenReady(fillHashes(crypto, message, call), () =>
      whenReady(signMessage(message.write(call)), signature => {
        if (signPassphrase === undefined) return finish(call, bytes, contentType, signature, '')
        return whenReady(signPassphrase(), signed => finish(call, bytes, contentType, signature, signed))
      }),
    )
  }

  return {
    scheme,
    clock,
    sign(request) {
      if (!crypto.synchronous)
        throw new CountersignError(
          'no-synchronous-crypto',
          'This runtime has only WebCrypto, which answers with promises: use await signer.signAsync(request).',
        )
      const signed = run(request)
      if (isPromise(signed))
        throw new CountersignError('no-synchronous-crypto', 'The crypto provider answered with a promise: use signAsync.')
      return signed
    },
    async signAsync(request) {
      return run(request)
    },
    withClock: next => createSigner(scheme, credentials, { ...options, clock: next }),
  }
}

type Stamp = () => string

function createStamp(scheme: Scheme, wanted: TimestampFormat | undefined, clock: Clock): Stamp {
  const formats = scheme.timestamp?.formats
  if (formats === undefined) return () => ''
  const format = wanted ?? formats[0]
  if (!formats.includes(format))
    throw new CountersignError(
      'option-invalid',
      `The scheme ${scheme.name} takes a timestamp in ${formats.join(', ')}; ${format} is not one of them.`,
    )
  return createTimestamper(format, clock)
}

function checkTimestamp(scheme: Scheme, timestamp: string): void {
  const formats = scheme.timestamp?.formats
  if (formats === undefined) throw new CountersignError('timestamp-invalid', `The scheme ${scheme.name} carries no timestamp.`)
  if (parseTimestamp(timestamp, formats) === undefined) {
    throw new CountersignError(
      'timestamp-invalid',
      `${JSON.stringify(timestamp.slice(0, 40))} is not a timestamp in ${formats.join(', ')}.`,
    )
  }
}

function checkNonce(scheme: Scheme, nonce: string): void {
  if (!scheme.fields.has('nonce')) throw new CountersignError('option-invalid', `The scheme ${scheme.name} carries no nonce.`)
  if (nonce === '' && scheme.alternatives !== undefined) return
  if (!/^[A-Za-z0-9_-]{1,128}$/.test(nonce))
    throw new CountersignError(
      'option-invalid',
      `The scheme ${scheme.name} needs a nonce of 1 to 128 letters, digits, - or _ for every call.`,
    )
}

function isAbsentAlternative(call: Call, fields: readonly string[]): boolean {
  return (fields.includes('nonce') && call.nonce === '') || (fields.includes('timestamp') && call.timestamp === '')
}

function appendQuery(target: string, writers: readonly { carrier: Carrier; write: WriteCarrier }[], call: Call, signature: string): string {
  let appended = target
  for (const { carrier, write } of writers) {
    appended += `${appended.includes('?') ? (appended.endsWith('?') ? '' : '&') : '?'}${carrier.name}=${encodeURIComponent(write(call, signature, ''))}`
  }
  return appended
}

const NO_HASHES: Call['hashes'] = []
const noHeader = (): undefined => undefined

function findHeader(headers: SignableRequest['headers'], name: string): string | undefined {
  for (const [given, value] of Object.entries(headers ?? {})) if (given.toLowerCase() === name) return value
  return undefined
}

const METHOD = /^[A-Z]{1,20}$/

function upperCase(method: string): string {
  if (method === 'GET' || method === 'POST' || METHOD.test(method)) return method
  const upper = method.toUpperCase()
  if (METHOD.test(upper)) return upper
  throw new CountersignError('option-invalid', `${JSON.stringify(method.slice(0, 20))} is no HTTP method.`)
}
