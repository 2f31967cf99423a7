/** Everything that can be wrong with how the library is called. Refused requests are values, see `failure.ts`. */
export type ErrorCode =
  | 'scheme-invalid'
  | 'secret-missing'
  | 'secret-malformed'
  | 'secret-too-short'
  | 'private-key-malformed'
  | 'public-key-malformed'
  | 'credential-missing'
  | 'option-invalid'
  | 'call-not-verified'
  | 'url-not-signable'
  | 'body-not-signable'
  | 'body-too-large'
  | 'timestamp-invalid'
  | 'nonce-invalid'
  | 'no-synchronous-crypto'
  | 'no-web-crypto'
  | 'redirect-refused'
  | 'too-many-redirects'
  | 'redirect-hidden'
  | 'token-refused'
  | 'token-malformed'
  | 'url-foreign'
  | 'testing-only'

/**
 * A mistake in the call, thrown. `code` is stable and is what programs should look at; `message` says what was wanted
 * and never holds a secret. It is not a `TypeError`, which is what `fetch` throws when there is no connection: trying
 * again does not help here.
 */
export class CountersignError extends Error {
  override readonly name = 'CountersignError'
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
