/** RFC 9110 §7.6.1 and what older proxies add: for one connection, never passed on. */
export const HOP_BY_HOP: ReadonlySet<string> = new Set([
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
const ABOUT_CLIENT: readonly string[] = [
  ...['x-host', 'x-http-host', 'x-http-host-override', 'server-name', 'x-scheme', 'x-url-scheme', 'https', 'front-end-https', 'fastly-ssl'],
  ...[
    'x-realip',
    'x-forwardedfor',
    'x-trueclientip',
    'ssl-offloaded',
    'x-user-dn',
    'auth-user',
    'logon-user',
    'iv-user',
    'iv-groups',
    'sm-user',
  ],
  // Where an application is mounted, and which file or page is meant.
  ...['script-name', 'x-script-name', 'path-info', 'request-uri', 'x-request-uri', 'x-replaced-path', 'unencoded-url'],
  ...['x-matched-path', 'x-now-route-matches'],
  'x-endpoint-api-userinfo',
]

/**
 * What the names of such headers have in them: an address (`cf-connecting-ip`, `cf-pseudo-ipv4`, `x-remote-addr`,
 * `cloudfront-viewer-address`), what was asked of another proxy (`x-original-host`, `x-vercel-forwarded-for`), a
 * client's certificate (`client-cert` of RFC 9440, `x-ssl-client-verify`), or a user (`remote-user`). And how those
 * begin by which proxies and servers speak to what is behind them: Envoy, oauth2-proxy, Pomerium, Authentik, Kong,
 * Google, Azure, AWS, Cloudflare, Tailscale, Linkerd, WebLogic, WebSphere (`$WSRU`), Jetty, nginx, Rack, Next.js.
 * `proxy` is also the variable of CGI that names a proxy for its own calls.
 */
export const ABOUT_CLIENT_WORDS = new RegExp(
  [
    '(?:^|-)(?:ip|ipv4|ipv6|clientip|socketip|addr|forwarded|(?:client|viewer|peer|remote)-address)(?:-|$)',
    '(?:^|-)original-(?:host|proto|port|scheme|path|remote|for|to)(?:-|$)',
    '(?:^|-)remote-(?:user|host|ident|port|name|email|groups?|extra)(?:-|$)',
    '(?:^|-)(?:ssl|tls)-(?:client|cert|subject|verify|issuer)(?:-|$)|(?:^|-)client-(?:cert|verify|dn)(?:-|$)|(?:^|-)clientcert(?:-|$)',
    '^(?:x-)?(?:envoy|auth-request|authenticated|authentik|pomerium|webauth|consumer|goog-authenticated|goog-iap|appengine)(?:-|$)',
    '^(?:x-)?(?:ms-client-principal|arr|amzn-oidc|amzn-mtls|apigateway|iisnode|middleware|invoke|accel|sendfile|proxied|proxy)(?:-|$)',
    '^(?:cf-access|wl-proxy|tailscale|l5d|-ws[a-z]{2})(?:-|$)',
  ].join('|'),
)

/** Ours to say, nobody else's. */
export const IDENTITY_PREFIX = 'x-countersign-'

/** What the gateway sets on each request that goes upstream, beside {@link IDENTITY_PREFIX} names. */
export const SET_BY_GATEWAY = {
  requestId: 'x-request-id',
  clientAddress: 'x-forwarded-for',
  calledHost: 'x-forwarded-host',
  calledScheme: 'x-forwarded-proto',
  upstreamHost: 'host',
  bodyLength: 'content-length',
  traceParent: 'traceparent',
  traceState: 'tracestate',
} as const

/** Ours, so that a client's can't be kept; `expect` is answered before a request is sent on. */
const OURS: ReadonlySet<string> = new Set([...Object.values(SET_BY_GATEWAY), 'expect'])

/**
 * Names that are never passed on. `passedOnHeaders` also drops every name that matches {@link ABOUT_CLIENT_WORDS}, or
 * begins with {@link IDENTITY_PREFIX}.
 */
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

/** @param lower a name in lower case */
export function asUpstreamReads(lower: string): string {
  return UNUSUAL.test(lower) ? lower.replace(ALL_UNUSUAL, '-') : lower
}
