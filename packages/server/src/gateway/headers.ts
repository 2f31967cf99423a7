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
 * verified: Rails, Express's method-override and OData; IIS, Symfony and Zend; nginx, Traefik and Envoy.
 */
export const OVERRIDES: ReadonlySet<string> = new Set([
  'x-http-method-override',
  'x-http-method',
  'x-method-override',
  'x-original-method',
  'x-forwarded-method',
  'x-original-url',
  'x-original-uri',
  'x-rewrite-url',
  'x-rewrite-uri',
  'x-override-url',
  'x-envoy-original-path',
  'x-forwarded-uri',
  'x-forwarded-path',
  'x-forwarded-prefix',
])

/** Headers that frameworks believe of where a request comes from, and where it was sent. */
const ABOUT_CLIENT = [
  'forwarded',
  'forwarded-for',
  'x-forwarded',
  'x-real-ip',
  'x-client-ip',
  'client-ip',
  'true-client-ip',
  'x-cluster-client-ip',
  'x-originating-ip',
  'x-remote-ip',
  'x-remote-addr',
  'x-proxyuser-ip',
  'proxy-client-ip',
  'wl-proxy-client-ip',
  'cf-connecting-ip',
  'cf-connecting-ipv6',
  'fastly-client-ip',
  'fly-client-ip',
  'x-azure-clientip',
  'x-azure-socketip',
  'x-appengine-user-ip',
  'x-envoy-external-address',
  'x-host',
  'x-original-host',
  'x-http-host-override',
  'x-original-proto',
  'x-scheme',
  'x-url-scheme',
  'front-end-https',
  // CGI makes the variable of it that names a proxy for its own calls.
  'proxy',
]

/** Ours to say, nobody else's. */
export const IDENTITY_PREFIX = 'x-countersign-'
const FORWARDED_PREFIX = 'x-forwarded-'

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

/** What is replaced or left out, not passed on; and everything that begins with `x-forwarded-`. */
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
 * @param kept in spite of {@link ALWAYS_DROPPED}, in just this spelling
 */
export function forwardedHeaders(raw: readonly string[], dropped: ReadonlySet<string>, kept: ReadonlySet<string> = NONE): string[] {
  const named = namedByConnection(raw)
  const headers: string[] = []
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const [name = '', value = ''] = [raw[at], raw[at + 1]]
    const lower = name.toLowerCase()
    const read = asUpstreamReads(lower)
    if (!kept.has(lower)) {
      if (read.startsWith(IDENTITY_PREFIX) || read.startsWith(FORWARDED_PREFIX) || dropped.has(read) || dropped.has(lower)) continue
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
