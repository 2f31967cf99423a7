/** A request that was copied from somewhere: a terminal, a browser, a log. */
export interface PastedRequest {
  readonly method: string
  readonly url: string
  /** Names in lower case. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Uint8Array | undefined
}
