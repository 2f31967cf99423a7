import { ALLOWANCES, compileTrustedProxies, LEAST_REPLAY_BYTES } from 'countersign'
import { z } from 'zod'
import { oidcSettings } from '../admin/oidc/oidc-settings.ts'
import { checkStoreName } from '../database/store-url.ts'
import { GATEWAY_DEFAULTS } from '../gateway/defaults.ts'
import type { DeprecationConfig } from '../gateway/deprecations.ts'
import { mayBeKept } from '../gateway/headers/header-names.ts'
import { DEFAULT_ROUTE } from '../gateway/routes.ts'
import { HEADERS_TIMEOUT_MS } from '../http/listen.ts'
import { haveOwnNames, permission } from './config-permissions.ts'
import { redis } from './config-redis.ts'
import { deprecation, route } from './config-routes.ts'
import { milliseconds, takenBy, upstream, upstreamTls } from './config-upstream.ts'
import { COUNTED } from './setting-paths.ts'

const origin = z
  .string()
  .regex(
    /^(https?|wss?):\/\/[^/\s]+(\/[^\s]*[^/\s])?$/,
    'An origin is scheme and host, such as https://api.example.com, with a base path where there is one, and without a slash at the end.',
  )
/** Where keys are kept unless it is said otherwise. */
export const DEFAULT_STORE = 'countersign.db'
const bytes = z.int().min(1).max(Number.MAX_SAFE_INTEGER)

const settings = z.strictObject({
  upstream: upstream.optional().meta({
    description:
      'Where verified requests go, such as http://127.0.0.1:8080. A path goes before that of every request. Routes may have their own.',
  }),
  upstreamTls: upstreamTls.optional().meta({
    description: `TLS to an https:// upstream, as paths of PEM files${COUNTED}: the CA it is checked against, and the client certificate and key that the gateway shows (mTLS).`,
  }),
  origin: z
    .union([origin, z.array(origin).min(1)])
    .meta({ description: 'The public origin, which clients sign; several where there are several. Never taken from a request.' }),
  host: z.string().default('127.0.0.1').meta({ description: 'The address to listen on.' }),
  port: z.int().min(0).max(65_535).default(4590),
  tls: z
    .strictObject({ cert: z.string(), key: z.string() })
    .optional()
    .meta({ description: `Paths of certificate and key, in PEM${COUNTED}.` }),
  adminPort: z
    .int()
    .min(0)
    .max(65_535)
    .optional()
    .meta({ description: 'Where /metrics, /health and /ready are, on adminHost; left out: nowhere.' }),
  adminHost: z
    .string()
    .default('127.0.0.1')
    .meta({ description: 'The address of adminPort. Metrics name routes and are not for clients.' }),
  store: z
    .string()
    .superRefine(takenBy(checkStoreName))
    .default(DEFAULT_STORE)
    .meta({ description: `The key store: an SQLite file${COUNTED}, or postgres://….` }),
  masterKeyFile: z
    .string()
    .optional()
    .meta({ description: `What opens the secrets of the store${COUNTED}. Default: the SQLite file’s name and .master-key.` }),
  redis: redis.optional(),
  waitForReplicas: z.int().min(0).max(100).optional().meta({
    description: 'How many replicas of Redis have to have a call before it is let through; left out: none. Not for a cluster.',
  }),
  maxReplayBytes: bytes.min(LEAST_REPLAY_BYTES).default(GATEWAY_DEFAULTS.maxReplayBytes).meta({
    description: 'For replay protection in memory, without redis: 14 to 35 bytes for each call of the last minutes.',
  }),
  schemes: z
    .array(z.string().min(1))
    .optional()
    .meta({
      description: `Schemes of your own: paths of declarations in JSON${COUNTED}. Keys and routes name them as they name themselves.`,
    }),
  permissions: z.array(permission).min(1).refine(haveOwnNames, 'Two permissions have one name.').optional().meta({
    description: 'The permissions that keys can have. Left out: any name.',
  }),
  oidc: oidcSettings.optional(),
  routes: z.array(route).min(1).default([DEFAULT_ROUTE]),
  deprecations: z
    .array(deprecation)
    .optional()
    .transform(list => list as readonly DeprecationConfig[] | undefined),
  allow: z.array(z.enum(ALLOWANCES)).optional().meta({
    description: 'What is refused unless it is named here, such as a spelling of a request that shares its signature with another.',
  }),
  identity: z
    .strictObject({
      keyFiles: z
        .array(z.string())
        .min(1)
        .meta({ description: `Files of private Ed25519 keys in PEM${COUNTED}; the first signs, all are published.` }),
      audience: z.string().min(1).optional().meta({ description: 'Default: the URL of the upstream.' }),
    })
    .optional()
    .meta({
      description:
        'Who makes a call is said to the upstream as a signed token as well: x-countersign-identity, a JWT for this call. Its keys are at /.well-known/countersign/jwks.json.',
    }),
  explainRefusals: z.boolean().default(false).meta({
    description:
      'Whether it is found out why signatures do not match, for the owner of the key alone: beside the refusals in the audit log and the console. Two a second and six a minute for one key are looked at.',
  }),
  tracing: z.boolean().default(false).meta({
    description:
      'Whether spans are made by OpenTelemetry, as the process has set it up: NODE_OPTIONS="--import ./otel.js". The `traceparent` of a call is kept either way.',
  }),
  keepSignature: z
    .boolean()
    .default(false)
    .meta({ description: 'Whether the upstream sees the headers and query parameters of the signature.' }),
  trustedProxies: z.array(z.string()).min(1).superRefine(takenBy(compileTrustedProxies)).optional().meta({
    description:
      'Addresses and CIDR ranges of the proxies in front of the gateway: what they say of the client is believed. Default: none is.',
  }),
  keepHeaders: z
    .array(z.string().refine(mayBeKept, 'A name in lower case, of a header that the gateway does not say itself.'))
    .optional()
    .meta({
      description:
        'Headers of the client that go upstream although they could be believed: x-forwarded-prefix, cf-connecting-ip, x-http-method-override. Default: none.',
    }),
  toleranceMs: milliseconds.optional(),
  maxBodyBytes: bytes.default(GATEWAY_DEFAULTS.maxBodyBytes).meta({ description: 'The most bytes of one request’s body.' }),
  spoolBytes: bytes
    .default(GATEWAY_DEFAULTS.spoolBytes)
    .meta({ description: 'Bodies with more bytes are written to disk until they are verified and sent on.' }),
  spoolFolder: z
    .string()
    .optional()
    .meta({ description: `Where such bodies are written${COUNTED}. Default: the system’s folder for temporary files.` }),
  maxSpoolBytes: bytes
    .default(GATEWAY_DEFAULTS.maxSpoolBytes)
    .meta({ description: 'The most bytes of all bodies on disk at once, counted as they come in; then 507.' }),
  maxHeldBytes: bytes
    .default(GATEWAY_DEFAULTS.maxHeldBytes)
    .meta({ description: 'The most bytes of all bodies in memory at once, counted as they come in; then 503.' }),
  timeouts: z
    .strictObject({
      connectTimeoutMs: milliseconds.default(GATEWAY_DEFAULTS.connectTimeoutMs),
      headersTimeoutMs: milliseconds.default(GATEWAY_DEFAULTS.headersTimeoutMs),
      bodyTimeoutMs: milliseconds.default(GATEWAY_DEFAULTS.bodyTimeoutMs),
      requestTimeoutMs: milliseconds
        .min(HEADERS_TIMEOUT_MS, `Until a request has come in: ${HEADERS_TIMEOUT_MS} at least, which its headers have.`)
        .default(GATEWAY_DEFAULTS.requestTimeoutMs),
      keepAliveTimeoutMs: milliseconds
        .default(GATEWAY_DEFAULTS.keepAliveTimeoutMs)
        .meta({ description: 'How long a client’s connection may be idle.' }),
      halfClosedTimeoutMs: milliseconds
        .default(GATEWAY_DEFAULTS.halfClosedTimeoutMs)
        .meta({ description: 'How long nothing may pass through a WebSocket once one side has closed.' }),
    })
    .prefault({}),
  maxPipelined: z
    .int()
    .min(1)
    .max(10_000)
    .default(GATEWAY_DEFAULTS.maxPipelined)
    .meta({ description: 'Requests of one connection that are worked on at once; with more, it is closed.' }),
  drainDelayMs: z.int().min(0).max(3_600_000).default(GATEWAY_DEFAULTS.drainDelayMs).meta({
    description: 'How long new connections are still taken when the gateway is stopped, while /ready says that it ends.',
  }),
  drainMs: milliseconds
    .default(GATEWAY_DEFAULTS.drainMs)
    .meta({ description: 'How long running requests have to end when the gateway is stopped; WebSockets are closed.' }),
})

/** What a gateway's file may say; flags and the environment go before it. */
export const gatewayConfig = settings
  .superRefine(({ upstream: own, routes }, context) => {
    if (own !== undefined) return
    const without = routes.find(({ upstream: one }) => one === undefined)
    if (without !== undefined)
      context.addIssue({
        code: 'custom',
        path: ['upstream'],
        message: `Say where verified requests go: here, or in the route ${without.path}.`,
      })
  })
  .refine(
    ({ maxBodyBytes, spoolBytes, maxSpoolBytes }) => maxBodyBytes <= spoolBytes || maxSpoolBytes >= maxBodyBytes,
    'maxSpoolBytes is less than maxBodyBytes: the largest bodies would never have room.',
  )
  .refine(({ spoolBytes, maxHeldBytes }) => maxHeldBytes >= spoolBytes, {
    message: 'maxHeldBytes is less than spoolBytes: the largest bodies that stay in memory would never have room.',
  })
  .refine(({ redis, waitForReplicas }) => waitForReplicas === undefined || typeof redis === 'string', {
    path: ['waitForReplicas'],
    message: 'It is for a redis that is one URL; on the nodes of a cluster, set min-replicas-to-write.',
  })
  .meta({ title: 'Countersign gateway' })

/** Of such a file, what a key server and the commands for keys read: they may have one without a gateway's settings. */
export const storeConfig = settings
  .partial({ origin: true, store: true })
  .extend({ routes: z.array(route).min(1).optional() })
  .transform(
    ({ store, masterKeyFile, schemes, permissions, oidc, upstream: own, routes = own === undefined ? undefined : [DEFAULT_ROUTE] }) => ({
      store,
      masterKeyFile,
      schemes,
      permissions,
      oidc,
      /** The names of the schemes that the gateway takes; undefined: the file has no gateway. */
      schemesOfRoutes: routes?.flatMap(({ schemes: taken }) => taken),
    }),
  )
export type StoreConfig = z.infer<typeof storeConfig>
export type GatewayConfig = z.infer<typeof gatewayConfig>

/** For editors: `gateway.schema.json`. */
export function gatewaySchema(): object {
  return z.toJSONSchema(gatewayConfig, { io: 'input' })
}
