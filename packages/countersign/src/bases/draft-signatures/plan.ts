import type { Failure } from '../../contract/failure.ts'
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
import { combineLines, findLine, findRepeated, headerLines, type Line } from '../../wire/header-lines.ts'
import { publicTarget } from '../../wire/origins.ts'
import { parseTimestamp } from '../../wire/parse-timestamp.ts'
import { hostOf } from '../../wire/url.ts'
import { type BaseCall, baseCall, placeCall } from '../base-call.ts'
import { canonicalBase64 } from '../base64-spelling.ts'
import { bodyHash } from '../body-hash.ts'
import { CARRIERS, type CoveredList, createListReader, DATE_HEADERS, DIGEST_HEADER, type DraftCoverage } from './coverage.ts'
import { type DraftParameters, labelled, readParameters } from './parameters.ts'

/** What `compose` has to know again of a call. */
type DraftCall = BaseCall<{
  /** As on the request line. */
  readonly target: string
  readonly list: CoveredList
  /** Whether there is a digest that says nothing of the body: of no algorithm that is known. */
  readonly hasIdleDigest: boolean
}>

/** What a verifier runs for the draft: what the scheme covers is demanded, more may be covered. */
export function createDraftPlan(coverage: DraftCoverage): Plan {
  const { header, word, keyName } = CARRIERS[coverage.carrier]
  const demanded = coverage.headers.filter(name => name !== DIGEST_HEADER)
  const wantsDigest = demanded.length < coverage.headers.length
  const readList = createListReader()
  const hash = bodyHash('sha256', 'base64')

  function understand(parameters: DraftParameters, lines: readonly Line[], { method, target }: PlanRequest): Claim | Failure {
    const malformed: Failure = { code: 'malformed-header', header }
    const { signature, algorithm, created, expires } = parameters
    const keyId = parameters[keyName]
    if (keyId === undefined || keyId === '' || signature === undefined) return malformed
    if (!SIGNATURE.test(signature) || canonicalBase64(signature) !== signature) return { code: 'malformed-signature', header }
    // Draft 12 has `(created)` where no list is given; those before it had `date`.
    const list = readList(parameters.headers ?? (created === undefined ? 'date' : '(created)'))
    if (list === undefined) return malformed
    const { names } = list
    const missing = demanded.filter(name => !names.includes(name))
    if (missing.length > 0) return { code: 'insufficient-coverage', missing }
    const repeated = findRepeated(lines, list.single)
    if (repeated !== undefined) return { code: 'duplicate-header', header: repeated }
    const moment = readMoment(parameters, names, lines, header)
    if (moment !== undefined && isFailure(moment)) return moment

    const digest = findLine(lines, DIGEST_HEADER)
    const text = digest === undefined ? undefined : statedSha256(digest)
    const times = { created: created ?? '', expires: expires ?? '' }
    // The host is the verifier's own, whatever the header says.
    const headerOf = (name: string): string | undefined => (name === 'host' ? hostOf(call.origin) : combineLines(lines, name, ', '))
    const hasIdleDigest = digest !== undefined && text === undefined
    const call: DraftCall = baseCall(method, names, times, headerOf, { target, list, hasIdleDigest })
    call.keyId = keyId
    return claimOf({
      keyId,
      host: findLine(lines, 'host'),
      nonce: '',
      signature,
      moreSignatures: NONE,
      algorithms: labelled(algorithm),
      passphrase: undefined,
      stated: text === undefined ? NO_STATED : [{ text, hash }],
      body: names.includes(DIGEST_HEADER) ? 'by-digest' : 'not-signed',
      call,
      moment,
      otherwise: undefined,
    })
  }

  return {
    readsBody: false,
    presents({ headers }) {
      const value = findLine(headerLines(headers), header) ?? ''
      return word === '' ? /(?:^|[,\s])signature="/i.test(value) : value.toLowerCase().startsWith(`${word.toLowerCase()} `)
    },

    read(request: PlanRequest) {
      const lines = headerLines(request.headers)
      const repeated = findRepeated(lines, [header, 'host', DIGEST_HEADER])
      if (repeated !== undefined) return { code: 'duplicate-header', header: repeated }
      const value = findLine(lines, header)
      if (value === undefined || value === '') return { code: 'missing-header', header }
      const parameters = readParameters(value, word)
      return parameters === undefined ? { code: 'malformed-header', header } : understand(parameters, lines, request)
    },

    complete(claim: Claim, body: Uint8Array | undefined | 'deferred'): CompleteClaim | Failure {
      const call = claim.call as DraftCall
      if (wantsDigest && body !== undefined && claim.body === 'not-signed')
        return { code: 'insufficient-coverage', missing: [DIGEST_HEADER] }
      if (call.own.hasIdleDigest) return { code: 'digest-mismatch' }
      return completed(claim, body)
    },

    compose(claim: TimelyClaim, origin) {
      const call = claim.call as DraftCall
      const { recipe, made } = call.own.list
      return { recipe, made, call: placeCall(call, origin.canonical, publicTarget(origin, call.own.target)), chain: undefined }
    },

    statedDigest({ body, stated: [stated] }: Claim) {
      return body === 'by-digest' && stated !== undefined ? { algorithm: 'sha256', encoding: 'base64', text: stated.text } : undefined
    },
  }
}

const SIGNATURE = /^[A-Za-z0-9+/]+={0,2}$/
const NONE: readonly string[] = []
const NO_STATED: readonly Stated[] = []

/** The first of that algorithm; other algorithms prove nothing. */
function statedSha256(digest: string): string | undefined {
  return digest
    .split(',')
    .map(one => /^[ \t]*SHA-256=([A-Za-z0-9+/]{43}=)[ \t]*$/i.exec(one)?.[1])
    .find(text => text !== undefined)
}

/**
 * Every time that is said is held against the clock. What is covered says when the call was signed; what is not could
 * be changed on its way, so it can only shorten how long the call holds.
 */
function readMoment(
  { created, expires }: DraftParameters,
  names: readonly string[],
  lines: readonly Line[],
  header: string,
): Moment | undefined | Failure {
  if (created === undefined && names.includes('(created)')) return { code: 'missing-header', header: '(created)' }
  if (expires === undefined && names.includes('(expires)')) return { code: 'missing-header', header: '(expires)' }
  const createdMs = created === undefined ? undefined : parseTimestamp(created, ['seconds'])?.ms
  const expiresMs = expires === undefined ? undefined : parseTimestamp(expires, ['seconds', 'decimal-seconds'])?.ms
  if (created !== undefined && createdMs === undefined) return { code: 'malformed-timestamp', header }
  if (expires !== undefined && expiresMs === undefined) return { code: 'malformed-timestamp', header }

  const signed: number[] = []
  if (createdMs !== undefined && names.includes('(created)')) signed.push(createdMs)
  for (const name of DATE_HEADERS) {
    if (!names.includes(name)) continue
    const value = findLine(lines, name)
    if (value === undefined) return { code: 'missing-header', header: name }
    const time = parseTimestamp(value, ['http-date'])
    if (time === undefined) return { code: 'malformed-timestamp', header: name }
    signed.push(time.ms)
  }
  if (signed.length === 0 && expiresMs === undefined) return undefined
  const isSignedEnd = names.includes('(expires)')
  const latest = [...signed, ...(signed.length > 0 && createdMs !== undefined ? [createdMs] : [])]
  return {
    issuedMs: signed.length === 0 ? undefined : Math.min(...signed),
    newestMs: latest.length < 2 ? undefined : Math.max(...latest),
    expiresMs: isSignedEnd ? expiresMs : undefined,
    statedExpiresMs: isSignedEnd ? undefined : expiresMs,
    isLongLived: false,
    isUnique: false,
  }
}
