import { crypto as platform } from '#crypto'
import { compilePlan } from './compile-plan.ts'
import { type CryptoProvider, isPromise } from './crypto/provider.ts'
import { CountersignError } from './error.ts'
import type { Failure } from './failure.ts'
import type { IncomingHeaders } from './headers.ts'
import { failureOfKey, type Key, type KeySource } from './keys.ts'
import { chooseOrigins, type Origin, readOrigins } from './origins.ts'
import { type BodyDigest, isFailure, type Plan, type Reading, type Signatures } from './plan.ts'
import { memoryReplayGuard, type ReplayGuard } from './replay.ts'
import type { Scheme } from './scheme.ts'
import { type Clock, systemClock } from './timestamp.ts'
import { isStrictTarget } from './url.ts'

/** How far a timestamp may be from the server's clock, either way. */
export const DEFAULT_TOLERANCE_MS = 300_000
export const DEFAULT_MAX_BODY_BYTES = 1_048_576
/** In characters; what most servers and proxies take. */
export const DEFAULT_MAX_TARGET_LENGTH = 8192
export const DEFAULT_METHODS: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

export interface VerifierLimits {
  readonly maxBodyBytes?: number | undefined
  readonly maxTargetLength?: number | undefined
  /** Upper case. */
  readonly methods?: readonly string[] | undefined
}

/**
 * What is refused unless it is named here. `ambiguous-request`: a body that could as well be the end of the URL (a form
 * body, in a scheme without separators), so that one signature fits two requests. `body-on-get`: a GET or HEAD with a body.
 */
export type Allowance = 'ambiguous-request' | 'body-on-get'

export interface VerifierOptions {
  /**
   * The public origin of the API, `https://api.example.com`, with the base path that a proxy takes off where there is
   * one; or several, of which the `Host` header chooses. The URL that is verified is this and the raw request target.
   */
  readonly origin: string | readonly string[]
  readonly keys: KeySource
  /** Default: one in memory. `off` accepts replays. Schemes that sign neither timestamp nor nonce have none. */
  readonly replay?: ReplayGuard | 'off' | undefined
  /** In milliseconds, either way. Default: five minutes. */
  readonly toleranceMs?: number | undefined
  readonly clock?: Clock | undefined
  readonly limits?: VerifierLimits | undefined
  readonly allow?: readonly Allowance[] | undefined
  /** The key to use with a scheme that carries no key id (webhooks). */
  readonly keyId?: string | undefined
  /** The platform's cryptography. Default: `node:crypto` where there is one, else WebCrypto. */
  readonly crypto?: CryptoProvider | undefined
  /** Is told of every request that is refused, for the owner's eyes; what it throws is dropped. See `explainRefusals`. */
  readonly onRefused?: ((refusal: Refusal) => void) | undefined
}

/** A request that was refused, as far as it was read. */
export interface Refusal {
  readonly failure: Failure
  readonly request: IncomingRequest
  /** The public origin that its URL was taken to have; undefined where it was refused before. */
  readonly origin: Pick<Origin, 'origin' | 'basePath'> | undefined
  /** The raw bytes; `unread` where it was refused before its body was read. */
  readonly body: Uint8Array | undefined | 'unread'
}

/** Reads a body of at most `maxBytes`; `too-large` beyond. Called once the headers are in order, and at most once. */
export type BodyReader = (maxBytes: number) => Promise<Uint8Array | undefined | 'too-large'>

export interface IncomingRequest {
  /** As it came. */
  readonly method: string
  /** Path and query exactly as they stood on the request line, before any router or parser. */
  readonly target: string
  readonly headers: IncomingHeaders
  /** The raw bytes, before any parser, or the function that reads them. */
  readonly body?: Uint8Array | BodyReader | undefined
  /** The client's IP address, for keys that are bound to some. */
  readonly address?: string | undefined
}

export interface VerifyOptions {
  /**
   * Do not read the body where the signature covers its digest, but say what that has to be: see {@link Verified.bodyDigest}. For those who pass a body on while it comes
   * in; for all others the digest is compared here.
   */
  readonly deferBody?: boolean | undefined
  /** The key needs this permission, or one of these. */
  readonly permission?: string | readonly string[] | undefined
}

declare const verified: unique symbol

/** A call that was verified. There is no other way to get one than from a verifier. */
export interface Verified {
  readonly ok: true
  readonly key: Key
  /** The bytes that the signature covers. */
  readonly body: Uint8Array | undefined
  /**
   * Set when the body was asked to be left unread, and was: it is not verified until who reads it has compared its digest with this, and must not be acted upon
   * before.
   */
  readonly bodyDigest?: BodyDigest | undefined
  /** When the call was signed, in milliseconds since the epoch, if the scheme says. */
  readonly timestampMs: number | undefined
  /** To be sent with the answer: that what was called is deprecated, say. */
  readonly headers?: AnswerHeaders | undefined
  readonly [verified]: true
}

export interface Refused {
  readonly ok: false
  readonly failure: Failure
  /** To be sent with the refusal, beside its own. */
  readonly headers?: AnswerHeaders | undefined
}

export interface AnswerHeaders {
  readonly [name: string]: string
}

export type Verification = Verified | Refused

export interface Verifier {
  readonly scheme: Scheme
  readonly maxBodyBytes: number
  /** Never throws for what a request says, and never rejects. */
  verify(request: IncomingRequest, options?: VerifyOptions): Promise<Verification>
}

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Makes a verifier. A request goes through it in the order of the function below, cheap checks first, the replay guard
 * last, so that only authentic requests can fill it.
 *
 * @example
 * ```ts
 * const verifier = createVerifier(qredoV1, { origin: 'https://api.example.com', keys: memoryKeys(qredoV1, [{ id, secret }]) })
 * const result = await verifier.verify({ method, target, headers, body })
 * if (!result.ok) return refuse(result.failure)
 * ```
 *
 * @throws CountersignError `option-invalid`, `scheme-invalid`
 */
export function createVerifier(scheme: Scheme, options: VerifierOptions): Verifier {
  const crypto = options.crypto ?? platform
  const { clock = systemClock, toleranceMs = DEFAULT_TOLERANCE_MS, keys } = options
  const origins = readOrigins(options.origin)
  const maxBodyBytes = options.limits?.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES
  const maxTargetLength = options.limits?.maxTargetLength ?? DEFAULT_MAX_TARGET_LENGTH
  const methods = new Set(options.limits?.methods ?? DEFAULT_METHODS)
  const allowsBodyOnGet = options.allow?.includes('body-on-get') ?? false
  const fixedKeyId = readFixedKeyId(scheme, options.keyId)
  const guard = chooseGuard(scheme, options.replay, clock)
  const planOptions = { crypto, allowsAmbiguous: options.allow?.includes('ambiguous-request') ?? false }
  const plan: Plan = scheme.kind === 'declared' ? compilePlan(scheme, planOptions) : scheme.compilePlan(planOptions)
  const refuse = (failure: Failure): Refused => ({ ok: false, failure })

  async function verify(request: IncomingRequest, { permission, deferBody }: VerifyOptions = {}, seen?: Seen): Promise<Verification> {
    const { method } = request
    const now = clock()

    // 1. What the request line and the headers say, read strictly.
    if (!methods.has(method)) return refuse({ code: 'method-not-allowed', method: method.slice(0, 20) })
    if (request.target.length > maxTargetLength || !isStrictTarget(request.target)) return refuse({ code: 'malformed-target' })
    const reading = plan.read(request)
    if (isFailure(reading)) return refuse(reading)
    const candidates = chooseOrigins(origins, reading.host)
    if (candidates.length === 0) return refuse({ code: 'unknown-origin', host: (reading.host ?? '').slice(0, 100) })

    // 2. The time.
    const late = checkTime(reading, now, toleranceMs)
    if (late !== undefined) return refuse(late)

    // 3. The key. What is wrong with it is told only to who can sign with it, so it is held until the signature is seen.
    const keyId = fixedKeyId ?? reading.keyId
    reading.keyId = keyId
    let key: Key | undefined
    try {
      const found = keys.find(keyId)
      key = isPromise(found) ? await found : found
    } catch {
      return refuse({ code: 'key-source-unavailable' })
    }
    const held = key === undefined ? undefined : failureOfKey(key, now, request.address)

    // 4. The body.
    let body: Uint8Array | undefined | 'too-large'
    const bodyDigest = deferBody === true && !SAFE_METHODS.has(method) ? plan.statedDigest?.(reading) : undefined
    if (bodyDigest !== undefined) body = undefined
    else if (typeof request.body === 'function') body = await request.body(maxBodyBytes)
    else body = request.body
    if (body === 'too-large' || (body !== undefined && body.length > maxBodyBytes))
      return refuse({ code: 'body-too-large', maxBytes: maxBodyBytes })
    if (body !== undefined && body.length === 0) body = undefined
    if (body !== undefined && !allowsBodyOnGet && (method === 'GET' || method === 'HEAD'))
      return refuse({ code: 'unexpected-body', method })

    if (seen !== undefined) {
      seen.body = bodyDigest === undefined ? body : 'unread'
      seen.origin = candidates[0]
    }

    // 5. The message, rebuilt, and its signature.
    let signatures: Signatures | undefined
    for (const origin of candidates) {
      let outcome: Signatures | Failure | undefined
      try {
        const checked = plan.check(key ?? plan.decoy, reading, request, body, origin, bodyDigest !== undefined)
        outcome = isPromise(checked) ? await checked : checked
      } catch {
        // A key that can not be used, such as a public key that is none.
        return refuse({ code: 'key-source-unavailable' })
      }
      if (outcome === undefined) continue
      if (isFailure(outcome)) return refuse(outcome)
      signatures = outcome
      break
    }
    if (key === undefined) return refuse({ code: 'unknown-key', keyId })
    if (signatures === undefined) return refuse({ code: 'bad-signature', keyId })
    if (held !== undefined) return refuse(held)

    // 6. Not seen before.
    if (guard !== undefined && (reading.nonce !== '' || reading.isUnique || !SAFE_METHODS.has(method))) {
      const endsAtMs = reading.expiresMs ?? (reading.issuedMs === undefined ? Number.POSITIVE_INFINITY : reading.issuedMs + toleranceMs)
      for (const id of reading.nonce === '' ? signatures : [`${keyId} ${reading.nonce}`]) {
        let claim: Awaited<ReturnType<ReplayGuard['claim']>>
        try {
          const claimed = guard.claim(id, endsAtMs)
          claim = isPromise(claimed) ? await claimed : claimed
        } catch {
          claim = 'full'
        }
        if (claim === 'seen') return refuse({ code: 'replayed', keyId })
        if (claim !== 'fresh') return refuse({ code: 'replay-guard-unavailable' })
      }
    }

    // 7. Permitted.
    if (permission !== undefined && !isPermitted(key, permission)) {
      return refuse({ code: 'permission-denied', keyId, required: typeof permission === 'string' ? [permission] : permission })
    }
    const timestampMs = reading.issuedMs ?? reading.expiresMs
    return (bodyDigest === undefined ? { ok: true, key, body, timestampMs } : { ok: true, key, body, bodyDigest, timestampMs }) as Verified
  }

  const { onRefused } = options
  if (onRefused === undefined) return { scheme, maxBodyBytes, verify: (request, verifyOptions) => verify(request, verifyOptions) }
  return {
    scheme,
    maxBodyBytes,
    async verify(request, verifyOptions) {
      const seen: Seen = { body: typeof request.body === 'function' ? 'unread' : request.body, origin: undefined }
      const result = await verify(request, verifyOptions, seen)
      if (!result.ok) {
        try {
          onRefused({ failure: result.failure, request, ...seen })
        } catch {
          // Who watches must not change what is answered.
        }
      }
      return result
    },
  }
}

/** What was seen of a request, for who is told of refusals. */
interface Seen {
  body: Refusal['body']
  origin: Refusal['origin']
}

/**
 * A call is good from `tolerance` before to `tolerance` after it was signed, and never after it has expired. Where only
 * the end is said, that may lie no further ahead than the tolerance.
 */
function checkTime({ issuedMs, expiresMs, isLongLived }: Reading, now: number, toleranceMs: number): Failure | undefined {
  const refuse = (skewMs: number): Failure => ({ code: 'timestamp-out-of-window', skewMs, serverTimeMs: now })
  if (issuedMs !== undefined) {
    if (issuedMs - now > toleranceMs) return refuse(issuedMs - now)
    if (!isLongLived && now - issuedMs > toleranceMs) return refuse(issuedMs - now)
  } else if (expiresMs !== undefined && expiresMs - now > toleranceMs) return refuse(expiresMs - now)
  return expiresMs !== undefined && now >= expiresMs ? refuse(expiresMs - now) : undefined
}

function isPermitted(key: Key, permission: string | readonly string[]): boolean {
  return typeof permission === 'string' ? key.permissions.has(permission) : permission.some(name => key.permissions.has(name))
}

function readFixedKeyId(scheme: Scheme, keyId: string | undefined): string | undefined {
  if (scheme.carriesKeyId && keyId !== undefined)
    throw new CountersignError('option-invalid', `The scheme ${scheme.name} carries a key id, so leave the option keyId out.`)
  if (!scheme.carriesKeyId && keyId === undefined)
    throw new CountersignError(
      'option-invalid',
      `The scheme ${scheme.name} carries no key id: name the key to verify with in the option keyId.`,
    )
  return keyId
}

function chooseGuard(scheme: Scheme, replay: ReplayGuard | 'off' | undefined, clock: Clock): ReplayGuard | undefined {
  if (replay === 'off') return undefined
  if (scheme.detectsReplays) return replay ?? memoryReplayGuard({ clock })
  if (replay === undefined) return undefined
  throw new CountersignError(
    'option-invalid',
    `The scheme ${scheme.name} signs neither a timestamp nor a nonce, so a replay can not be told from a second delivery: leave the option replay out, and drop deliveries you have already handled by their id.`,
  )
}
