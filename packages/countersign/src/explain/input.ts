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
  /**
   * So many bytes are hashed at most; other work counts as so many of them. What would be more is skipped, and shorter
   * messages are tried all the same. Default: no limit but `maxAttempts`.
   */
  readonly maxHashedBytes?: number | undefined
  /** Larger bodies are not written anew (as other JSON, say), which can't be interrupted. Default: no limit. */
  readonly maxRewrittenBytes?: number | undefined
  /** Of the messages, only so many bytes are shown and compared. Default: no limit. */
  readonly maxShownBytes?: number | undefined
  readonly crypto?: CryptoProvider | undefined
  /** Waited for after every few milliseconds of work, so that other work gets its turn. */
  readonly pause?: (() => Promise<void>) | undefined
  /** Milliseconds of any steady clock, by which pauses are due. Default: `performance.now`. */
  readonly now?: (() => number) | undefined
}
