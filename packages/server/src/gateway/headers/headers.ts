import type { AnswerHeaders } from 'countersign'

/** RFC 9110 §7.6.1 and what older proxies add: for one connection, never passed on. */
const HOP_BY_HOP = new Set([
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/**
 * Headers that frameworks and proxies take for the method or the target of a request, in the place of those that were
 * verified: Rails, Express's method-override and OData; IIS, Azure, Symfony and Zend; nginx, Traefik and Envoy.
 */
export const OVERRIDES: ReadonlySet<string> = new Set([
  'x-http-method-override',
  'x-http-method',
  'x-method-override',
  'x-http-verb-override',
  'x-original-method',
  'x-forwarded-method',
  'x-original-url',
  'x-original-uri',
  'x-ms-original-url',
  'x-waws-unencoded-url',
  'x-rewrite-url',
  'x-rewrite-uri',
  'x-override-url',
  'x-envoy-original-path',
  'x-forwarded-uri',
  'x-forwarded-path',
  'x-forwarded-prefix',
])

/**
 * Headers that frameworks and proxies believe of a client, beside those of {@link ABOUT_CLIENT_WORDS}: who it is, where
 * it connects from, and where it sent its request.
 */
const ABOUT_CLIENT = [
  'x-host',
  'x-http-host-override',
  'x-scheme',
  'x-url-scheme',
  'front-end-https',
  'x-arr-ssl',
  'fastly-ssl',
  // A user whom a proxy in front has let in.
  'x-authenticated-user',
  'x-webauth-user',
  'x-user-dn',
  // Where an application is mounted, and which file or page is meant.
  'script-name',
  'x-script-name',
  'path-info',
  'x-matched-path',
  'x-invoke-path',
  'x-accel-redirect',
  'x-sendfile',
  // CGI makes the variable of it that names a proxy for its own calls.
  'proxy',
]

/**
 * What the names of such headers have in them: an address (`cf-connecting-ip`, `cf-pseudo-ipv4`, `x-remote-addr`,
 * `cloudfront-viewer-address`), what was asked of another proxy (`x-original-host`, `x-vercel-forwarded-for`), a
 * client's certificate (`client-cert` of RFC 9440, `x-ssl-client-verify`), a user (`remote-user`), and what Envoy,
 * oauth2-proxy, Google's and Azure's proxies, and Next.js say of a request to those behind them.
 */
const ABOUT_CLIENT_WORDS = new RegExp(
  [
    '(?:^|-)(?:ip|ipv4|ipv6|clientip|socketip|addr|forwarded|(?:client|viewer|peer|source|external|remote)-address)(?:-|$)',
    '(?:^|-)original-(?:host|proto|port|scheme|remote|for|to)(?:-|$)',
    '(?:^|-)remote-(?:user|host|ident|port|name|email|groups?|extra)(?:-|$)',
    '(?:^|-)(?:ssl|tls)-client(?:-|$)|(?:^|-)client-(?:cert|verify|dn)(?:-|$)',
    '^(?:x-)?(?:envoy|auth-request|goog-authenticated|goog-iap|ms-client-principal|middleware)(?:-|$)',
  ].join('|'),
)

/** Ours to say, nobody else's. */
export const IDENTITY_PREFIX = 'x-countersign-'

/** What the gateway says itself, so that a client's can't be kept. */
const OURS: ReadonlySet<string> = new Set([
  'host',
  'content-length',
  'expect',
  'x-request-id',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
])

/** What is replaced or left out, not passed on; and what {@link ABOUT_CLIENT_WORDS} are in. */
export const ALWAYS_DROPPED: ReadonlySet<string> = new Set([...OURS, ...ABOUT_CLIENT, ...OVERRIDES])

/** Whether a client's header may be kept by name: none that the gateway says itself, or that is for one connection. */
export function mayBeKept(lower: string): boolean {
  return /^[a-z0-9-]+$/.test(lower) && !OURS.has(lower) && !HOP_BY_HOP.has(lower) && !lower.startsWith(IDENTITY_PREFIX)
}

/**
 * Upstreams that make variables of headers (CGI, WSGI) take `_` for `-`, and some every other character that no
 * variable has.
 */
const UNUSUAL = /[^a-z0-9-]/
const ALL_UNUSUAL = /[^a-z0-9-]/g

const NONE: ReadonlySet<string> = new Set()

/**
 * The headers of a request as they go upstream: without those of the connection, of the signature where they are
 * dropped, and of ours, in whatever spelling an upstream would take for them.
 *
 * @param raw names and values in turn, as they came
 * @param kept in spite of what they say, in just this spelling
 */
export function forwardedHeaders(raw: readonly string[], dropped: ReadonlySet<string>, kept: ReadonlySet<string> = NONE): string[] {
  const named = namedByConnection(raw)
  const headers: string[] = []
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const [name = '', value = ''] = [raw[at], raw[at + 1]]
    const lower = name.toLowerCase()
    const read = asUpstreamReads(lower)
    if (!kept.has(lower)) {
      if (read.startsWith(IDENTITY_PREFIX) || dropped.has(read) || dropped.has(lower) || ABOUT_CLIENT_WORDS.test(read)) continue
      if (HOP_BY_HOP.has(read) || named.has(lower)) continue
    }
    headers.push(name, value)
  }
  return headers
}

/** @param lower a name in lower case */
export function asUpstreamReads(lower: string): string {
  return UNUSUAL.test(lower) ? lower.replace(ALL_UNUSUAL, '-') : lower
}

/** What the gateway says with every answer. */
export interface SaidWithAnswer {
  readonly requestId: string
  /** That what was called is deprecated, say. */
  readonly announced: AnswerHeaders | undefined
  /** What becomes of the connection; `undefined`: it takes further requests. */
  readonly connection: 'close' | 'upgrade' | undefined
}

/**
 * The headers of an answer as they go to the client, whether it is an upstream's or the gateway's own: without those of
 * another connection, with the gateway's. What is announced goes before what the answer says of the same name.
 *
 * @param raw names and values in turn, as they came
 */
export function answerHeaders(raw: readonly (string | Buffer)[], { requestId, announced, connection }: SaidWithAnswer): string[] {
  const texts = raw.map(text => (typeof text === 'string' ? text : text.toString('latin1')))
  const named = namedByConnection(texts)
  const headers: string[] = []
  for (let at = 0; at + 1 < texts.length; at += 2) {
    const [name = '', value = ''] = [texts[at], texts[at + 1]]
    const lower = name.toLowerCase()
    if (HOP_BY_HOP.has(lower) || named.has(lower) || lower === 'x-request-id') continue
    // An answer may have further links, and one of everything else.
    if (announced?.[lower] !== undefined && lower !== 'link') continue
    headers.push(name, value)
  }
  if (announced !== undefined) headers.push(...Object.entries(announced).flat())
  headers.push('x-request-id', requestId)
  if (connection !== undefined) headers.push('connection', connection)
  if (connection === 'upgrade') headers.push('upgrade', 'websocket')
  return headers
}

/**
 * Whether the `Connection` of a request would take a header off on the way: a signed one would be missing upstream,
 * although the call was verified with it. What is for one connection only is taken off anyway.
 */
export function takesHeadersOff(raw: readonly string[]): boolean {
  for (const name of namedByConnection(raw)) if (!HOP_BY_HOP.has(name) && !OF_CONNECTION.has(name)) return true
  return false
}

/** What else `Connection` may say. */
const OF_CONNECTION: ReadonlySet<string> = new Set(['', 'close'])

function namedByConnection(raw: readonly string[]): ReadonlySet<string> {
  let named = NONE
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const [name = '', value = ''] = [raw[at], raw[at + 1]]
    if (name.length !== 10 || name.toLowerCase() !== 'connection') continue
    // What nearly all say names a header that is dropped anyway.
    if (value === 'keep-alive' || value === 'close') continue
    named = new Set([...named, ...value.split(',').map(other => other.trim().toLowerCase())])
  }
  return named
}
