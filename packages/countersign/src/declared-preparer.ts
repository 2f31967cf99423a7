import { contentTypeOf, serializeBody } from './body.ts'
import { compileWriter, type WriteCarrier } from './carrier.ts'
import type { Credentials } from './credentials.ts'
import type { CryptoProvider } from './crypto/provider.ts'
import { CountersignError } from './error.ts'
import { compactJson } from './json.ts'
import { messageBytes } from './message.ts'
import type { Composition, Preparer } from './plan.ts'
import type { Call } from './recipe/call.ts'
import { type CompiledHash, compile } from './recipe/compile.ts'
import { DEFAULT_LIFETIME_MS, type SignableRequest, type SignedRequest, type SignerOptions } from './request.ts'
import type { Carrier, DeclaredScheme } from './scheme.ts'
import { notOne } from './sign/not-one.ts'
import { createTimestamper, isEpoch, systemClock } from './timestamp.ts'
import { checkSignableUrl, splitUrl } from './url.ts'

interface Writer {
  readonly carrier: Carrier
  readonly write: WriteCarrier
}

interface Prepared extends Composition {
  readonly bytes: Uint8Array<ArrayBuffer> | undefined
  readonly contentType: string | undefined
}

/**
 * Turns a declared scheme into what prepares its calls: everything that can be known before a call is worked out once.
 */
export function createDeclaredPreparer(
  scheme: DeclaredScheme,
  credentials: Credentials,
  options: SignerOptions,
  crypto: CryptoProvider,
): Preparer<Prepared> {
  const { keyId = '', passphrase = '' } = credentials
  const clock = options.clock ?? systemClock
  const toJson = options.json ?? compactJson
  const hashes: CompiledHash[] = []
  const { features } = scheme
  const { recipes = {} } = features
  const made = compile(scheme.message, recipes, hashes)
  const writers = scheme.carriers.map((carrier): Writer => ({ carrier, write: compileWriter(carrier, hashes, recipes) }))
  const headerWriters = writers.filter(({ carrier }) => carrier.in === 'header')
  const signedQuery = writers.filter(({ carrier }) => carrier.in === 'query')
  const hasQuery = signedQuery.length > 0
  // The signature's own parameter is the last of all.
  const lastQuery = signedQuery.at(-1)?.carrier.fields.includes('signature') ? signedQuery.splice(-1) : []
  const readsTarget = hasQuery || ['origin', 'host', 'target', 'path', 'query', 'payload'].some(field => scheme.fields.has(field))
  const signsOrigin = ['url', 'origin', 'host'].some(field => scheme.fields.has(field))
  const stamp = createStamp(scheme, options)
  const hasAlternatives = scheme.alternatives !== undefined
  const readNonce = features.nonces?.(scheme, clock)
  const makeParameters = features.parameters?.(scheme, options)
  checkGiven(scheme, Object.keys(options.parameters ?? {})[0])

  function prepare(request: SignableRequest): Prepared {
    const url = checkSignableUrl(typeof request.url === 'string' ? request.url : request.url.href, signsOrigin)
    if (request.timestamp !== undefined) checkTimestamp(scheme, request.timestamp)
    const body = serializeBody(request.body, toJson, crypto)
    const contentType = contentTypeOf(body, request.headers)
    const nonce = readNonce?.(request) ?? ''
    if (readNonce === undefined && request.nonce !== undefined) throw notOne(scheme, request.nonce, 'nonce', [])
    const call: Call = {
      timestamp: hasAlternatives && nonce !== '' ? '' : (request.timestamp ?? stamp()),
      nonce,
      keyId,
      passphrase,
      method: upperCase(request.method),
      url,
      origin: '',
      target: '',
      body: body.signed,
      parameters: makeParameters === undefined ? NO_PARAMETERS : makeParameters(),
      header: features.headers?.(request, contentType) ?? noHeader,
      covered: NONE,
      hashes: hashes.length === 0 ? NONE : [],
      missing: undefined,
    }
    if (readsTarget) {
      const { origin, target } = splitUrl(url)
      call.origin = origin
      call.target = appendQuery(target, signedQuery, call, '')
      if (hasQuery) call.url = origin + call.target
    }
    const prepared = { recipe: scheme.message, made, call, chain: undefined, bytes: body.bytes, contentType }
    if (features.forms === undefined) return prepared
    const form = features.forms(scheme, call, body.isJson)
    call.body = form
    return { ...prepared, bytes: crypto.utf8(form), contentType: 'application/x-www-form-urlencoded' }
  }

  function appendQuery(target: string, some: readonly Writer[], call: Call, signature: string): string {
    return (
      features.appendQuery?.(
        target,
        some.map(({ carrier, write }) => [carrier.name, write(call, signature, '')]),
      ) ?? target
    )
  }

  function carry({ call, bytes, contentType }: Prepared, signature: string, signedPassphrase: string): SignedRequest {
    const headers: Record<string, string> = contentType === undefined ? {} : { 'content-type': contentType }
    for (const { carrier, write } of headerWriters) {
      const value = write(call, signature, signedPassphrase)
      // Of a timestamp and a nonce, either of which will do, one is left out.
      if (value !== '') headers[carrier.name] = value
    }
    const url = hasQuery ? call.origin + appendQuery(call.target, lastQuery, call, signature) : call.url
    return { method: call.method, url, headers, body: bytes, message: () => messageBytes(made.write(call)) }
  }

  return { prepare, carry }
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

/** @param parameter that the options give a value; a scheme with parameters looks at it itself */
function checkGiven({ name, features }: DeclaredScheme, parameter: string | undefined): void {
  if (features.parameters === undefined && parameter !== undefined)
    throw new CountersignError('option-invalid', `The scheme ${name} has no parameter ${parameter}.`)
}

function checkTimestamp(scheme: DeclaredScheme, timestamp: string): void {
  const formats = scheme.timestamp?.formats ?? []
  if (!(scheme.features.isTimestamp ?? isEpoch)(timestamp, formats)) throw notOne(scheme, timestamp, 'timestamp', formats)
}

const NONE: never[] = []
const NO_PARAMETERS = Object.freeze({})
const noHeader = (): undefined => undefined

/** The method as it is signed and sent. @throws CountersignError `option-invalid` */
export function upperCase(method: string): string {
  const upper = method.toUpperCase()
  if (/^[A-Z]{1,20}$/.test(upper)) return upper
  throw new CountersignError('option-invalid', `${JSON.stringify(method.slice(0, 20))} is not a valid HTTP method.`)
}
