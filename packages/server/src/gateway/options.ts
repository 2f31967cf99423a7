import type { NearlyFull, ReplayGuard, Scheme, VerifierOptions } from 'countersign'
import type { KeyService } from '../service.ts'
import type { AccessEntry } from './access-entry.ts'
import type { GATEWAY_DEFAULTS } from './defaults.ts'
import type { DeprecationConfig } from './deprecations.ts'
import type { UpstreamOptions } from './forward.ts'
import type { RouteConfig } from './router.ts'

export interface GatewayOptions {
  /** Where verified requests go: `http://127.0.0.1:8080`. */
  readonly upstream: string
  /** The public origin, which clients sign; see the verifier's `origin`. */
  readonly origin: string | readonly string[]
  readonly service: KeyService
  /** Default: one in memory, which is right for one process. */
  readonly replay?: ReplayGuard | undefined
  /**
   * Memory for calls that are remembered, in bytes, where `replay` is left out. Default, as for the limits below: its
   * member in {@link GATEWAY_DEFAULTS}.
   */
  readonly maxReplayBytes?: number | undefined
  /** Told when that memory, or the share of one key, is 80 % full; again only after an eighth of the calls ended. */
  readonly onReplayNearlyFull?: ((usage: NearlyFull) => void) | undefined
  /** Default: every path, by the library's default scheme. */
  readonly routes?: readonly RouteConfig[] | undefined
  /** Those that a route may name. Default: all of the library's. */
  readonly schemes?: readonly Scheme[] | undefined
  readonly toleranceMs?: number | undefined
  readonly allow?: VerifierOptions['allow']
  /** Schemes and routes that are on their way out. */
  readonly deprecations?: readonly DeprecationConfig[] | undefined
  /** Certificate and key, in PEM; left out: plain HTTP. */
  readonly tls?: TlsFiles | undefined
  /** Whether the upstream sees the headers and query parameters of the signature. Default: no. */
  readonly keepSignature?: boolean | undefined
  /**
   * Bodies larger than this are written to disk until they are verified and sent on. Default: as above.
   */
  readonly spoolBytes?: number | undefined
  /** Where; default: the system's folder for temporary files. */
  readonly spoolFolder?: string | undefined
  /** Of one request. */
  readonly maxBodyBytes?: number | undefined
  /**
   * Of all bodies in memory at once, for what came in of them. Where it does not suffice, the unfinished body that
   * began first is answered with 503.
   */
  readonly maxHeldBytes?: number | undefined
  readonly timeouts?: UpstreamOptions & {
    /** Until a request has come in. */
    readonly requestTimeoutMs?: number | undefined
  }
  /** Told of every request, for a log: nothing in it is secret. */
  readonly onFinished?: ((entry: AccessEntry) => void) | undefined
  readonly onError?: ((error: unknown) => void) | undefined
}

export interface TlsFiles {
  readonly cert: string | Buffer
  readonly key: string | Buffer
}
