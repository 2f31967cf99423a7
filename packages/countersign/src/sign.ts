import { crypto as platform } from '#crypto'
import type { SignableBody } from './body.ts'
import { compileSigner } from './compile-signer.ts'
import { type Credentials, checkCredentials } from './credentials.ts'
import { type CryptoProvider, isPromise } from './crypto/provider.ts'
import { CountersignError } from './error.ts'
import type { JsonSerializer } from './json.ts'
import type { Scheme } from './scheme.ts'
import { type Clock, systemClock, type TimestampFormat } from './timestamp.ts'

export interface SignerOptions {
  /** Default: the system's. */
  readonly clock?: Clock | undefined
  /** The format to write, of those the scheme takes. Default: the first it declares. */
  readonly timestamp?: TimestampFormat | undefined
  /** How a JSON body is written. Default: {@link compactJson}. */
  readonly json?: JsonSerializer | undefined
  /** Values for the scheme's parameters, where they are not the defaults. */
  readonly parameters?: { readonly [name: string]: string } | undefined
  /** How far an `expires` timestamp lies ahead. Default: 60 s. */
  readonly lifetimeMs?: number | undefined
  /** The platform's cryptography. Default: `node:crypto` where there is one, else WebCrypto. */
  readonly crypto?: CryptoProvider | undefined
}

export interface SignableRequest {
  /** Any case; it is signed and sent in upper case. */
  readonly method: string
  /** Absolute. It is signed as it was typed, so send it as it was typed. */
  readonly url: string | URL
  readonly body?: SignableBody
  /** Only for the schemes that sign other headers. Names in any case. */
  readonly headers?: { readonly [name: string]: string } | undefined
  /** The timestamp's own characters, instead of the clock's. */
  readonly timestamp?: string | undefined
  /** For the schemes that carry a nonce, instead of one made up. */
  readonly nonce?: string | undefined
}

export interface SignedRequest {
  readonly method: string
  /** Send to this: the URL that was given, with what the scheme adds to its query. */
  readonly url: string
  /** Names in lower case; with `content-type` for a body that was given as a JSON value. */
  readonly headers: { readonly [name: string]: string }
  /** The exact bytes that were signed. Send these. */
  readonly body: Uint8Array | undefined
  /** The message that was signed, for those who want to look; made only when it is asked for. */
  readonly message: () => Uint8Array
}

export interface Signer {
  readonly scheme: Scheme
  readonly clock: Clock
  /**
   * Signs at once. On Node, Deno and Bun.
   *
   * @throws CountersignError what is wrong with the request; `no-synchronous-crypto` where there is only WebCrypto
   */
  sign(request: SignableRequest): SignedRequest
  /** Signs anywhere: browsers and workers have only this one. */
  signAsync(request: SignableRequest): Promise<SignedRequest>
  /** The same signer with another clock, as when the server has told its time. */
  withClock(clock: Clock): Signer
}

const NO_SYNC = 'WebCrypto answers with promises: use await signer.signAsync(request).'

/** How far ahead an `expires` timestamp is put unless told. */
export const DEFAULT_LIFETIME_MS = 60_000

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
export function createSigner(scheme: Scheme, credentials: Credentials, options: SignerOptions = {}): Signer {
  const crypto = options.crypto ?? platform
  checkCredentials(scheme, credentials)
  const run =
    scheme.kind === 'declared' ? compileSigner(scheme, credentials, options, crypto) : scheme.compileSigner(credentials, options, crypto)
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
