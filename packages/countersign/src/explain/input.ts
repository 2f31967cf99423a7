import type { CryptoProvider } from '../crypto/provider.ts'
import type { DeclaredScheme } from '../scheme/scheme.ts'
import type { IncomingHeaders } from '../wire/headers.ts'

export interface ExplainInput {
  readonly scheme: DeclaredScheme
  /** As it was received: the public URL, the headers, the raw body. */
  readonly request: {
    readonly method: string
    readonly url: string
    readonly headers: IncomingHeaders
    readonly body?: string | Uint8Array | undefined
  }
  /** The key's secret as it was shown, or its bytes; without it, only messages can be compared. */
  readonly secret?: string | Uint8Array | undefined
  /** Other live secrets of the key. */
  readonly otherSecrets?: readonly (string | Uint8Array)[] | undefined
  /** Where the request does not say it. */
  readonly keyId?: string | undefined
  readonly passphrase?: string | undefined
  /** What the client says it signed; used when there is no secret. */
  readonly clientMessage?: string | undefined
  /** The part of the path that a proxy takes off. */
  readonly basePath?: string | undefined
  /**
   * As many messages are tried at most. Default: 12,000, which takes some 50 ms when nothing fits; most causes are
   * found in the first thousand.
   */
  readonly maxAttempts?: number | undefined
  readonly crypto?: CryptoProvider | undefined
  /** Waited for from time to time during the search, so that other work gets its turn. */
  readonly pause?: (() => Promise<void>) | undefined
}
