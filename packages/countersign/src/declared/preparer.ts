import type { CryptoProvider } from '../crypto/provider.ts'
import type { Call } from '../recipe/call.ts'
import { type CompiledHash, compile } from '../recipe/compile.ts'
import { contentTypeOf, serializeBody } from '../scheme/body.ts'
import type { Credentials } from '../scheme/credentials.ts'
import type { Composition, Preparer } from '../scheme/plan.ts'
import type { SignableRequest, SignedRequest, SignerOptions } from '../scheme/request.ts'
import type { CarrierWriter, DeclaredScheme } from '../scheme/scheme.ts'
import { compactJson } from '../wire/json.ts'
import { messageBytes } from '../wire/message.ts'
import { upperCase } from '../wire/method.ts'
import { type Clock, createEpochTimestamper, type EpochFormat, isEpoch, systemClock } from '../wire/timestamp.ts'
import { checkSignableUrl, splitUrl } from '../wire/url.ts'
import { notOne } from './unknown-format.ts'
import { compileWriter } from './write-carrier.ts'

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
  const writers = scheme.carriers.map((carrier): CarrierWriter => ({ carrier, write: compileWriter(carrier, hashes, recipes) }))
  const headerWriters = writers.filter(({ carrier }) => carrier.in === 'header')
  const queries = features.queries?.(writers)
  const readsTarget =
    queries !== undefined || ['origin', 'host', 'target', 'path', 'query', 'payload'].some(field => scheme.fields.has(field))
  const signsOrigin = ['url', 'origin', 'host'].some(field => scheme.fields.has(field))
  const stamp = createStamp(scheme, options, clock)
  const hasAlternatives = scheme.alternatives !== undefined
  const readNonce = features.nonces?.(scheme, clock)
  const makeParameters = features.parameters?.(scheme, options)

  function prepare(request: SignableRequest): Prepared {
    const url = checkSignableUrl(typeof request.url === 'string' ? request.url : request.url.href, signsOrigin)
    if (request.timestamp !== undefined) checkTimestamp(scheme, request.timestamp)
    const body = serializeBody(request.body, toJson, crypto)
    const contentType = contentTypeOf(body, request.headers)
    const nonce = readNonce?.(request) ?? ''
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
      call.target = target
      if (queries !== undefined) {
        call.target = queries.signed(target, call)
        call.url = origin + call.target
      }
    }
    const prepared = { recipe: scheme.message, made, call, chain: undefined, bytes: body.bytes, contentType }
    return features.forms === undefined ? prepared : { ...prepared, ...features.forms(scheme, call, body.isJson, crypto) }
  }

  function carry({ call, bytes, contentType }: Prepared, signature: string, signedPassphrase: string): SignedRequest {
    const headers: Record<string, string> = contentType === undefined ? {} : { 'content-type': contentType }
    for (const { carrier, write } of headerWriters) {
      const value = write(call, signature, signedPassphrase)
      // Of a timestamp and a nonce, either of which will do, one is left out.
      if (value !== '') headers[carrier.name] = value
    }
    const url = queries === undefined ? call.url : call.origin + queries.sent(call, signature)
    return { method: call.method, url, headers, body: bytes, message: () => messageBytes(made.write(call)) }
  }

  return { prepare, carry }
}

function createStamp(scheme: DeclaredScheme, { timestamp: wanted, lifetimeMs }: SignerOptions, clock: Clock): () => string {
  const format = wanted ?? scheme.timestamp?.formats[0]
  if (format === undefined) return () => ''
  return scheme.features.stamp?.(scheme, format, clock, lifetimeMs) ?? createEpochTimestamper(format as EpochFormat, clock)
}

function checkTimestamp(scheme: DeclaredScheme, timestamp: string): void {
  const formats = scheme.timestamp?.formats ?? []
  if (!(scheme.features.isTimestamp ?? isEpoch)(timestamp, formats)) throw notOne(scheme, timestamp, 'timestamp', formats)
}

const NONE: never[] = []
const NO_PARAMETERS = Object.freeze({})
const noHeader = (): undefined => undefined
