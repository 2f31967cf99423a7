import type { Failure } from '../../contract/failure.ts'
import { decodeEscapes } from '../../recipe/path-filters.ts'
import { isFailure } from '../../scheme/plan.ts'
import { findLine, findRepeated, type Line } from '../../wire/header-lines.ts'
import { parseTimestamp } from '../../wire/parse-timestamp.ts'
import { percentDecode } from '../../wire/percent.ts'
import { withoutFraction } from '../../wire/timestamp.ts'
import { queryOf } from '../../wire/url.ts'
import type { Plus } from './lists.ts'
import { HEADER_NAMES, type QueryName, REQUIRED_QUERY_NAMES } from './places.ts'
import { ALGORITHM, SIGNATURE_PARAMETER } from './recipe.ts'

/** What the `Authorization` header or the query says, before it is understood. */
export interface Presented {
  readonly credential: string
  readonly signedHeaders: string
  readonly signature: string
  /** As it is signed, such as 20150830T123600Z. */
  readonly timestamp: string
  /** The header that the timestamp is from, if it must be signed for itself. */
  readonly timestampHeader: 'date' | undefined
  readonly expires: string | undefined
  readonly token: string | undefined
  readonly inQuery: boolean
}

/** Reads the header where there is one, else the query. */
export function readPresented(lines: readonly Line[], target: string, plus: Plus): Presented | Failure {
  const repeated = findRepeated(lines, READ_ONCE)
  if (repeated !== undefined) return { code: 'duplicate-header', header: repeated }
  const authorization = findLine(lines, 'authorization')
  if (authorization === undefined) return readQuery(queryOf(target), plus)
  // Either signature could be sent alone; AWS takes no request that has both.
  if (hasQuerySignature(target)) return { code: 'duplicate-header', header: `?${SIGNATURE_PARAMETER}` }
  return readHeader(authorization, lines)
}

/** Whether a query carries a signature in its one spelling. */
export function hasQuerySignature(target: string): boolean {
  return target.includes(SIGNATURE_PARAMETER) && OWN_SIGNATURE.test(target)
}

const OWN_SIGNATURE = new RegExp(`[?&]${SIGNATURE_PARAMETER}(?:[=&]|$)`)

const READ_ONCE: readonly string[] = ['host', ...HEADER_NAMES]

const TOKEN_PARAMETER: QueryName = 'X-Amz-Security-Token'

const HEADER_PARTS = ['Credential', 'SignedHeaders', 'Signature'] as const

function readHeader(authorization: string, lines: readonly Line[]): Presented | Failure {
  const parts = readParts(authorization)
  if (parts === undefined) return { code: 'malformed-header', header: 'authorization' }
  const stamp = readTimestamp(lines)
  if (isFailure(stamp)) return stamp
  const { Credential: credential, SignedHeaders: signedHeaders, Signature: signature } = parts
  if (!/^[0-9a-f]{64}$/.test(signature)) return { code: 'malformed-signature', header: 'authorization' }
  return {
    credential,
    signedHeaders,
    signature,
    ...stamp,
    expires: undefined,
    token: findLine(lines, 'x-amz-security-token'),
    inQuery: false,
  }
}

/** As every SDK writes it; the rest takes the long way. */
const USUAL = /^AWS4-HMAC-SHA256 Credential=([!-+\--~]{1,512}), ?SignedHeaders=([!-+\--~]{1,4096}), ?Signature=([0-9a-f]{64})$/

type HeaderParts = { readonly [N in (typeof HEADER_PARTS)[number]]: string }

/**
 * `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`: each part once, in any order, with optional white
 * space around the commas.
 */
function readParts(authorization: string): HeaderParts | undefined {
  const usual = USUAL.exec(authorization)
  if (usual !== null) return { Credential: usual[1] ?? '', SignedHeaders: usual[2] ?? '', Signature: usual[3] ?? '' }
  const text = authorization.length > MAX_LENGTH ? undefined : /^AWS4-HMAC-SHA256[ \t]([\t -~]+)$/.exec(authorization)?.[1]
  const given = text?.split(',') ?? []
  if (given.length !== HEADER_PARTS.length) return undefined
  const parts: { -readonly [N in keyof HeaderParts]: string } = { Credential: '', SignedHeaders: '', Signature: '' }
  for (const part of given) {
    const [, name, value = ''] = /^[ \t]*([A-Za-z]+)=([!-~]+)[ \t]*$/.exec(part) ?? []
    const known = HEADER_PARTS.find(one => one === name)
    if (known === undefined || parts[known] !== '') return undefined
    parts[known] = value
  }
  return parts
}

/** `X-Amz-`, however it is escaped. To decode every name of a query would take long where their escapes are broken. */
const OWN_NAME = /^(?:X|%58)(?:-|%2[Dd])(?:A|%41)(?:m|%6[Dd])(?:z|%7[Aa])(?:-|%2[Dd])/

/** In characters. */
const MAX_LENGTH = 8192

/** `x-amz-date`, or where there is none `Date` as HTTP writes it, which then has to be signed. */
function readTimestamp(lines: readonly Line[]): Pick<Presented, 'timestamp' | 'timestampHeader'> | Failure {
  const own = findLine(lines, 'x-amz-date')
  if (own !== undefined) return { timestamp: own, timestampHeader: undefined }
  const date = findLine(lines, 'date')
  if (date === undefined) return { code: 'missing-header', header: 'x-amz-date' }
  const read = parseTimestamp(date, ['http-date'])
  if (read === undefined) return { code: 'malformed-timestamp', header: 'date' }
  return { timestamp: withoutFraction(new Date(read.ms)).replace(/[-:]/g, ''), timestampHeader: 'date' }
}

/**
 * A parameter named `X-Amz-…` is read in its one spelling: `X%2DAmz-Signature` would be taken for another name here,
 * and for this one by others.
 */
function readQuery(query: string, plus: Plus): Presented | Failure {
  const given = new Map<string, string>()
  let disguised: string | undefined
  for (const pair of query.split('&')) {
    const equals = pair.indexOf('=')
    const name = equals < 0 ? pair : pair.slice(0, equals)
    if (!OWN_NAME.test(name)) continue
    if (name.includes('%') || (plus === 'space' && name.includes('+'))) disguised ??= decodeEscapes(name)
    if (given.has(name)) return { code: 'duplicate-header', header: `?${name}` }
    const value = equals < 0 ? '' : percentDecode(pair.slice(equals + 1))
    if (value === undefined) return { code: 'malformed-header', header: `?${name}` }
    given.set(name, value)
  }
  if (!given.has(SIGNATURE_PARAMETER)) return { code: 'missing-header', header: 'authorization' }
  if (disguised !== undefined) return { code: 'malformed-header', header: `?${disguised}` }
  const missing = REQUIRED_QUERY_NAMES.find(name => !given.has(name))
  if (missing !== undefined) return { code: 'missing-header', header: `?${missing}` }
  const value = (name: QueryName): string => given.get(name) ?? ''
  if (value('X-Amz-Algorithm') !== ALGORITHM) return { code: 'malformed-header', header: '?X-Amz-Algorithm' }
  if (!/^[0-9a-f]{64}$/.test(value(SIGNATURE_PARAMETER))) return { code: 'malformed-signature', header: `?${SIGNATURE_PARAMETER}` }
  return {
    credential: value('X-Amz-Credential'),
    signedHeaders: value('X-Amz-SignedHeaders'),
    signature: value(SIGNATURE_PARAMETER),
    timestamp: value('X-Amz-Date'),
    timestampHeader: undefined,
    expires: value('X-Amz-Expires'),
    token: given.get(TOKEN_PARAMETER),
    inQuery: true,
  }
}
