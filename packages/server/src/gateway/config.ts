import { ALLOWANCES, compileDeprecation, compileTrustedProxies, type Deprecation, LEAST_REPLAY_BYTES } from 'countersign'
import { isNode, LineCounter, parseDocument } from 'yaml'
import { z } from 'zod'
import { ServerError } from '../errors.ts'
import { GATEWAY_DEFAULTS } from './defaults.ts'
import type { DeprecationConfig } from './deprecations.ts'
import { mayBeKept } from './headers/headers.ts'
import { PATH_READINGS } from './paths/path-readings.ts'
import { DEFAULT_ROUTE } from './router.ts'
import { readUpstreamUrl } from './upstream-url.ts'

const origin = z
  .string()
  .regex(
    /^(https?|wss?):\/\/[^/\s]+(\/[^\s]*[^/\s])?$/,
    'An origin is scheme and host, such as https://api.example.com, without a slash at the end.',
  )
/** ISO 8601, a date or a time. */
const moment = z.union([z.iso.date(), z.iso.datetime({ offset: true })])
const method = z.string().regex(/^[A-Z]+$/)
const milliseconds = z.int().min(1).max(3_600_000)
const bytes = z.int().min(1).max(Number.MAX_SAFE_INTEGER)

/** The verifier's option of the same name. */
const only = z
  .strictObject({
    methods: z.array(method).min(1).optional().meta({ description: 'Has to be said where the method is not signed.' }),
    paths: z
      .union([z.literal('any'), z.array(z.string().startsWith('/')).min(1)])
      .optional()
      .meta({ description: 'Exact paths; everything below for one that ends in /*. Has to be said where the path is not signed.' }),
    query: z.enum(['any', 'none']).optional().meta({ description: 'Default where the query is not signed: none.' }),
    body: z
      .enum(['any', 'none', 'required'])
      .optional()
      .meta({ description: 'Default where the body is not signed: none. required: a call without a body is refused.' }),
  })
  .meta({
    description:
      'Which calls are taken, for what a scheme of the route does not sign: anybody could change that on the way. Default: what the scheme itself names; countersign schemes NAME shows it.',
  })

/** What a gateway's file may say; flags and the environment go before it. */
export const gatewayConfig = z
  .strictObject({
    upstream: z
      .url({ protocol: /^https?$/ })
      .superRefine((text, context) => {
        try {
          readUpstreamUrl(text)
        } catch (error) {
          context.addIssue({ code: 'custom', message: String(error instanceof Error ? error.message : error) })
        }
      })
      .meta({ description: 'Where verified requests go, such as http://127.0.0.1:8080. A path goes before that of every request.' }),
    upstreamTls: z
      .strictObject({ ca: z.string().optional(), cert: z.string().optional(), key: z.string().optional() })
      .refine(({ cert, key }) => (cert === undefined) === (key === undefined), 'Certificate and key go together.')
      .optional()
      .meta({
        description:
          'Paths, in PEM: the authority that signed the certificate of an https:// upstream, and the certificate and key that the gateway shows it (mTLS).',
      }),
    origin: z
      .union([origin, z.array(origin).min(1)])
      .meta({ description: 'The public origin, which clients sign; several where there are several. Never taken from a request.' }),
    host: z.string().default('127.0.0.1').meta({ description: 'The address to listen on.' }),
    port: z.int().min(0).max(65_535).default(4590),
    tls: z
      .strictObject({ cert: z.string(), key: z.string() })
      .optional()
      .meta({ description: 'Paths of certificate and key, in PEM; read again on SIGHUP.' }),
    adminPort: z
      .int()
      .min(0)
      .max(65_535)
      .optional()
      .meta({ description: 'Where /metrics, /health and /ready are, on 127.0.0.1; left out: nowhere.' }),
    store: z.string().default('countersign.db').meta({ description: 'The key store: an SQLite file, or postgres://….' }),
    masterKeyFile: z.string().optional(),
    redis: z
      .union([z.string(), z.array(z.string()).min(1)])
      .optional()
      .meta({
        description: 'redis://…, or the nodes of a cluster, for replay protection across processes; left out: in memory, for one process.',
      }),
    maxReplayBytes: bytes.min(LEAST_REPLAY_BYTES).default(GATEWAY_DEFAULTS.maxReplayBytes).meta({
      description: 'For replay protection in memory, without redis: 14 to 35 bytes for each call of the last minutes.',
    }),
    routes: z
      .array(
        z.strictObject({
          path: z.string().startsWith('/').meta({ description: 'A prefix of whole segments; the longest that fits counts.' }),
          schemes: z.array(z.string()).min(1),
          permission: z.array(z.string()).min(1).optional().meta({ description: 'The key needs one of these.' }),
          methods: z.array(method).min(1).optional(),
          only: only.optional(),
          allow: z.array(z.enum(PATH_READINGS)).optional().meta({
            description:
              'How the upstream does not read paths: letter-case where it tells /Admin from /admin. A path of this route may be written so, although read so it would be of another route.',
          }),
        }),
      )
      .min(1)
      .default([DEFAULT_ROUTE]),
    deprecations: z
      .array(
        z
          .strictObject({
            scheme: z.string().optional().meta({ description: 'A scheme that is on its way out; or a route.' }),
            route: z.string().startsWith('/').optional().meta({ description: 'The path of a route that is.' }),
            since: moment.meta({ description: 'Sent as Deprecation, RFC 9745.' }),
            sunset: moment.optional().meta({ description: 'From when it is refused; sent as Sunset, RFC 8594.' }),
            successor: z.string().max(200).optional().meta({ description: 'What to use instead; named in refusals.' }),
            link: z
              .url({ protocol: /^https?$/ })
              .optional()
              .meta({ description: 'A page that tells how to move; sent as Link.' }),
            brownOuts: z
              .array(z.strictObject({ from: moment, until: moment }))
              .max(1000)
              .optional()
              .meta({ description: 'Times in which it does not answer, as a warning.' }),
          })
          .refine(({ scheme, route }) => (scheme === undefined) !== (route === undefined), 'Name a scheme or a route.')
          .refine(isDeprecation, 'The sunset lies behind the deprecation, and the end of a brown-out behind its beginning.'),
      )
      .optional()
      .transform(list => list as readonly DeprecationConfig[] | undefined),
    allow: z.array(z.enum(ALLOWANCES)).optional().meta({
      description: 'What is refused unless it is named here, such as a spelling of a request that shares its signature with another.',
    }),
    identity: z
      .strictObject({
        keyFiles: z.array(z.string()).min(1).meta({ description: 'Private Ed25519 keys in PEM; the first signs, all are published.' }),
        audience: z.string().min(1).optional().meta({ description: 'Default: the URL of the upstream.' }),
      })
      .optional()
      .meta({
        description:
          'Who makes a call is said to the upstream as a signed token as well: x-countersign-identity, a JWT for this call. Its keys are at /.well-known/countersign/jwks.json.',
      }),
    keepSignature: z
      .boolean()
      .default(false)
      .meta({ description: 'Whether the upstream sees the headers and query parameters of the signature.' }),
    trustedProxies: z
      .array(z.string())
      .min(1)
      .superRefine((ranges, context) => {
        try {
          compileTrustedProxies(ranges)
        } catch (error) {
          context.addIssue({ code: 'custom', message: String(error instanceof Error ? error.message : error) })
        }
      })
      .optional()
      .meta({
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
    maxBodyBytes: bytes.default(GATEWAY_DEFAULTS.maxBodyBytes).meta({ description: 'Of one request.' }),
    spoolBytes: bytes
      .default(GATEWAY_DEFAULTS.spoolBytes)
      .meta({ description: 'Larger bodies are written to disk until they are verified and sent on.' }),
    spoolFolder: z.string().optional(),
    maxSpoolBytes: bytes
      .default(GATEWAY_DEFAULTS.maxSpoolBytes)
      .meta({ description: 'Of all bodies on disk at once, for what came in of them.' }),
    maxHeldBytes: bytes
      .default(GATEWAY_DEFAULTS.maxHeldBytes)
      .meta({ description: 'Of all bodies in memory at once, for what came in of them.' }),
    timeouts: z
      .strictObject({
        connectTimeoutMs: milliseconds.default(GATEWAY_DEFAULTS.connectTimeoutMs),
        headersTimeoutMs: milliseconds.default(GATEWAY_DEFAULTS.headersTimeoutMs),
        bodyTimeoutMs: milliseconds.default(GATEWAY_DEFAULTS.bodyTimeoutMs),
        requestTimeoutMs: milliseconds.default(GATEWAY_DEFAULTS.requestTimeoutMs),
      })
      .prefault({}),
    drainMs: milliseconds
      .default(GATEWAY_DEFAULTS.drainMs)
      .meta({ description: 'How long running requests have to end when the gateway is stopped; WebSockets are closed.' }),
  })
  .meta({ title: 'Countersign gateway' })
export type GatewayConfig = z.infer<typeof gatewayConfig>

/** For editors: `gateway.schema.json`. */
export function gatewaySchema(): object {
  return z.toJSONSchema(gatewayConfig, { io: 'input' })
}

/**
 * Reads a gateway's file, JSON or YAML, with what goes before it.
 *
 * @throws ServerError `config-malformed`, `config-invalid`, which name the line
 */
export function readGatewayConfig(text: string, name: string, before: { readonly [field: string]: unknown } = {}): GatewayConfig {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const [broken] = document.errors
  if (broken !== undefined)
    throw new ServerError('config-malformed', 400, `${name}:${lines.linePos(broken.pos[0]).line}: ${broken.message}`)
  const written: unknown = document.toJS() ?? {}
  if (typeof written !== 'object' || written === null || Array.isArray(written))
    throw new ServerError('config-malformed', 400, `${name}:1: A configuration is an object of settings.`)
  const given = Object.fromEntries(Object.entries(before).filter(([, value]) => value !== undefined))
  const result = gatewayConfig.safeParse({ ...written, ...given })
  if (result.success) return result.data
  const said = result.error.issues.slice(0, 5).map(({ path, message }) => {
    const [first] = path
    const where = first !== undefined && String(first) in given ? '' : `${name}:${lineOf(path)}: `
    return `${where}${path.length === 0 ? message : `${path.join('.')}: ${message}`}`
  })
  throw new ServerError('config-invalid', 400, said.join('\n'))

  /** Of the setting, or of the nearest thing around it that is there. */
  function lineOf(path: readonly PropertyKey[]): number {
    for (let length = path.length; length >= 0; length--) {
      const node: unknown = document.getIn(path.slice(0, length), true)
      if (isNode(node) && node.range) return lines.linePos(node.range[0]).line
    }
    return 1
  }
}

function isDeprecation({ scheme: _scheme, route: _route, ...deprecation }: Deprecation & { scheme?: unknown; route?: unknown }): boolean {
  try {
    compileDeprecation(deprecation)
    return true
  } catch {
    return false
  }
}
