/** Everything that a recipe can name, for one call. */
export interface Call {
  timestamp: string
  nonce: string
  keyId: string
  passphrase: string
  method: string
  /** Origin and target, one behind the other. */
  url: string
  origin: string
  target: string
  body: string | Uint8Array | undefined
  parameters: { readonly [name: string]: string }
  /**
   * `undefined` for a header that the call does not have.
   *
   * @param between stands between the values of several lines; the scheme's own where it is left out
   */
  header: (name: string, between?: string) => string | undefined
  /** The names of the headers that the call covers, where the client chooses them. */
  covered: readonly string[]
  /** The hashes the message asks for, worked out before it is written. */
  hashes: (string | Uint8Array)[]
  /**
   * The first part that the recipe reads and the call does not have. Set while the message is written: what is absent
   * is never signed as empty text, so whoever writes a message looks here before using it.
   */
  missing: string | undefined
}

/** Whether `{payload}` is the query: in the methods that have no body. */
export function payloadIsQuery(method: string): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'DELETE'
}
