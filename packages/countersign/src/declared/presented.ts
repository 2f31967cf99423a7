import type { Failure } from '../contract/failure.ts'
import { DIGEST_BYTES } from '../crypto/digest-bytes.ts'
import type { Call } from '../recipe/call.ts'
import type { Moment, PlanRequest } from '../scheme/plan.ts'
import type { Carrier, DeclaredScheme } from '../scheme/scheme.ts'
import { encodedLength } from '../wire/encoding.ts'
import { isForm, readForm } from '../wire/form.ts'
import { compileHeaderReader, DUPLICATE, type HeaderValue } from '../wire/headers.ts'
import { compileNonceCheck } from '../wire/nonce.ts'
import { parseTimestamp } from '../wire/parse-timestamp.ts'
import { percentDecode } from '../wire/percent.ts'
import { timestampPattern } from '../wire/timestamp.ts'
import { compileReader, type Fields, MAX_FIELD_LENGTH } from './read-carrier.ts'

/**
 * What a call of a declared scheme says of itself, every field spelled as the scheme wants it; `target` is without the
 * signature, where that stands in the query.
 */
export interface Presented extends Fields, Omit<Call, 'parameters' | 'keyId' | 'timestamp' | 'nonce' | 'passphrase'> {
  host: string | undefined
  /** `target` before a base path is put in front of it. */
  requestTarget: string
}

export interface PresentedReader {
  readonly read: (request: PlanRequest) => Presented | Failure
  /** Reads what the body carries. */
  readonly readBody: ((presented: Fields, body: Uint8Array | undefined) => Failure | undefined) | undefined
  readonly readTime: (timestamp: string) => Moment | Failure | undefined
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
  const hasHashes = [...scheme.message.of, ...scheme.carriers.flatMap(carrier => carrier.items.flat())].some(part => part.op === 'filter')
  const hasParameters = Object.keys(scheme.parameters).length > 0
  const isNonce = compileNonceCheck(scheme.nonce.formats)
  const formTimestamp = new RegExp(`^${timestampPattern(scheme.timestamp?.formats ?? [])}$`)
  const timestampHeader = scheme.carriers.find(carrier => carrier.fields.includes('timestamp'))?.name ?? ''

  function read({ method, target, headers }: PlanRequest): Presented | Failure {
    const values = readHeaders(headers)
    const host = values[hostIndex]
    if (host === DUPLICATE) return { code: 'duplicate-header', header: 'host' }
    const presented: Presented = {
      keyId: '',
      timestamp: '',
      nonce: '',
      passphrase: '',
      signature: '',
      moreSignatures: NONE,
      parameters: hasParameters ? {} : NO_PARAMETERS,
      digests: NONE,
      host,
      method,
      url: '',
      origin: '',
      target,
      requestTarget: target,
      body: undefined,
      covered: NONE,
      hashes: hasHashes ? [] : NONE,
      missing: undefined,
      header: signedHeaders.length === 0 ? noHeader : name => textOf(values[names.indexOf(name, hostIndex + 1)]),
    }
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
      if (value === '' || value.length > MAX_FIELD_LENGTH || !carrier.read(value, presented))
        return malformed(carrier.carrier, value, scheme)
    }
    if (queryCarriers.length > 0) {
      const failure = readQuery(presented, target)
      if (failure !== undefined) return failure
    }
    return (scheme.alternatives === undefined ? undefined : checkAlternatives(presented)) ?? presented
  }

  function readTime(timestamp: string): Moment | Failure | undefined {
    if (scheme.timestamp === undefined || timestamp === '') return undefined
    const { formats, meaning } = scheme.timestamp
    const time = parseTimestamp(timestamp, formats)
    if (time === undefined) return { code: 'malformed-timestamp', header: timestampHeader }
    const isUnique = time.format === 'nanoseconds' || time.format === 'microseconds'
    const isEnd = meaning === 'expires'
    return { issuedMs: isEnd ? undefined : time.ms, expiresMs: isEnd ? time.ms : undefined, isLongLived: false, isUnique }
  }

  function readBody(presented: Fields, body: Uint8Array | undefined): Failure | undefined {
    if (!isForm(body)) return { code: 'malformed-header', header: `${formCarriers[0]?.name ?? ''} in the body` }
    for (const { carrier } of formCarriers) {
      const header = `${carrier.name} in the body`
      const value = readForm(body, carrier.name)
      if (value === undefined) return { code: 'missing-header', header }
      if (value === '') return { code: 'duplicate-header', header }
      const isTimestamp = carrier.fields[0] === 'timestamp'
      if (!(isTimestamp ? formTimestamp.test(value) : isNonce(value))) return malformed(carrier, value, scheme)
      presented[isTimestamp ? 'timestamp' : 'nonce'] = value
    }
    return undefined
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
      if (value === undefined || !read(value, presented)) return malformed(carrier, value ?? '', scheme)
      if (!carrier.fields.includes('signature')) continue
      if (given.at(-1) !== only) return { code: 'malformed-header', header: `?${name}` }
      const rest = given.slice(0, -1).join('&')
      // `/x?&sig=…` would be signed as `/x?sig=…` is.
      if (rest === '' && given.length > 1) return { code: 'malformed-header', header: `?${name}` }
      presented.requestTarget = target.slice(0, mark) + (rest === '' ? '' : `?${rest}`)
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

  return { read, readBody: formCarriers.length === 0 ? undefined : readBody, readTime }
}

const NONE: never[] = []
const NO_PARAMETERS = Object.freeze({})
const noHeader = (): undefined => undefined

/** Whether calls of the scheme may do without what it carries. */
export function isOptional(carrier: Carrier, scheme: DeclaredScheme): boolean {
  return scheme.alternatives?.some(field => carrier.fields.includes(field)) ?? false
}

function malformed({ name: header, fields }: Carrier, value: string, scheme: DeclaredScheme): Failure {
  if (value === '') return { code: 'missing-header', header }
  if (fields.includes('signature')) return { code: 'malformed-signature', header, padding: wrongPadding(value, scheme) }
  return { code: fields.includes('timestamp') ? 'malformed-timestamp' : 'malformed-header', header }
}

/** How a signature in base64 that is right but for its padding is padded. */
function wrongPadding(value: string, { algorithm, signature: { encoding } }: DeclaredScheme): 'unwanted' | 'missing' | undefined {
  if (algorithm.family !== 'hmac' || encoding.startsWith('hex')) return undefined
  const length = encodedLength(DIGEST_BYTES[algorithm.digest], 'base64-unpadded')
  // Of the end alone: looked for everywhere in a long value, it would take long.
  const [, digits = '', padding = ''] = /([A-Za-z0-9+/_-]*)(={0,2})$/.exec(value.slice(-length - 3)) ?? []
  if (digits.length !== length) return undefined
  const wantsPadding = encoding === 'base64' || encoding === 'base64url-padded'
  if (wantsPadding) return padding === '' ? 'missing' : undefined
  return padding === '' ? undefined : 'unwanted'
}

function textOf(value: HeaderValue): string | undefined {
  return typeof value === 'string' ? value : undefined
}
