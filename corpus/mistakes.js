/**
 * Wrong clients, written as people write them and apart from the engine that has to find out what they did. A client is
 * a handful of steps; a mistake replaces one of them. `codes` are the names under which it counts as found.
 */
import { createHash, createHmac } from 'node:crypto'

/** The right client of Qredo API v1, step by step. */
const RIGHT = {
  key: secret => Buffer.from(secret.text, 'base64'),
  time: now => now,
  method: method => method,
  url: url => url,
  body: request => request.text,
  message: ({ time, method, url, body }) => Buffer.concat([Buffer.from(time + method + url), bytesOf(body)]),
  digest: (key, message) => createHmac('sha256', key).update(message).digest(),
  encode: digest => digest.toString('base64url'),
}

const bytesOf = body => (body === undefined ? Buffer.alloc(0) : Buffer.isBuffer(body) ? body : Buffer.from(body))
const parse = request => JSON.parse(request.text)
const withUrl = change => ({ url: text => change(new URL(text), text) })

/** Python's json.dumps, as it is called: worked out by Python itself, see `python.js`. */
const python = name => ({ body: request => request.python[name] })

const mistake = (name, dimension, steps, ...codes) => ({ name, dimension, steps, codes })

export const MISTAKES = [
  // The secret.
  mistake('secret: not decoded', 'secret', { key: s => s.text }, 'secret-not-decoded'),
  mistake("secret: toString('ascii')", 'secret', { key: s => Buffer.from(s.text, 'base64').toString('ascii') }, 'secret-ascii-mangled'),
  mistake('secret: toString() after decoding', 'secret', { key: s => Buffer.from(s.text, 'base64').toString() }, 'secret-utf8-mangled'),
  mistake("secret: toString('binary')", 'secret', { key: s => Buffer.from(s.text, 'base64').toString('binary') }, 'secret-latin1-mangled'),
  mistake('secret: hex of the bytes', 'secret', { key: s => Buffer.from(s.text, 'base64').toString('hex') }, 'secret-hex-of-bytes'),
  mistake('secret: read from a file with its newline', 'secret', { key: s => `${s.text}\n` }, 'secret-trailing-newline'),
  mistake('secret: with the quotes of a .env file', 'secret', { key: s => `"${s.text}"` }, 'secret-double-quotes'),
  mistake('secret: in single quotes', 'secret', { key: s => `'${s.text}'` }, 'secret-single-quotes'),
  mistake('secret: the key id instead', 'secret', { key: s => s.keyId }, 'secret-key-id'),
  mistake('secret: the old one after a rotation', 'secret', { key: s => Buffer.from(s.old, 'base64') }, 'secret-other-live'),
  mistake('secret: str(bytes) in Python', 'secret', { key: s => `b'${s.text}'` }, 'secret-bytes-literal'),
  // The timestamp.
  mistake('timestamp: signed in seconds, sent as it is', 'timestamp', { time: now => now.slice(0, 10) }, 'timestamp-in-seconds'),
  mistake('timestamp: signed in milliseconds', 'timestamp', { time: now => now.slice(0, 13) }, 'timestamp-in-milliseconds'),
  mistake('timestamp: signed in microseconds', 'timestamp', { time: now => now.slice(0, 16) }, 'timestamp-in-microseconds'),
  mistake(
    'timestamp: signed as ISO 8601',
    'timestamp',
    { time: now => new Date(Number(now.slice(0, 13))).toISOString() },
    'timestamp-in-iso8601',
  ),
  mistake('timestamp: signed as a float', 'timestamp', { time: now => `${now}.0` }, 'timestamp-float'),
  mistake('timestamp: left out of the message', 'timestamp', { time: () => '' }, 'timestamp-left-out', 'message-without-timestamp'),
  mistake(
    'timestamp: made twice, a second apart',
    'timestamp',
    { time: now => String(Number(now.slice(0, 10)) - 1) + now.slice(10) },
    'timestamp-one-second-before',
  ),
  // The method.
  mistake('method: lower case', 'method', { method: m => m.toLowerCase() }, 'method-lower-case'),
  mistake('method: always GET', 'method', { method: () => 'GET' }, 'method-get'),
  mistake('method: always POST', 'method', { method: () => 'POST' }, 'method-post'),
  mistake('method: left out', 'method', { method: () => '' }, 'message-without-method'),
  // The URL.
  mistake(
    'url: path and query only',
    'url',
    withUrl(u => u.pathname + u.search),
    'message-target-for-url',
    'message-path-for-url',
  ),
  mistake(
    'url: path only',
    'url',
    withUrl(u => u.pathname),
    'message-path-for-url',
    'message-target-for-url',
  ),
  mistake(
    'url: without the query',
    'url',
    withUrl((_u, t) => t.split('?')[0]),
    'url-without-query',
  ),
  mistake(
    'url: host only',
    'url',
    withUrl(u => u.host),
    'message-host-for-url',
  ),
  mistake(
    'url: origin only',
    'url',
    withUrl(u => u.origin),
    'message-origin-for-url',
  ),
  mistake(
    'url: http behind a proxy',
    'url',
    withUrl((_u, t) => t.replace('https://', 'http://')),
    'url-http-for-https',
  ),
  mistake(
    'url: with the default port',
    'url',
    withUrl((u, t) => t.replace(u.host, `${u.host}:443`)),
    'url-default-port',
  ),
  mistake(
    'url: trailing slash added',
    'url',
    withUrl((_u, t) => t.replace(/(\?|$)/, '/$1')),
    'url-trailing-slash',
  ),
  mistake(
    'url: host in upper case',
    'url',
    withUrl((u, t) => t.replace(u.host, u.host.toUpperCase())),
    'url-upper-case-host',
  ),
  mistake(
    'url: + for %20',
    'url',
    withUrl((_u, t) => t.replaceAll('%20', '+')),
    'url-plus-for-space',
  ),
  mistake(
    'url: decoded',
    'url',
    withUrl((_u, t) => decodeURIComponent(t)),
    'url-decoded',
    'url-slash-decoded',
    'url-unreserved-decoded',
  ),
  mistake(
    'url: %2F decoded',
    'url',
    withUrl((_u, t) => t.replaceAll('%2F', '/')),
    'url-slash-decoded',
    'url-decoded',
  ),
  mistake(
    'url: %7E decoded',
    'url',
    withUrl((_u, t) => t.replaceAll('%7E', '~')),
    'url-unreserved-decoded',
    'url-decoded',
  ),
  mistake(
    'url: percent-encodings in lower case',
    'url',
    withUrl((_u, t) => t.replace(/%[0-9A-F]{2}/g, x => x.toLowerCase())),
    'url-hex-lower',
  ),
  mistake(
    'url: query sorted',
    'url',
    withUrl((_u, t) => (t.includes('?') ? `${t.split('?')[0]}?${t.split('?')[1].split('&').sort().join('&')}` : t)),
    'url-query-sorted',
  ),
  mistake(
    'url: base path missing',
    'url',
    withUrl((_u, t) => t.replace(/^(https?:\/\/[^/]+)\/[^/?]+(?=\/)/, '$1')),
    'url-first-segment-dropped',
  ),
  mistake(
    'url: base path doubled',
    'url',
    withUrl((_u, t) => t.replace(/^(https?:\/\/[^/]+)(\/[^/?]+)/, '$1$2$2')),
    'url-first-segment-doubled',
  ),
  mistake('url: left out', 'url', { url: () => '' }, 'message-without-url'),
  // The body.
  mistake('body: json.dumps signed, compact sent', 'body', python('dumps'), 'body-json-dumps', 'body-json-dumps-unicode'),
  mistake('body: json.dumps(ensure_ascii=False)', 'body', python('unicode'), 'body-json-dumps-unicode', 'body-json-dumps'),
  mistake('body: json.dumps(indent=2)', 'body', python('indent2'), 'body-json-pretty-ascii-2', 'body-json-pretty-2'),
  mistake('body: json.dumps(indent=4)', 'body', python('indent4'), 'body-json-pretty-ascii-4', 'body-json-pretty-4'),
  mistake('body: json.dumps(sort_keys=True)', 'body', python('sorted'), 'body-json-dumps-sorted', 'body-json-dumps'),
  mistake('body: separators=(",", ":")', 'body', python('compact'), 'body-json-compact-ascii', 'body-json-compact'),
  mistake('body: str(dict)', 'body', python('repr'), 'body-python-repr'),
  mistake(
    'body: JSON.stringify(…, null, 2)',
    'body',
    { body: r => JSON.stringify(parse(r), null, 2) },
    'body-json-pretty-2',
    'body-json-pretty-ascii-2',
  ),
  mistake(
    'body: JSON.stringify(JSON.parse(…))',
    'body',
    { body: r => JSON.stringify(parse(r)) },
    'body-json-compact',
    'body-json-stringify-parsed',
    'body-newline-dropped',
    'body-trimmed',
    'body-spaces-removed',
    'body-json-compact-ascii',
  ),
  mistake(
    'body: sorted keys',
    'body',
    { body: r => JSON.stringify(Object.fromEntries(Object.entries(parse(r)).sort(([a], [b]) => (a < b ? -1 : 1)))) },
    'body-json-sorted',
    'body-json-sorted-outermost',
    'body-json-compact',
  ),
  mistake(
    "body: PHP's json_encode",
    'body',
    {
      body: r =>
        JSON.stringify(parse(r))
          .replaceAll('/', '\\/')
          .replace(/[\u0080-\uffff]/g, c => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`),
    },
    'body-json-php',
    'body-newline-dropped',
    'body-json-php-unicode',
    'body-json-compact-ascii',
    'body-json-compact',
  ),
  mistake(
    "body: Go's json.Marshal",
    'body',
    { body: r => JSON.stringify(parse(r)).replaceAll('<', '\\u003c').replaceAll('>', '\\u003e').replaceAll('&', '\\u0026') },
    'body-json-go',
    'body-newline-dropped',
    'body-json-compact',
  ),
  mistake('body: trailing newline', 'body', { body: r => `${r.text}\n` }, 'body-trailing-newline'),
  mistake('body: CRLF', 'body', { body: r => r.text.replaceAll('\n', '\r\n') }, 'body-crlf'),
  mistake('body: byte-order mark', 'body', { body: r => `\ufeff${r.text}` }, 'body-byte-order-mark'),
  mistake('body: [object Object]', 'body', { body: r => String(parse(r)) }, 'body-object-object'),
  mistake('body: left out', 'body', { body: () => '' }, 'body-left-out', 'message-without-body'),
  mistake('body: serialised twice', 'body', { body: r => JSON.stringify(r.text) }, 'body-json-string'),
  mistake(
    'body: a form instead of JSON',
    'body',
    { body: r => (Object.values(parse(r)).some(v => typeof v === 'object') ? undefined : String(new URLSearchParams(parse(r)))) },
    'body-form-plus',
    'body-form',
  ),
  mistake("body: b'…'", 'body', { body: r => `b'${r.text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'` }, 'body-bytes-literal'),
  // The message.
  mistake(
    'message: newlines between the parts',
    'message',
    { message: p => Buffer.from([p.time, p.method, p.url, p.body].join('\n')) },
    'message-separator-added',
  ),
  mistake(
    'message: dots between the parts',
    'message',
    { message: p => Buffer.from([p.time, p.method, p.url, p.body].join('.')) },
    'message-separator-added',
  ),
  mistake(
    'message: bars between the parts',
    'message',
    { message: p => Buffer.from([p.time, p.method, p.url, p.body].join('|')) },
    'message-separator-added',
  ),
  mistake('message: method first', 'message', { message: p => Buffer.from(p.method + p.time + p.url + p.body) }, 'message-other-order'),
  mistake('message: timestamp last', 'message', { message: p => Buffer.from(p.method + p.url + p.body + p.time) }, 'message-other-order'),
  mistake(
    'message: URL before method',
    'message',
    { message: p => Buffer.from(p.time + p.url + p.method + p.body) },
    'message-other-order',
  ),
  mistake(
    'message: echo adds a newline',
    'message',
    { message: p => Buffer.from(`${p.time}${p.method}${p.url}${p.body}\n`) },
    'message-newline-at-end',
    'body-trailing-newline',
  ),
  mistake(
    'message: hash of the body',
    'message',
    { message: p => Buffer.from(p.time + p.method + p.url + createHash('sha256').update(p.body).digest('hex')) },
    'message-body-hashed-hex',
  ),
  // The digest.
  mistake('digest: SHA-1', 'digest', { digest: (k, m) => createHmac('sha1', k).update(m).digest() }, 'digest-hmac-sha1'),
  mistake('digest: SHA-512', 'digest', { digest: (k, m) => createHmac('sha512', k).update(m).digest() }, 'digest-hmac-sha512'),
  mistake('digest: no HMAC', 'digest', { digest: (_k, m) => createHash('sha256').update(m).digest() }, 'digest-sha256-only'),
  mistake(
    'digest: secret appended',
    'digest',
    { digest: (k, m) => createHash('sha256').update(m).update(k).digest() },
    'digest-sha256-secret-last',
  ),
  mistake(
    'digest: secret in front',
    'digest',
    { digest: (k, m) => createHash('sha256').update(k).update(m).digest() },
    'digest-sha256-secret-first',
  ),
  mistake(
    'digest: arguments swapped',
    'digest',
    { digest: (k, m) => createHmac('sha256', m).update(k).digest() },
    'digest-arguments-swapped',
  ),
  mistake(
    'digest: HMAC of the hash',
    'digest',
    { digest: (k, m) => createHmac('sha256', k).update(createHash('sha256').update(m).digest()).digest() },
    'digest-of-hash',
  ),
  mistake(
    'digest: HMAC of the hash in hex',
    'digest',
    { digest: (k, m) => createHmac('sha256', k).update(createHash('sha256').update(m).digest('hex')).digest() },
    'digest-of-hash-text',
  ),
  // The encoding.
  mistake('encoding: hex', 'encoding', { encode: d => d.toString('hex') }, 'encoding-hex'),
  mistake('encoding: upper-case hex', 'encoding', { encode: d => d.toString('hex').toUpperCase() }, 'encoding-hex-upper'),
  mistake('encoding: standard base64', 'encoding', { encode: d => d.toString('base64') }, 'encoding-base64', 'encoding-base64url-padded'),
  mistake(
    'encoding: base64url with padding',
    'encoding',
    { encode: d => `${d.toString('base64url')}=` },
    'encoding-base64url-padded',
    'encoding-base64',
  ),
  mistake(
    'encoding: base64 of the hex',
    'encoding',
    { encode: d => Buffer.from(d.toString('hex')).toString('base64') },
    'encoding-base64-of-hex',
  ),
  mistake("encoding: b'…'", 'encoding', { encode: d => `b'${d.toString('base64url')}'` }, 'encoding-bytes-literal'),
  mistake('encoding: cut', 'encoding', { encode: d => d.toString('base64url').slice(0, 32) }, 'encoding-cut'),
  mistake(
    'encoding: percent-encoded',
    'encoding',
    { encode: d => encodeURIComponent(d.toString('base64')) },
    'encoding-percent-encoded-base64',
    'encoding-percent-encoded',
    'encoding-base64',
  ),
  mistake('encoding: newline at its end', 'encoding', { encode: d => `${d.toString('base64url')} ` }, 'encoding-white-space'),
]

/** What a client with these mistakes sends. `undefined` where a mistake can't be made with this request. */
export function presentedBy(mistakes, { secret, now, request }) {
  const steps = Object.assign({}, RIGHT, ...mistakes.map(one => one.steps))
  const body = steps.body(request)
  if (body === undefined && request.text !== undefined) return undefined
  const message = steps.message({
    time: steps.time(now),
    method: steps.method(request.method),
    url: steps.url(request.url),
    body: body ?? '',
  })
  return steps.encode(steps.digest(steps.key(secret), message))
}
