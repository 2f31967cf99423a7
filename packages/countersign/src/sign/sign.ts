import { crypto as platform } from '#crypto'
import type { Allowance } from '../contract/allowance.ts'
import { checkNumbers } from '../contract/check-numbers.ts'
import { CountersignError } from '../contract/error.ts'
import { isPromise, type MaybePromise, whenReady } from '../contract/maybe-promise.ts'
import type { CryptoProvider } from '../crypto/provider.ts'
import { createDeclaredPreparer } from '../declared/preparer.ts'
import { notOne } from '../declared/unknown-format.ts'
import { checkCredentials, createSignMessage } from '../keys/check-credentials.ts'
import type { Call } from '../recipe/call.ts'
import type { Credentials } from '../scheme/credentials.ts'
import type { Composition, Preparer, SignComposition } from '../scheme/plan.ts'
import { OPTION, refuseNeedless } from '../scheme/refuse-unused.ts'
import type { SignableRequest, SignedRequest, SignerOptions } from '../scheme/request.ts'
import { isDeclared, type Scheme, type SignerTakes } from '../scheme/scheme.ts'
import type { SchemeTypes } from '../scheme/scheme-types.ts'
import { carriesNoBody } from '../wire/method.ts'
import { type Clock, checkedClock, MAX_LIFETIME_MS, systemClock } from '../wire/timestamp.ts'
import { DEFAULT_MAX_TARGET_LENGTH, splitUrl } from '../wire/url.ts'

export type { SignableRequest, SignedRequest, SignerOptions } from '../scheme/request.ts'

export interface Signer<T extends SchemeTypes = SchemeTypes> {
  readonly scheme: Scheme<T>
  readonly clock: Clock
  /**
   * Signs at once. On Node, Deno and Bun.
   *
   * @throws CountersignError what is wrong with the request; `no-synchronous-crypto` where there is only WebCrypto
   */
  sign(request: SignableRequest): SignedRequest<T>
  /** Signs anywhere: browsers and workers have only this one. */
  signAsync(request: SignableRequest): Promise<SignedRequest<T>>
  /** The same signer with another clock, as when the server has told its time. */
  withClock(clock: Clock): Signer<T>
}

const OPTIONS: readonly string[] = [
  'clock',
  'timestamp',
  'json',
  'parameters',
  'lifetimeMs',
  'maxTargetLength',
  'allow',
  'crypto',
] satisfies (keyof SignerOptions)[]

const NO_SYNC = 'WebCrypto answers with promises: use signAsync.'

/**
 * Makes a signer: compiles the scheme, reads the secret, and keeps both.
 *
 * @example
 * ```ts
 * const signer = createSigner(qredoV1, { keyId: '9OgjbzwhoE4LJA', secret })
 * const { url, headers, body } = signer.sign({ method: 'GET', url: 'https://api.qredo.network/qapi/v1/balance' })
 * ```
 *
 * @throws CountersignError `secret-missing`, `secret-malformed`, `secret-too-short`, `private-key-malformed`,
 * `credential-missing`, `option-invalid`
 */
export function createSigner<T extends SchemeTypes>(scheme: Scheme<T>, credentials: T['credentials'], options?: SignerOptions<T>): Signer<T>
export function createSigner(scheme: Scheme, credentials: Credentials, options: SignerOptions = {}): Signer {
  const { crypto = platform } = options
  const clock = checkedClock(options.clock ?? systemClock)
  checkCredentials(scheme, credentials)
  const run = compileSigner(scheme, credentials, { ...options, clock }, crypto)
  return {
    scheme,
    clock,
    sign(request) {
      const signed = crypto.synchronous ? run(request) : undefined
      if (signed === undefined || isPromise(signed)) throw new CountersignError('no-synchronous-crypto', NO_SYNC)
      return signed
    },
    async signAsync(request) {
      return run(request)
    },
    withClock: next => createSigner(scheme, credentials, { ...options, clock: next }),
  }
}

/** The way out of a request: prepared, written, signed, and put where it travels. */
function compileSigner(
  scheme: Scheme,
  credentials: Credentials,
  options: SignerOptions,
  crypto: CryptoProvider,
): (request: SignableRequest) => MaybePromise<SignedRequest> {
  const { allow = [], maxTargetLength = DEFAULT_MAX_TARGET_LENGTH } = options
  const { takes, preparer, sign, isOpen, signPassphrase } = partsOf(scheme, credentials, options, crypto)
  checkOptions(scheme, takes, options)

  function finish(prepared: Composition): MaybePromise<SignedRequest> {
    const { made, call } = prepared
    const refusal = check(call)
    if (refusal !== undefined && !allow.includes(refusal))
      throw new CountersignError('body-not-signable', `${REFUSALS[refusal]}, or allow '${refusal}'.`)
    const message = made.write(call)
    if (call.missing !== undefined)
      throw new CountersignError('option-invalid', `The scheme ${scheme.name} signs ${call.missing}, and the request has none: give it.`)
    const signature = sign(message, prepared)
    if (!isPromise(signature) && signPassphrase === undefined) return send(prepared, signature, '')
    return whenReady(signature, text => whenReady(signPassphrase?.() ?? '', signed => send(prepared, text, signed)))
  }

  /** What a verifier refuses by default. */
  function check(call: Call): Refused | undefined {
    if ((call.body?.length ?? 0) > 0 && carriesNoBody(call.method)) return 'body-on-get'
    return isOpen?.(call) ? 'ambiguous-request' : undefined
  }

  function send(prepared: Composition, signature: string, signedPassphrase: string): SignedRequest {
    const signed = carry(prepared, signature, signedPassphrase)
    if (signed.url.length <= maxTargetLength || splitUrl(signed.url).target.length <= maxTargetLength) return signed
    throw new CountersignError('url-not-signable', `The target is longer than ${maxTargetLength} characters: set maxTargetLength.`)
  }

  const { carry } = preparer
  return request => {
    if (!takes.nonce && request.nonce !== undefined) throw notOne(scheme, request.nonce, 'nonce', [])
    return whenReady(preparer.prepare(request), prepared => {
      const { hashes, fill } = prepared.made
      return hashes.length === 0 ? finish(prepared) : whenReady(fill?.(crypto, hashes, prepared.call), () => finish(prepared))
    })
  }
}

/**
 * What would be dropped without a word, or switch off what it bounds.
 *
 * @throws CountersignError `option-invalid`, `timestamp-invalid`
 */
function checkOptions(scheme: Scheme, takes: SignerTakes, options: SignerOptions): void {
  const { parameters = {}, timestamp, lifetimeMs, maxTargetLength } = options
  checkNumbers({ lifetimeMs, maxTargetLength }, MAX_LIFETIME_MS)
  refuseNeedless(scheme, Object.keys(options), OPTIONS, OPTION)
  if (timestamp !== undefined && !takes.timestamps.includes(timestamp)) throw notOne(scheme, timestamp, 'timestamp', takes.timestamps)
  refuseNeedless(scheme, Object.keys(parameters), takes.parameters, 'the parameter ')
}

interface Parts {
  readonly takes: SignerTakes
  readonly preparer: Preparer
  readonly sign: SignComposition
  readonly isOpen?: ((call: Call) => boolean) | undefined
  readonly signPassphrase?: (() => MaybePromise<string>) | undefined
}

/** What a signer is made of: of a scheme's own logic, or of its declaration. */
function partsOf(scheme: Scheme, credentials: Credentials, options: SignerOptions, crypto: CryptoProvider): Parts {
  const { base } = scheme
  if (base !== undefined)
    return {
      takes: base.takes,
      preparer: base.createPreparer(credentials, options, crypto),
      sign: base.createSigner(scheme, credentials, crypto),
    }
  if (!isDeclared(scheme)) throw new CountersignError('scheme-invalid', NO_SCHEME)
  const { parameters, timestamp, features } = scheme
  const preparer = createDeclaredPreparer(scheme, credentials, options, crypto)
  return {
    takes: {
      parameters: Object.keys(parameters),
      timestamps: timestamp?.formats ?? [],
      nonce: features.nonces !== undefined,
      sessionToken: false,
    },
    preparer: features.readBack?.(scheme, preparer, options) ?? preparer,
    sign: createSignMessage(scheme, credentials, scheme.algorithms[0], crypto),
    isOpen: features.openEnds?.(scheme),
    signPassphrase: features.passphrases?.(scheme, credentials, crypto),
  }
}

const NO_SCHEME = 'Make the scheme with defineScheme.'

type Refused = Extract<Allowance, 'ambiguous-request' | 'body-on-get'>

const REFUSALS: { readonly [R in Refused]: string } = {
  'body-on-get': 'A GET or HEAD carries no body: leave it out',
  'ambiguous-request': 'Nothing shows where the body begins: begin it with {, [, " or white space, and end no URL in ?',
}
