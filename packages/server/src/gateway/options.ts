import type { NearlyFull, ReplayGuard, Scheme, VerifierOptions } from 'countersign'
import type { Permission } from '../keys/permissions.ts'
import type { KeyService } from '../service.ts'
import type { AccessEntry } from './access-entry.ts'
import type { GATEWAY_DEFAULTS } from './defaults.ts'
import type { DeprecationConfig } from './deprecations.ts'
import type { UpstreamOptions, UpstreamTls } from './forward.ts'
import type { RateLimiter } from './rates/rate.ts'
import type { RouteConfig } from './routes.ts'
import type { IdentityOptions } from './signed-identity.ts'

export interface GatewayOptions {
  /**
   * Where verified requests go: `http://127.0.0.1:8080`. A path goes before that of every request. May be left out
   * where each route has its own.
   */
  readonly upstream?: string | undefined
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
  /**
   * Told when that memory is 80 % full, and of each key with 80 % of its share; again only after an eighth of those
   * calls ended. What it throws or rejects with is dropped.
   */
  readonly onReplayNearlyFull?: ((usage: NearlyFull) => void) | undefined
  /** Counts calls for the routes' `rate`. Default: in memory, which is right for one process. */
  readonly rates?: RateLimiter | undefined
  /** Default: every path, by the library's default scheme. */
  readonly routes?: readonly RouteConfig[] | undefined
  /** Those that a route may name. Default: all of the library's. */
  readonly schemes?: readonly Scheme[] | undefined
  /**
   * The permissions that a route may want, and the calls that each opens; `any`: any name, which opens nothing by
   * itself. Default: those of the key store.
   */
  readonly permissions?: readonly Permission[] | 'any' | undefined
  /** Milliseconds since the epoch, for timestamps and for calls that are remembered. Default: the system's. */
  readonly clock?: VerifierOptions['clock']
  /** How far a timestamp may be from the clock, either way, in milliseconds. Default: five minutes. */
  readonly toleranceMs?: number | undefined
  /** Spellings and requests that are refused unless they are named here; see the verifier's `allow`. Default: none. */
  readonly allow?: VerifierOptions['allow']
  /** Schemes and routes that are on their way out. */
  readonly deprecations?: readonly DeprecationConfig[] | undefined
  /** Certificate and key, in PEM; left out: plain HTTP. */
  readonly tls?: TlsFiles | undefined
  /**
   * The proxies in front of the gateway, as addresses and CIDR ranges: what they say of the client's address is
   * believed, read from the right; of the host and scheme, to choose among the origins. Default: none.
   */
  readonly trustedProxies?: readonly string[] | undefined
  /**
   * TLS to the upstream: the CA it is checked against, and the client certificate that the gateway shows (mTLS).
   * Default: the CAs that Node trusts, and no certificate.
   */
  readonly upstreamTls?: UpstreamTls | undefined
  /**
   * Says who makes a call in a signed header as well, so that the upstream can tell the gateway from its neighbours.
   * Default: the header is empty.
   */
  readonly identity?: IdentityOptions | undefined
  /**
   * Whether it is found out why signatures do not match, for the key's owner alone: beside the refusals in the audit
   * log. Within the budget of `explainRefusals`, for each scheme that is a declaration with a secret. Default: no.
   */
  readonly explainRefusals?: boolean | undefined
  /**
   * Whether spans are made, by what the process has registered with `@opentelemetry/api`: one of each request, one of
   * its way upstream. Default: no; a client's `traceparent` that is well formed goes upstream as it came.
   */
  readonly tracing?: boolean | undefined
  /** Whether the upstream sees the headers and query parameters of the signature. Default: no. */
  readonly keepSignature?: boolean | undefined
  /**
   * Headers of the client that go upstream although others may believe them: `x-forwarded-prefix`, `cf-connecting-ip`,
   * in lower case. Default: none of `x-forwarded-*`, `forwarded`, of addresses, and of other methods and targets.
   */
  readonly keepHeaders?: readonly string[] | undefined
  /**
   * Bodies with more bytes are written to disk until they are verified and sent on. Default:
   * `GATEWAY_DEFAULTS.spoolBytes`.
   */
  readonly spoolBytes?: number | undefined
  /**
   * The most bytes of all bodies on disk at once, counted as they come in. If that does not suffice, the oldest
   * unfinished body is answered with 507. Default: `GATEWAY_DEFAULTS.maxSpoolBytes`.
   */
  readonly maxSpoolBytes?: number | undefined
  /**
   * Where they are written. Folders that killed processes left there are removed at the start. Default: the system's
   * folder for temporary files.
   */
  readonly spoolFolder?: string | undefined
  /** The most bytes of one request's body. Default: `GATEWAY_DEFAULTS.maxBodyBytes`. */
  readonly maxBodyBytes?: number | undefined
  /**
   * The most bytes of all bodies in memory at once, counted as they come in. If that does not suffice, the oldest
   * unfinished body is answered with 503. Default: `GATEWAY_DEFAULTS.maxHeldBytes`.
   */
  readonly maxHeldBytes?: number | undefined
  /** In milliseconds. Default of each: its member in {@link GATEWAY_DEFAULTS}. */
  readonly timeouts?: UpstreamOptions & {
    /** Until a request has come in. */
    readonly requestTimeoutMs?: number | undefined
    /**
     * How long a client's connection may be idle. Set it above the time that a proxy in front keeps its connections:
     * else the proxy may send a request just when one is closed.
     */
    readonly keepAliveTimeoutMs?: number | undefined
  }
  /**
   * How many requests of one connection are worked on at once. If a client sends more without waiting, those are
   * answered and the connection is closed. Default: `GATEWAY_DEFAULTS.maxPipelined`.
   */
  readonly maxPipelined?: number | undefined
  /**
   * Told once of each connection that sent more than `maxPipelined` requests at once, with the address that it comes
   * from. What it throws or rejects with is dropped.
   */
  readonly onFlooded?: ((address: string | undefined) => void) | undefined
  /** Told of every request, for a log: nothing in it is secret. What it throws or rejects with is dropped. */
  readonly onFinished?: ((entry: AccessEntry) => void) | undefined
  /**
   * Told of what went wrong on our side: the store, a body on disk, folders of dead processes that can't be removed, an
   * option that threw. What it throws or rejects with is dropped.
   */
  readonly onError?: ((error: unknown) => void) | undefined
}

export interface TlsFiles {
  readonly cert: string | Buffer
  readonly key: string | Buffer
}
