import { DIGEST_BYTES } from './algorithm.ts'
import { compileReader, type Fields, MAX_FIELD_LENGTH } from './carrier.ts'
import { encodedLength } from './encoding.ts'
import type { Failure } from './failure.ts'
import { readForm } from './form.ts'
import { compileHeaderReader, DUPLICATE, type HeaderValue } from './headers.ts'
import { type Call, percentDecode } from './message.ts'
import { isNonce } from './nonce.ts'
import { parseTimestamp } from './parse-timestamp.ts'
import type { PlanRequest, Reading } from './plan.ts'
import type { Carrier, DeclaredScheme } from './scheme.ts'
import { TIMESTAMP_TEXT } from './timestamp.ts'

/**
 * What a call of a declared scheme says of itself, every field spelled as the scheme wants it; `target` is without the
 * signature, where that stands in the query. The plan adds what the call does not say: origin, URL and body.
 */
export interface Presented extends Fields, Omit<Call, 'parameters' | 'keyId' | 'nonce'>, Reading {
  host: string | undefined
  issuedMs: number | undefined
  expiresMs: number | undefined
  isUnique: boolean
  /** `target` as it was read, before a base path was put in front of it. */
  requestTarget: string
}

export interface PresentedReader {
  readonly read: (request: PlanRequest) => Presented | Failure
  /** Reads what the body carries. */
  readonly readBody: ((presented: Presented, body: Uint8Array | undefined) => Failure | undefined) | undefined
}

/** Makes the functions that read what the scheme's carriers carry: each exactly once, each in its one spelling. */
export function compilePresentedReader(scheme: DeclaredScheme): PresentedReader {
  const carriers = scheme.carriers.map(carrier => ({
    carrier,
    name: carrier.name,
    read: compileReader(carrier, scheme),
    optional: isOptional(carrier, scheme),
  }))
  const headerCarriers = carriers.filter(({ carrier }) => carrier.in === 'header')
  const formCarriers = carriers.filter(({ carrier }) => carrier.in === 'form')
  const queryCarriers = carriers.filter(({ carrier }) => carrier.in === 'query')
  const signedHeaders = [...scheme.fields].filter(field => field.startsWith('header.')).map(field => field.slice('header.'.length))
  const names = [...headerCarriers.map(({ name }) => name), 'host', ...signedHeaders]
  const hostIndex = headerCarriers.length
  const readHeaders = compileHeaderReader(names)
  const signatureCarrier = carriers.find(({ carrier }) => carrier.fields.includes('signature'))?.name ?? ''
  const hasParameters = Object.keys(scheme.parameters).length > 0
  const hasHashes = scheme.message.some(part => part.kind === 'hash')
  const { family, digest } = scheme.algorithm
  const signatureLength = family === 'hmac' ? encodedLength(DIGEST_BYTES[digest], scheme.signature.encoding) : undefined

  const timestampHeader = scheme.carriers.find(carrier => carrier.fields.includes('timestamp'))?.name ?? ''

  function read({ method, target, headers }: PlanRequest): Presented | Failure {
    const values = readHeaders(headers)
    const host = values[hostIndex]
    const presented: Presented = {
      keyId: '',
      timestamp: '',
      nonce: '',
      passphrase: '',
      signature: '',
      moreSignatures: NONE,
      parameters: hasParameters ? {} : NO_PARAMETERS,
      digests: NONE,
      host: host === DUPLICATE ? '' : host,
      issuedMs: undefined,
      expiresMs: undefined,
      isLongLived: false,
      isUnique: false,
      method,
      url: '',
      origin: '',
      target,
      requestTarget: target,
      body: undefined,
      hashes: hasHashes ? [] : NO_HASHES,
      header: signedHeaders.length === 0 ? noHeader : name => textOf(values[names.indexOf(name, hostIndex + 1)]),
    }
    if (host === DUPLICATE) return { code: 'duplicate-header', header: 'host' }
    for (let index = 0; index < signedHeaders.length; index++) {
      if (values[hostIndex + 1 + index] === DUPLICATE) return { code: 'duplicate-header', header: signedHeaders[index] ?? '' }
    }
    for (let index = 0; index < headerCarriers.length; index++) {
      const carrier = headerCarriers[index]
      const value = values[index]
      if (carrier === undefined) continue
      if (value === DUPLICATE) return { code: 'duplicate-header', header: carrier.name }
      if (value === undefined) {
        if (carrier.optional) continue
        return { code: 'missing-header', header: carrier.name }
      }
      if (value === '' || value.length > MAX_FIELD_LENGTH || !carrier.read(value, presented)) return malformed(carrier.carrier, value)
    }
    if (queryCarriers.length > 0) {
      const failure = readQuery(presented, target)
      if (failure !== undefined) return failure
    }
    if (scheme.alternatives !== undefined) {
      const failure = checkAlternatives(presented)
      if (failure !== undefined) return failure
    }
    if (signatureLength !== undefined && !hasLength(presented, signatureLength))
      return { code: 'malformed-signature', header: signatureCarrier }
    presented.requestTarget = presented.target
    return readTime(presented) ?? presented
  }

  function readTime(presented: Presented): Failure | undefined {
    if (scheme.timestamp === undefined || presented.timestamp === '') return undefined
    const time = parseTimestamp(presented.timestamp, scheme.timestamp.formats)
    if (time === undefined) return { code: 'malformed-timestamp', header: timestampHeader }
    if (scheme.timestamp.meaning === 'expires') presented.expiresMs = time.ms
    else presented.issuedMs = time.ms
    presented.isUnique = time.format === 'nanoseconds' || time.format === 'microseconds'
    return undefined
  }

  function readFormBody(presented: Presented, body: Uint8Array | undefined): Failure | undefined {
    const text = new TextDecoder().decode(body)
    for (const { carrier } of formCarriers) {
      const header = `${carrier.name} in the body`
      const value = readForm(text, carrier.name)
      if (value === undefined) return { code: 'missing-header', header }
      if (value === '') return { code: 'duplicate-header', header }
      const isTimestamp = carrier.fields[0] === 'timestamp'
      if (!(isTimestamp ? FORM_TIMESTAMP.test(value) : isNonce(value, scheme.nonce.formats))) return malformed(carrier, value)
      presented[isTimestamp ? 'timestamp' : 'nonce'] = value
    }
    return readTime(presented)
  }

  function readQuery(presented: Presented, target: string): Failure | undefined {
    const mark = target.indexOf('?')
    const given = mark < 0 ? [] : target.slice(mark + 1).split('&')
    for (const { carrier, name, read } of queryCarriers) {
      const found = given.filter(parameter => parameter.startsWith(`${name}=`))
      const [only, second] = found
      if (only === undefined) return { code: 'missing-header', header: `?${name}` }
      if (second !== undefined) return { code: 'duplicate-header', header: `?${name}` }
      const value = percentDecode(only.slice(name.length + 1))
      if (value === undefined || !read(value, presented)) return malformed(carrier, value ?? '')
      if (!carrier.fields.includes('signature')) continue
      if (given.at(-1) !== only) return { code: 'malformed-header', header: `?${name}` }
      const rest = given.slice(0, -1).join('&')
      presented.target = target.slice(0, mark) + (rest === '' ? '' : `?${rest}`)
    }
    return undefined
  }

  function checkAlternatives(presented: Presented): Failure | undefined {
    const given = (scheme.alternatives ?? []).filter(field => (field === 'nonce' ? presented.nonce : presented.timestamp) !== '')
    if (given.length === 1) return undefined
    const optional = carriers.filter(carrier => carrier.optional).map(({ name }) => name)
    return given.length === 0
      ? { code: 'missing-header', header: optional.join(' or ') }
      : { code: 'duplicate-header', header: optional.join(' and ') }
  }

  return { read, readBody: formCarriers.length === 0 ? undefined : readFormBody }
}

const FORM_TIMESTAMP = new RegExp(`^${TIMESTAMP_TEXT}$`)

const NONE: readonly never[] = []
const NO_PARAMETERS = Object.freeze({})
const NO_HASHES: Call['hashes'] = []
const noHeader = (): undefined => undefined

function isOptional(carrier: Carrier, scheme: DeclaredScheme): boolean {
  return scheme.alternatives?.some(field => carrier.fields.includes(field)) ?? false
}

function hasLength({ signature, moreSignatures }: Presented, length: number): boolean {
  return signature.length === length && moreSignatures.every(more => more.length === length)
}

function malformed(carrier: Carrier, value: string): Failure {
  const code =
    value === ''
      ? 'missing-header'
      : carrier.fields.includes('signature')
        ? 'malformed-signature'
        : carrier.fields.includes('timestamp')
          ? 'malformed-timestamp'
          : 'malformed-header'
  return { code, header: carrier.name }
}

function textOf(value: HeaderValue): string | undefined {
  return typeof value === 'string' ? value : undefined
}
