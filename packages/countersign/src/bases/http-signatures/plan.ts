import type { Failure } from '../../contract/failure.ts'
import { ALGORITHMS, type Algorithm } from '../../crypto/algorithm.ts'
import {
  type Claim,
  type CompleteClaim,
  claimOf,
  completed,
  isFailure,
  MAX_SIGNATURES,
  type Moment,
  type Plan,
  type PlanRequest,
  type Stated,
  type TimelyClaim,
} from '../../scheme/plan.ts'
import { combineLines, findLine, findRepeated, headerLines } from '../../wire/header-lines.ts'
import { publicTarget } from '../../wire/origins.ts'
import { hostOf } from '../../wire/url.ts'
import { type BaseCall, baseCall, placeCall } from '../base-call.ts'
import { bodyHash } from '../body-hash.ts'
import { MAX_COVERED } from '../covered-limits.ts'
import { signedDates } from '../signed-dates.ts'
import type { Component, Lines } from './components.ts'
import { type Coverage, type CoveredList, createListCompiler, INPUT } from './coverage.ts'
import { readDigests } from './digest.ts'
import { type LabelledSignature, readFields } from './message-signatures.ts'
import { placeLines } from './places.ts'
import { MAX_NONCE_LENGTH, type SignatureParameters } from './signature-base.ts'
import { createSingleReader } from './single-signature.ts'

/** More than this many characters of `Signature-Input` or `Signature` is refused unread. */
const MAX_FIELD_LENGTH = 16_384
/** What `compose` has to know again of a call. */
type HttpCall = BaseCall<{
  /** As on the request line. */
  readonly target: string
  readonly list: CoveredList
  /** Whether there is a digest that says nothing of the body: malformed, or of no algorithm that is known. */
  readonly hasIdleDigest: boolean
}>

/** What a request says apart from its signatures, read once for all of them. */
interface Shared {
  readonly request: PlanRequest
  readonly lines: Lines
  readonly stated: readonly Stated[] | 'idle'
}

/** What a verifier runs for RFC 9421: the coverage is demanded, more may be covered. */
export function createHttpPlan(coverage: Coverage): Plan {
  // Whether a key is named is the verifier's to judge: it may name one itself.
  const parameterNames = coverage.parameters.filter(name => name !== 'keyid') as readonly (keyof SignatureParameters)[]
  const readSingle = createSingleReader()
  const compileList = createListCompiler()
  const lacking = new WeakMap<readonly Component[], readonly string[]>()
  const hashes = { sha256: bodyHash('sha256', 'base64'), sha512: bodyHash('sha512', 'base64') }

  /** What the scheme demands and a signature lacks; of the digest only a body can tell. */
  function findMissing(components: readonly Component[], parameters: SignatureParameters): readonly string[] {
    let missing = lacking.get(components)
    if (missing === undefined) {
      missing = coverage.components.filter(wanted => !components.some(({ identifier }) => identifier === wanted))
      lacking.set(components, missing)
    }
    const absent = parameterNames.filter(name => parameters[name] === undefined)
    return absent.length === 0 ? missing : [...missing, ...absent.map(name => `;${name}`)]
  }

  function readStated(lines: Lines): Shared['stated'] {
    const digestField = placeLines(lines, 'content-digest')
    if (digestField === undefined) return NO_STATED
    const digests = readDigests(digestField.join(', '))
    return digests === undefined ? 'idle' : digests.map(({ algorithm, text }): Stated => ({ text, hash: hashes[algorithm] }))
  }

  function understand({ components, parameters, input, signature }: LabelledSignature, shared: Shared): Claim | Failure {
    const {
      lines,
      stated,
      request: { method, target },
    } = shared
    const missing = findMissing(components, parameters)
    if (missing.length > 0) return { code: 'insufficient-coverage', missing }
    const list = compileList(components)
    if (list === undefined) return MALFORMED
    const { keyid, nonce, alg } = parameters
    if (keyid === '' || nonce === '' || (nonce?.length ?? 0) > MAX_NONCE_LENGTH) return MALFORMED
    const repeated = findRepeated(lines, list.single)
    if (repeated !== undefined) return { code: 'duplicate-header', header: repeated }
    const moment = readMoment(parameters, list, lines)
    if (moment !== undefined && isFailure(moment)) return moment
    // The host is the verifier's own, whatever the header says.
    const headerOf = (name: string, between = ', '): string | undefined =>
      name === 'host' ? hostOf(call.origin) : combineLines(lines, name, between)
    const own = { target, list, hasIdleDigest: stated === 'idle' }
    const call: HttpCall = baseCall(method, list.identifiers, { [INPUT]: input }, headerOf, own)
    return claimOf({
      keyId: keyid ?? '',
      host: findLine(lines, 'host'),
      nonce: nonce ?? '',
      signature,
      moreSignatures: NONE,
      algorithms: alg === undefined ? undefined : (NAMED.get(alg) ?? NO_ALGORITHMS),
      passphrase: undefined,
      stated: stated === 'idle' ? NO_STATED : stated,
      body: list.coversDigest ? 'by-digest' : 'not-signed',
      call,
      moment,
      otherwise: undefined,
    })
  }

  /**
   * A chain of those that cover enough: first those with the label and the tag that are asked for, then those with
   * another label, which is not signed and could be changed.
   */
  function chain(signatures: readonly LabelledSignature[], shared: Shared): Claim | Failure {
    let failure: Failure = MALFORMED
    let covered = 0
    const claimsOf = (some: readonly LabelledSignature[]): readonly Claim[] =>
      some.flatMap(one => {
        const claim = understand(one, shared)
        if (isFailure(claim)) {
          if (failure === MALFORMED) failure = claim
          return []
        }
        covered += one.components.length
        return [claim]
      })
    const good = claimsOf(signatures.filter(one => isAskedFor(one, coverage)))
    if (good.length === 0) return failure
    const others = claimsOf(signatures.filter(one => !isAskedFor(one, coverage) && isAskedFor(one, { ...coverage, label: undefined })))
    const all = [...good, ...others.map(claim => claimOf({ ...claim, isAskedFor: false }))]
    // Only those that cover what is demanded count. A signature that isn't checked could be replayed alone.
    if (all.length > 1 && (all.length > MAX_SIGNATURES || covered > MAX_COVERED)) return MALFORMED
    return all.reduceRight((otherwise, claim) => claimOf({ ...claim, otherwise }))
  }

  return {
    readsBody: false,
    presents({ headers }) {
      const lines = headerLines(headers)
      return placeLines(lines, 'signature-input') !== undefined && placeLines(lines, 'signature') !== undefined
    },

    read(request: PlanRequest): Claim | Failure {
      const lines = headerLines(request.headers)
      const inputs = placeLines(lines, 'signature-input')
      const texts = placeLines(lines, 'signature')
      if (inputs === undefined || texts === undefined)
        return { code: 'missing-header', header: inputs === undefined ? 'signature-input' : 'signature' }
      if (lengthOf(inputs) > MAX_FIELD_LENGTH) return MALFORMED
      if (lengthOf(texts) > MAX_FIELD_LENGTH) return { code: 'malformed-header', header: 'signature' }
      if (findRepeated(lines, HOST) !== undefined) return { code: 'duplicate-header', header: 'host' }
      const shared: Shared = { request, lines, stated: readStated(lines) }
      const single = inputs.length === 1 && texts.length === 1 ? readSingle(inputs[0] ?? '', texts[0] ?? '') : undefined
      if (single !== undefined && isAskedFor(single, coverage)) return understand(single, shared)
      const signatures = readFields(lines, 'left-out')
      return signatures === undefined ? MALFORMED : chain(signatures, shared)
    },

    complete(claim: Claim, body: Uint8Array | undefined | 'deferred'): CompleteClaim | Failure {
      const call = claim.call as HttpCall
      if (body !== undefined && !call.own.list.coversDigest && coverage.wantsDigest)
        return { code: 'insufficient-coverage', missing: ['"content-digest"'] }
      if (call.own.hasIdleDigest) return { code: 'digest-mismatch' }
      return completed(claim, body)
    },

    compose(claim: TimelyClaim, origin) {
      const call = claim.call as HttpCall
      const { recipe, made } = call.own.list
      return { recipe, made, call: placeCall(call, origin.canonical, publicTarget(origin, call.own.target)), chain: undefined }
    },

    statedDigest({ body, stated: [stated, ...more] }: Claim) {
      if (body !== 'by-digest' || stated === undefined || more.length > 0) return undefined
      return { algorithm: stated.hash.digest, encoding: 'base64', text: stated.text }
    },
  }
}

const NONE: readonly string[] = []
const NO_STATED: readonly Stated[] = []
const NO_ALGORITHMS: readonly Algorithm[] = []
const NAMED: ReadonlyMap<string, readonly Algorithm[]> = /* @__PURE__ */ new Map(ALGORITHMS.map(name => [name, [name]] as const))
const HOST = ['host']
const MALFORMED = { code: 'malformed-header', header: 'signature-input' } as const

function isAskedFor({ label, parameters }: LabelledSignature, coverage: Coverage): boolean {
  return (coverage.label ?? label) === label && (coverage.tag === undefined || parameters.tag === coverage.tag)
}

function lengthOf(lines: readonly string[]): number {
  return lines.reduce((length, line) => length + line.length, 0)
}

/**
 * Every time that is signed is held against the clock: a `date` or `x-date` that is covered as well as the signature's
 * own.
 */
function readMoment(
  { created, expires }: SignatureParameters,
  { coversDate, coversOtherDate }: CoveredList,
  lines: Lines,
): Moment | undefined | Failure {
  const issuedMs = created === undefined ? undefined : created * 1000
  const expiresMs = expires === undefined ? undefined : expires * 1000
  const isCovered = (name: string): boolean => (name === 'date' ? coversDate : coversOtherDate)
  const dates = coversDate || coversOtherDate ? signedDates(lines, isCovered, ['http-date']) : []
  if (dates === 'malformed') return { code: 'malformed-timestamp', header: 'date' }
  const times = issuedMs === undefined ? dates : [...dates, issuedMs]
  const end = { expiresMs, isLongLived: false, isUnique: false }
  if (times.length > 0) return { issuedMs: Math.min(...times), newestMs: Math.max(...times), ...end }
  return expiresMs === undefined ? undefined : { issuedMs: undefined, ...end }
}
