import { crypto as platform } from '#crypto'
import { type Credentials, checkCredentials, createSignMessage } from './credentials.ts'
import { isPromise, type MaybePromise, whenReady } from './crypto/provider.ts'
import { createDeclaredPreparer } from './declared-preparer.ts'
import { CountersignError } from './error.ts'
import type { Composition } from './plan.ts'
import type { Call } from './recipe/call.ts'
import type { Allowance } from './recipe/guards.ts'
import type { SignableRequest, SignedRequest, SignerOptions } from './request.ts'
import { isDeclared, type Scheme } from './scheme.ts'
import type { SchemeTypes } from './scheme-types.ts'
import { type Clock, systemClock } from './timestamp.ts'

export type { SignableRequest, SignedRequest, SignerOptions } from './request.ts'

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

const NO_SYNC = 'WebCrypto answers with promises: use await signer.signAsync(request).'

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
  const crypto = options.crypto ?? platform
  checkCredentials(scheme, credentials)
  const run = compileSigner(scheme, credentials, { ...options, crypto })
  return {
    scheme,
    clock: options.clock ?? systemClock,
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
): (request: SignableRequest) => MaybePromise<SignedRequest> {
  const { crypto = platform, allow = [] } = options
  const { base } = scheme
  const declared = isDeclared(scheme) ? scheme : undefined
  const own = declared && createDeclaredPreparer(declared, credentials, options, crypto)
  const preparer =
    base?.createPreparer(credentials, options, crypto) ?? (own && (declared.features.readBack?.(declared, own, options) ?? own))
  const sign = base?.createSigner(scheme, credentials, crypto) ?? createSignMessage(scheme, credentials, scheme.algorithms[0], crypto)
  const isOpen = declared?.features.openEnds?.(declared)
  const signPassphrase = declared?.features.passphrases?.(declared, credentials, crypto)
  if (preparer === undefined) throw new CountersignError('scheme-invalid', NO_SCHEME)

  function finish(prepared: Composition): MaybePromise<SignedRequest> {
    const { made, call } = prepared
    const refusal = check(call)
    if (refusal !== undefined && !allow.includes(refusal))
      throw new CountersignError('body-not-signable', `${REFUSALS[refusal]}, or allow '${refusal}'.`)
    const message = made.write(call)
    if (call.missing !== undefined)
      throw new CountersignError('option-invalid', `The scheme ${scheme.name} signs ${call.missing}, and the request has none: give it.`)
    const signature = sign(message, prepared)
    if (!isPromise(signature) && signPassphrase === undefined) return carry(prepared, signature, '')
    return whenReady(signature, text => whenReady(signPassphrase?.() ?? '', signed => carry(prepared, text, signed)))
  }

  /** What a verifier refuses by default. */
  function check(call: Call): Refused | undefined {
    if ((call.body?.length ?? 0) > 0 && (call.method === 'GET' || call.method === 'HEAD')) return 'body-on-get'
    return isOpen?.(call) ? 'ambiguous-request' : undefined
  }

  const { carry } = preparer
  return request =>
    whenReady(preparer.prepare(request), prepared => {
      const { hashes, fill } = prepared.made
      return hashes.length === 0 ? finish(prepared) : whenReady(fill?.(crypto, hashes, prepared.call), () => finish(prepared))
    })
}

const NO_SCHEME = 'This is no scheme: make one with defineScheme.'

type Refused = Extract<Allowance, 'ambiguous-request' | 'body-on-get'>

const REFUSALS: { readonly [R in Refused]: string } = {
  'body-on-get': 'A GET or HEAD carries no body: leave it out',
  'ambiguous-request': 'Nothing shows where the body begins: begin it with {, [, " or white space',
}
