import { boundedCache } from '../../contract/bounded-cache.ts'
import type { Failure } from '../../contract/failure.ts'
import { isDecodable } from '../../recipe/path-filters.ts'
import {
  type Claim,
  type CompleteClaim,
  claimOf,
  completed,
  isFailure,
  type Moment,
  type Plan,
  type PlanRequest,
  type Stated,
  type TimelyClaim,
} from '../../scheme/plan.ts'
import { combineLines, findLine, findRepeated, headerLines, isSingleField, type Line, ownLines } from '../../wire/header-lines.ts'
import { isHeaderName } from '../../wire/headers.ts'
import { publicTarget } from '../../wire/origins.ts'
import { parseTimestamp } from '../../wire/parse-timestamp.ts'
import { hostOf, queryOf } from '../../wire/url.ts'
import { type BaseCall, baseCall, placeCall } from '../base-call.ts'
import { bodyHash } from '../body-hash.ts'
import { KEPT_LISTS, MAX_COVERED, MAX_LIST_LENGTH } from '../covered-limits.ts'
import { signedDates } from '../signed-dates.ts'
import { MAX_EXPIRES, type SigV4Options } from './options.ts'
import { hasQuerySignature, type Presented, readPresented } from './presented.ts'
import { compileForms, DERIVATION_TEXTS, type Form, isS3Service, PAYLOAD_HEADER, PAYLOAD_MARKERS } from './recipe.ts'

/** Set by CloudFront behind the client, so AWS doesn't want it signed. */
const MAY_BE_UNSIGNED: ReadonlySet<string> = new Set(['x-amz-cf-id'])

/** Calls of one second have one timestamp. */
const KEPT_TIMES = { entries: 64, characters: 32 }

/** What `compose` has to know again of a call. */
type SigV4Call = BaseCall<{
  /** As on the request line. */
  readonly target: string
  readonly form: Form
}>

/** What a verifier runs for SigV4. The host and every `x-amz-` header that came have to be signed, as AWS has it. */
export function createSigV4Plan(options: SigV4Options): Plan {
  const plus = options.plus ?? 'literal'
  const compiled = compileForms(plus)
  const readNames = boundedCache(KEPT_LISTS, readSignedNames)
  const readTime = boundedCache(KEPT_TIMES, text => parseTimestamp(text, ['iso8601-basic'])?.ms)
  const hash = bodyHash('sha256', 'hex')
  // What the scheme says to be signed is demanded, whatever calls the verifier is told to take.
  const wantsPayload = options.allowUnsignedPayload !== true && !(options.in === 'query' && isS3Service(options.service ?? ''))

  function understand(presented: Presented, lines: readonly Line[], { method, target }: PlanRequest): Claim | Failure {
    const { timestamp, signature, token, inQuery } = presented
    const credential = readCredential(presented.credential, options)
    if (credential === undefined) return { code: 'malformed-header', header: inQuery ? '?X-Amz-Credential' : 'authorization' }
    const { keyId, day, region, service } = credential
    const own = readMoment(presented, day, readTime(presented.timestamp))
    if (isFailure(own)) return own
    const signed = readNames(presented.signedHeaders.length > MAX_LIST_LENGTH ? '' : presented.signedHeaders)
    if (signed === undefined) return { code: 'malformed-header', header: inQuery ? '?X-Amz-SignedHeaders' : 'authorization' }
    const lacking = findUnsigned(presented, lines, signed.all)
    if (lacking.length > 0) return { code: 'insufficient-coverage', missing: lacking }
    const repeated = findRepeated(lines, signed.single)
    if (repeated !== undefined) return { code: 'duplicate-header', header: repeated }
    const dates = signedDates(lines, name => signed.all.has(name), DATE_FORMATS)
    if (dates === 'malformed') return { code: 'malformed-timestamp', header: 'date' }
    const moment = dates.length === 0 ? own : withDates(own, dates)
    const isS3 = isS3Service(service)
    if (!isDecodable(isS3 ? target : queryOf(target))) return { code: 'malformed-target' }

    const stated = findLine(lines, PAYLOAD_HEADER)
    const payload = stated !== undefined ? 'stated' : isS3 && inQuery ? 'unsigned' : 'hashed'
    const isMarked = payload === 'unsigned' || (stated !== undefined && PAYLOAD_MARKERS.has(stated))
    // The host is the verifier's own, whatever the header says.
    const headerOf = (name: string): string | undefined => (name === 'host' ? hostOf(call.origin) : combineLines(lines, name, ','))
    const form = { isS3, inQuery, payload } as const
    const call: SigV4Call = baseCall(method, signed.names, { day, region, service }, headerOf, { target, form })
    call.keyId = keyId
    call.timestamp = timestamp
    return claimOf({
      keyId,
      host: findLine(lines, 'host'),
      nonce: '',
      signature,
      moreSignatures: NONE,
      algorithms: undefined,
      // A key with a session token takes no call without it.
      passphrase: token ?? '',
      stated: stated === undefined || isMarked ? NO_STATED : [{ text: stated, hash }],
      body: isMarked ? 'not-signed' : stated === undefined ? 'whole' : 'by-digest',
      call,
      moment,
      otherwise: undefined,
    })
  }

  return {
    readsBody: false,
    presents({ headers, target }) {
      return /^AWS4-/i.test(findLine(headerLines(headers), 'authorization') ?? '') || hasQuerySignature(target)
    },

    read(request: PlanRequest) {
      const lines = ownLines(headerLines(request.headers).map(([name, value]): Line => [name.toLowerCase(), value]))
      const presented = readPresented(lines, request.target, plus)
      return isFailure(presented) ? presented : understand(presented, lines, request)
    },

    complete(claim: Claim, body: Uint8Array | undefined | 'deferred'): CompleteClaim | Failure {
      const { payload } = (claim.call as SigV4Call).own.form
      // A presigned URL of S3 has nowhere to sign a body; there it is the verifier's owner who takes it or doesn't.
      if (wantsPayload && payload === 'stated' && body !== undefined && claim.body === 'not-signed')
        return { code: 'insufficient-coverage', missing: ['the body'] }
      return completed(claim, body)
    },

    compose(claim: TimelyClaim, origin) {
      const call = claim.call as SigV4Call
      const { recipe, made } = compiled(call.own.form)
      return { recipe, made, call: placeCall(call, origin.canonical, publicTarget(origin, call.own.target)), chain: DERIVATION_TEXTS }
    },

    statedDigest({ stated: [stated] }: Claim) {
      return stated !== undefined && /^[0-9a-f]{64}$/.test(stated.text)
        ? { algorithm: 'sha256', encoding: 'hex', text: stated.text }
        : undefined
    },
  }
}

const NONE: readonly string[] = []
const NO_STATED: readonly Stated[] = []
/** In which a signed `date` is read: AWS takes both. */
export const DATE_FORMATS = ['http-date', 'iso8601-basic'] as const

const CREDENTIAL = /^([!-+\--~]+)\/(\d{8})\/([!-+\-.0-~]+)\/([!-+\-.0-~]+)\/aws4_request$/
/** In characters: of the longest key id, and a scope. */
const MAX_CREDENTIAL_LENGTH = 2048

/** `AKID/20150830/us-east-1/service/aws4_request`. An access key id may hold a slash. */
function readCredential(text: string, options: SigV4Options) {
  const read = CREDENTIAL.exec(text.length > MAX_CREDENTIAL_LENGTH ? '' : text)
  if (read === null) return undefined
  const { 1: keyId = '', 2: day = '', 3: region = '', 4: service = '' } = read
  if ((options.service ?? service) !== service || (options.region ?? region) !== region) return undefined
  return { keyId, day, region, service }
}

function readMoment(
  { timestamp, timestampHeader, expires, inQuery }: Presented,
  day: string,
  issuedMs: number | undefined,
): Moment | Failure {
  if (issuedMs === undefined || !timestamp.startsWith(day))
    return { code: 'malformed-timestamp', header: inQuery ? '?X-Amz-Date' : (timestampHeader ?? 'x-amz-date') }
  if (expires === undefined) return { issuedMs, expiresMs: undefined, isLongLived: false, isUnique: false }
  const seconds = /^[1-9]\d{0,5}$/.test(expires) ? Number(expires) : 0
  if (seconds < 1 || seconds > MAX_EXPIRES) return { code: 'malformed-header', header: '?X-Amz-Expires' }
  return { issuedMs, expiresMs: issuedMs + seconds * 1000, isLongLived: true, isUnique: false }
}

/** A presigned URL with a signed date holds as long as that is new. */
function withDates(own: Moment, dates: readonly number[]): Moment {
  const times = own.issuedMs === undefined ? dates : [own.issuedMs, ...dates]
  return { ...own, issuedMs: Math.min(...times), newestMs: Math.max(...times), isLongLived: false }
}

/** A list of signed headers, read. */
interface SignedNames {
  readonly names: readonly string[]
  readonly all: ReadonlySet<string>
  /** Those that can't come twice. */
  readonly single: readonly string[]
}

/** Lower case, sorted, each once, and not too many. */
function readSignedNames(list: string): SignedNames | undefined {
  const names = list.split(';')
  if (names.length > MAX_COVERED) return undefined
  if (names.some((name, index) => !isHeaderName(name) || (index > 0 && name <= (names[index - 1] ?? '')))) return undefined
  return { names, all: new Set(names), single: names.filter(isSingleField) }
}

function findUnsigned({ timestampHeader }: Presented, lines: readonly Line[], signed: ReadonlySet<string>): readonly string[] {
  const missing = new Set<string>()
  const want = (name: string): void => {
    if (!signed.has(name)) missing.add(name)
  }
  want('host')
  if (timestampHeader !== undefined) want(timestampHeader)
  for (const [name] of lines) if (name.startsWith('x-amz-') && !MAY_BE_UNSIGNED.has(name)) want(name)
  // More than that no call could sign.
  return [...missing].slice(0, MAX_COVERED)
}
