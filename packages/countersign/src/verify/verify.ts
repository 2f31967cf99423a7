import { crypto as platform } from '#crypto'
import { checkAllowances } from '../contract/allowance.ts'
import { checkNumbers } from '../contract/check-numbers.ts'
import { CountersignError } from '../contract/error.ts'
import type { Failure } from '../contract/failure.ts'
import { isPromise, type MaybePromise, whenReady } from '../contract/maybe-promise.ts'
import { compileGuards } from '../coverage/guards.ts'
import { createDeclaredPlan } from '../declared/plan.ts'
import { failureOfKey, type Key } from '../keys/key.ts'
import { createProver, type Digests } from '../keys/prove.ts'
import { type Claim, type CompleteClaim, MAX_WRONG_SIGNATURES, type Plan, type Stated } from '../scheme/plan.ts'
import { isDeclared, type Scheme } from '../scheme/scheme.ts'
import { carriesNoBody } from '../wire/method.ts'
import { chooseOrigins, readOrigins } from '../wire/origins.ts'
import { systemClock } from '../wire/timestamp.ts'
import { DEFAULT_MAX_TARGET_LENGTH, isStrictTarget } from '../wire/url.ts'
import { type BodyUse, claimsOf, type DroppedBody, digestIn, digestsOf, isDropped } from './body-reader.ts'
import { checkMembersOfOptions, checkSources, readFixedKeyId, readFoundKeyId } from './check-options.ts'
import { claimEach, createClaimer, type Proven, SAFE_METHODS } from './claim-call.ts'
import { createConfirmer } from './confirm-call.ts'
import { checkBytes, checkFound, injectedClock } from './injected.ts'
import { createGate } from './only.ts'
import { findDenial } from './permission.ts'
import { createOriginProver } from './prove-for-origin.ts'
import { refused } from './refused.ts'
import { findSkew, firstMomentMs, isOver, judgeTime } from './time.ts'
import {
  DEFAULT_BODY_TIMEOUT_MS,
  DEFAULT_MAX_BODY_BYTES,
  DEFAULT_SOURCE_TIMEOUT_MS,
  DEFAULT_TOLERANCE_MS,
  type IncomingRequest,
  type Refused,
  type Verification,
  type Verified,
  type Verifier,
  type VerifierOptions,
  type VerifyOptions,
} from './types.ts'
import { isClientsFault } from './unjudged.ts'
import { createWait, systemTimer } from './waiting.ts'
import { type Seen, watched } from './watched.ts'

export type { Allowance } from '../contract/allowance.ts'
export * from './types.ts'

/**
 * Makes a verifier. A request goes through it in the order of the function below, cheap checks first, the replay guard
 * last, so that only authentic requests can fill it.
 *
 * @example
 * ```ts
 * const verifier = createVerifier(qredoV1, { origin: 'https://api.example.com', keys: memoryKeys(qredoV1, [{ id, secret }]) })
 * const result = await verifier.verify({ method, target, headers, body })
 * if (!result.ok) return respond(toProblem(result.failure))
 * ```
 *
 * @throws CountersignError `option-invalid`, `scheme-invalid`
 */
export function createVerifier(scheme: Scheme, options: VerifierOptions): Verifier {
  checkMembersOfOptions(options)
  const crypto = options.crypto ?? platform
  const { toleranceMs = DEFAULT_TOLERANCE_MS, keys, allow = [] } = options
  const clock = injectedClock(options.clock ?? systemClock)
  checkAllowances(allow)
  checkSources(keys, options.replay)
  const origins = readOrigins(options.origin)
  const maxBodyBytes = options.limits?.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES
  const maxTargetLength = options.limits?.maxTargetLength ?? DEFAULT_MAX_TARGET_LENGTH
  const sourceTimeoutMs = options.limits?.sourceTimeoutMs ?? DEFAULT_SOURCE_TIMEOUT_MS
  const bodyTimeoutMs = options.limits?.bodyTimeoutMs ?? DEFAULT_BODY_TIMEOUT_MS
  checkNumbers({ toleranceMs, maxBodyBytes, maxTargetLength })
  checkNumbers({ sourceTimeoutMs, bodyTimeoutMs }, MAX_TIMEOUT_MS)
  const wait = createWait(options.timer ?? systemTimer)
  const takesBodyOnGet = allow.includes('body-on-get')
  const gate = createGate(scheme, options.only, options.limits?.methods)
  const givenKeyId = readFixedKeyId(scheme, options.keyId)
  const claimCall = createClaimer(scheme, {
    replay: options.replay,
    toleranceMs,
    clock,
    wait: answer => wait(answer, sourceTimeoutMs, 'The replay guard'),
  })
  const plan = createPlan(scheme, crypto)
  const guard = compileGuards(scheme, { methods: gate.methods, allowed: new Set(allow) })
  const { prove, isCostly } = createProver(scheme, crypto, keys.algorithms)
  const proveForOrigin = createOriginProver({
    compose: plan.compose,
    prove,
    guard,
    wait: answer => wait(answer, sourceTimeoutMs, 'The cryptography'),
  })
  const findKey = (keyId: string): MaybePromise<Key | undefined> =>
    whenReady(wait(keys.find(keyId), sourceTimeoutMs, 'The key source'), checkFound)
  const confirmCall = createConfirmer({ findKey, clock, toleranceMs })

  async function verify(request: IncomingRequest, asked: VerifyOptions = NO_OPTIONS, seen?: Seen): Promise<Verification> {
    try {
      const { permission, deferBody } = asked
      const { method } = request

      if (seen !== undefined && typeof request.body !== 'function') seen.body = request.body

      // 1. What the request line and the headers say, read strictly.
      const claim = readHead(request)
      if ('code' in claim) return refused(claim)
      const candidates = chooseOrigins(origins, request.host ?? claim.host, request.target)
      if (candidates.length === 0) return refused({ code: 'unknown-origin', host: (request.host ?? claim.host ?? '').slice(0, 100) })

      // 2. The time, if it is known already and there is only one signature: before anything that costs more.
      let nowMs = clock()
      if (claim.otherwise === undefined && typeof claim.moment === 'object') {
        const late = findSkew(claim.moment, nowMs, toleranceMs)
        if (late !== undefined) return { ...refused(late), holds: isOver(claim.moment, nowMs, toleranceMs) ? false : undefined }
      }

      // 3. The body.
      const mayDefer = deferBody === true && !SAFE_METHODS.has(method) && claim.otherwise === undefined && !gate.needsBody
      const bodyDigest = mayDefer ? plan.statedDigest(claim) : undefined
      const isDeferred = bodyDigest !== undefined
      let given: Uint8Array | undefined | 'too-large'
      let dropped: DroppedBody | undefined
      if (typeof request.body === 'function') {
        try {
          const reading = isDeferred ? undefined : request.body(maxBodyBytes, useOf(claim, request))
          const read = checkBytes(reading === undefined ? undefined : await wait(reading, bodyTimeoutMs, 'The reader of the body'))
          if (isDropped(read)) dropped = read
          given = isDropped(read) ? read.standIn : read
        } catch (cause) {
          return refused({ code: isClientsFault(cause) ? 'body-incomplete' : 'body-unreadable' }, cause)
        }
        nowMs = clock()
      } else given = isDeferred ? undefined : request.body
      if (given === 'too-large' || (given !== undefined && given.length > maxBodyBytes))
        return refused({ code: 'body-too-large', maxBytes: maxBodyBytes })
      const body = given === undefined || given.length === 0 ? undefined : given
      if (body !== undefined && !takesBodyOnGet && carriesNoBody(method)) return refused({ code: 'unexpected-body', method })
      if (seen !== undefined) {
        seen.body = isDeferred || dropped !== undefined ? 'unread' : body
        seen.origin = candidates[0]
      }

      // Each signature in turn: the first that holds is the call's, and all that hold are proven, since each could be
      // sent alone. What is told is what was wrong with the first.
      let refusal: Failure | undefined
      let wrong = 0
      let accepted: Proven | undefined
      let refusedOf: Proven | undefined
      const isOnly = claim.otherwise === undefined
      const proven: Proven[] = []
      const state = dropped === undefined ? (isDeferred ? 'deferred' : 'kept') : digestIn(dropped)
      const digests: Digests | undefined = isOnly && candidates.length === 1 ? undefined : { of: body, texts: new Map() }
      let holds: boolean | undefined = false
      for (let next: Claim | undefined = claim; next !== undefined; next = next.otherwise) {
        const whole = gate.checkBody(method, next, isDeferred || body !== undefined) ?? plan.complete(next, isDeferred ? 'deferred' : body)
        const lacking = 'code' in whole ? whole : undefined
        refusal ??= lacking
        const complete = lacking === undefined || isOnly ? whole : completeAlone(method, next)
        if ('code' in complete) {
          holds ||= undefined
          continue
        }

        // 4. The key, as it is now that the body is there. What is wrong with it is told only once its signature is
        // seen.
        const keyId = keyIdOf(complete.keyId, request)
        if (keyId === '') {
          refusal ??= { code: 'missing-header', header: 'a key id' }
          continue
        }
        let key: Key | undefined
        let hasWaited = false
        try {
          const found = keyId === undefined ? undefined : findKey(keyId)
          if (isPromise(found)) {
            key = await found
            hasWaited = true
          } else key = found
        } catch (cause) {
          return refused({ code: 'key-source-unavailable' }, cause)
        }
        if (hasWaited) nowMs = clock()
        // Nothing can be taken whose body is gone, not even with a key that was made meanwhile.
        if (dropped !== undefined) key = undefined

        // 5. The time, after the whole request was read. With several signatures, one that isn't valid yet is judged as
        // of the time it becomes valid.
        const early = isOnly || complete.moment === undefined ? undefined : findSkew(complete.moment, nowMs, toleranceMs)
        const judgedMs = early === undefined ? nowMs : Math.max(nowMs, firstMomentMs(complete.moment, toleranceMs))
        const timely = judgeTime(complete, judgedMs, toleranceMs)
        refusal ??= early
        if ('code' in timely) {
          refusal ??= timely
          if (!isOver(complete.moment, judgedMs, toleranceMs)) holds ||= undefined
          continue
        }

        // 6. The message, rebuilt, and its signature.
        const outcome = proveForOrigin(candidates, key, timely, state, digests)
        const proof = isPromise(outcome) ? await outcome : outcome
        if (proof !== undefined && 'ok' in proof) return proof
        if (proof === undefined || key === undefined || 'code' in proof) {
          refusal ??=
            proof !== undefined && 'code' in proof
              ? proof
              : { code: key === undefined ? 'unknown-key' : 'bad-signature', keyId: keyId ?? complete.keyId }
          if (proof !== undefined) holds ||= undefined
          // Unchecked signatures could be sent alone later, so refuse the whole request.
          if (isCostly(timely) && ++wrong === MAX_WRONG_SIGNATURES && next.otherwise !== undefined)
            return refused({ code: 'too-many-signatures' })
          continue
        }

        // 7. The key may be used.
        const held = lacking ?? early ?? failureOfKey(key, nowMs, request.address)
        if (held?.code !== 'key-revoked') holds = true
        const one = { claim: timely, callIds: proof.callIds, credential: proof.credential, key }
        if (!isOnly) proven.push(one)
        if (held === undefined && next.isAskedFor !== false) accepted ??= one
        else if (refusal === undefined) [refusal, refusedOf] = [held, one]
      }
      if (accepted === undefined)
        return { ...refused(refusal ?? { code: 'bad-signature', keyId: claim.keyId }), holds, ...provenBy(refusedOf) }

      // 8. Not seen before, up to the last moment at which it would be accepted; and that is not over.
      const { key, claim: timely, credential } = accepted
      const claimed = isOnly ? claimCall(method, accepted) : claimEach(claimCall, method, proven, accepted, { toleranceMs, nowMs })
      const repeated = isPromise(claimed) ? await claimed : claimed
      if (repeated !== undefined) return { ...repeated, holds, ...provenBy(accepted) }

      // 9. Permitted.
      const denied = findDenial(key, permission)
      if (denied !== undefined) return { ...refused(denied), holds, ...provenBy(accepted) }
      const timestampMs = timely.moment?.issuedMs ?? timely.moment?.expiresMs
      if (!isDeferred) return { ok: true, key, credential, body, timestampMs } as Verified
      const keyId = keyIdOf(timely.keyId, request) ?? key.id
      const deferred = {
        proven: accepted,
        keyId,
        proveWith: (now: Key) => proveForOrigin(candidates, now, timely, 'deferred'),
        permission,
        address: request.address,
      }
      const confirm = (): Promise<Refused | undefined> => confirmCall(deferred)
      return { ok: true, key, credential, body, bodyDigest, timestampMs, confirm } as Verified
    } catch (cause) {
      return refused({ code: 'verifier-failed' }, cause)
    }
  }

  function readHead(request: IncomingRequest): Claim | Failure {
    const { method, target } = request
    if (!gate.methods.has(method)) return { code: 'method-not-allowed', method: method.slice(0, 20) }
    if (target.length > maxTargetLength || !isStrictTarget(target)) return { code: 'malformed-target' }
    const claim = plan.read(request)
    return 'code' in claim ? claim : (gate.checkHead(method, target) ?? claim)
  }

  /**
   * One of several signatures that does not cover the body could be sent alone, without it and without a digest that it
   * doesn't cover either.
   */
  function completeAlone(method: string, claim: Claim): CompleteClaim | Failure {
    const alone = claim.body === 'not-signed' ? { ...claim, stated: NO_STATED } : claim
    return gate.checkBody(method, alone, false) ?? plan.complete(alone, undefined)
  }

  /** The key of a call: the one that the verifier names, or finds, if the call names no other. */
  function keyIdOf(carried: string, request: IncomingRequest): string | undefined {
    if (givenKeyId === undefined) return carried
    if (typeof givenKeyId === 'function') return carried === '' ? readFoundKeyId(givenKeyId(request)) : carried
    return carried === '' || carried === givenKeyId ? givenKeyId : undefined
  }

  /** What becomes of a call's body. */
  function useOf(claim: Claim, request: IncomingRequest): BodyUse {
    const claims = claimsOf(claim)
    const digests = plan.readsBody ? undefined : digestsOf(claims)
    return { digests: digests ?? [], isWanted: () => digests === undefined || hasKey(claims, request) }
  }

  /** Whether someone has a key that one of the claims names. A source that fails says nothing, and is asked again. */
  async function hasKey(claims: readonly Claim[], request: IncomingRequest): Promise<boolean> {
    try {
      for (const { keyId: carried } of claims) {
        const keyId = keyIdOf(carried, request)
        if (keyId !== undefined && keyId !== '' && (await findKey(keyId)) !== undefined) return true
      }
      return false
    } catch {
      return true
    }
  }

  const { onRefused } = options
  return {
    scheme,
    maxBodyBytes,
    presents: plan.presents,
    bodyUseOf(request) {
      const claim = readHead(request)
      return 'code' in claim ? undefined : useOf(claim, request)
    },
    verify: onRefused === undefined ? (request, verifyOptions) => verify(request, verifyOptions) : watched(verify, onRefused),
  }
}

/** For a refusal: whose signature holds all the same. */
function provenBy(call: Proven | undefined): Pick<Refused, 'proven'> {
  return call === undefined ? {} : { proven: { key: call.key, credential: call.credential } }
}

/** The longest that a platform's timer waits. */
const MAX_TIMEOUT_MS = 2_147_483_647

const NO_OPTIONS: VerifyOptions = {}
const NO_STATED: readonly Stated[] = []

function createPlan(scheme: Scheme, crypto: NonNullable<VerifierOptions['crypto']>): Plan {
  if (scheme.base !== undefined) return scheme.base.createPlan(crypto)
  if (isDeclared(scheme)) return createDeclaredPlan(scheme)
  throw new CountersignError('scheme-invalid', `The scheme ${scheme.name} is neither a declaration nor has it a base.`)
}
