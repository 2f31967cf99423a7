import type { IncomingHeaders } from '../wire/headers.ts'

/** A request that is known to be signed right, as an API's documentation shows it. */
export interface SignedExample {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHeaders
  readonly body?: string | Uint8Array | undefined
  /** As it is shown. */
  readonly secret: string
  readonly keyId?: string | undefined
  readonly passphrase?: string | undefined
}
