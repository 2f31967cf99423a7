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
  /** The key's passphrase, for schemes that sign or send one. */
  readonly passphrase?: string | undefined
  /** What the client says it signed; used when there is no secret. */
  readonly clientMessage?: string | undefined
  /** The part of the path that a proxy takes off. */
  readonly basePath?: string | undefined
  /**
   * Maximum number of messages to try. Default: 12,000, which takes some 50 ms when nothing fits; most causes are
   * found in the first thousand.
   */
  readonly maxAttempts?: number | undefined
  /**
   * Work limit in hashed bytes; copying and rewriting are converted to hashed bytes. A message that would exceed it is
   * skipped, and shorter ones are tried all the same. Default: no limit but `maxAttempts`.
   */
  readonly maxHashedBytes?: number | undefined
  /** Larger bodies are not written anew (as other JSON, say), which can't be interrupted. Default: no limit. */
  readonly maxRewrittenBytes?: number | undefined
  /** How many bytes of each message are shown and compared. Default: no limit. */
  readonly maxShownBytes?: number | undefined
  /** The platform's cryptography. Default: `node:crypto` where there is one, else WebCrypto. */
  readonly crypto?: CryptoProvider | undefined
  /** Awaited after every few milliseconds of work, so that other work gets its turn. Default: no pauses. */
  readonly pause?: (() => Promise<void>) | undefined
  /** Milliseconds of any steady clock, by which pauses are due. Default: `performance.now`. */
  readonly now?: (() => number) | undefined
}
