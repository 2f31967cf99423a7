import { concatBytes, encode, sameBytes, utf8 } from '../wire/encoding.ts'
import { decodeAnySpelling, percentEncode } from '../wire/percent.ts'
import { changing, type Hypothesis } from './hypothesis.ts'
import { type JsonNode, type JsonStyle, parseJsonText, writeForm, writeJson, writePythonRepr } from './json-text.ts'
import type { Meter } from './meter.ts'

/** What people's JSON libraries write, most used first. */
const STYLES: readonly (readonly [code: string, weight: number, what: string, style: JsonStyle])[] = [
  ['json-compact', 1, 'compact JSON, as JSON.stringify writes it', { comma: ',', colon: ':' }],
  ['json-dumps', 1, "JSON with spaces, as Python's json.dumps writes it", { comma: ', ', colon: ': ', ascii: true }],
  [
    'json-stringify-parsed',
    2,
    'JSON that was parsed and written again by JavaScript, numbers and all',
    { comma: ',', colon: ':', numbers: 'javascript' },
  ],
  ['json-dumps-unicode', 3, 'JSON as json.dumps(…, ensure_ascii=False) writes it', { comma: ', ', colon: ': ' }],
  [
    'json-compact-ascii',
    3,
    'compact JSON with \\u escapes, as json.dumps(…, separators=(",", ":")) writes it',
    { comma: ',', colon: ':', ascii: true },
  ],
  ['json-pretty-2', 2, 'JSON indented by two spaces', { comma: ',', colon: ': ', indent: '  ' }],
  ['json-pretty-4', 2, 'JSON indented by four spaces', { comma: ',', colon: ': ', indent: '    ' }],
  [
    'json-pretty-ascii-2',
    4,
    'JSON indented by two spaces, with \\u escapes, as json.dumps(…, indent=2) writes it',
    { comma: ',', colon: ': ', indent: '  ', ascii: true },
  ],
  [
    'json-pretty-ascii-4',
    4,
    'JSON indented by four spaces, with \\u escapes, as json.dumps(…, indent=4) writes it',
    { comma: ',', colon: ': ', indent: '    ', ascii: true },
  ],
  ['json-pretty-tab', 4, 'JSON indented by tabs', { comma: ',', colon: ': ', indent: '\t' }],
  [
    'json-php',
    2,
    "JSON with escaped slashes and \\u escapes, as PHP's json_encode writes it",
    { comma: ',', colon: ':', ascii: true, slashes: true },
  ],
  [
    'json-php-unicode',
    4,
    'JSON with escaped slashes, as json_encode with JSON_UNESCAPED_UNICODE writes it',
    { comma: ',', colon: ':', slashes: true },
  ],
  ['json-go', 3, "JSON as Go's json.Marshal writes it, with <, > and & escaped", { comma: ',', colon: ':', html: true }],
  [
    'json-go-map',
    3,
    "JSON as Go's json.Marshal writes a map, sorted, with <, > and & escaped",
    { comma: ',', colon: ':', html: true, sorted: true },
  ],
  ['json-sorted', 2, 'compact JSON with sorted keys', { comma: ',', colon: ':', sorted: true }],
  ['json-sorted-outermost', 3, 'compact JSON whose outermost keys are sorted', { comma: ',', colon: ':', sorted: 'outermost' }],
  ['json-dumps-sorted', 3, 'JSON as json.dumps(…, sort_keys=True) writes it', { comma: ', ', colon: ': ', ascii: true, sorted: true }],
  ['json-compact-sorted-ascii', 4, 'compact JSON with sorted keys and \\u escapes', { comma: ',', colon: ':', ascii: true, sorted: true }],
  ['json-colon-spaced', 4, 'JSON with a space behind colons only', { comma: ',', colon: ': ' }],
  ['json-floats', 4, 'JSON whose whole numbers became 1.0', { comma: ',', colon: ':', numbers: 'floats' }],
  [
    'json-dumps-floats',
    5,
    'JSON as json.dumps writes it, whose whole numbers became 1.0',
    { comma: ', ', colon: ': ', ascii: true, numbers: 'floats' },
  ],
]

const RIGHT = 'Sign the very bytes that are sent: serialise the body once, sign that text, and send it.'

/** Which bodies are written anew. */
export interface Rewriting {
  readonly meter: Meter
  /** Larger ones are not: that can't be interrupted. */
  readonly maxBytes: number
}

/** What a byte costs that is copied, written anew, or read as JSON, in bytes that are hashed. */
export const COPY_COST = 2
const TEXT_COST = 8
const JSON_COST = 60

/** Bodies that are only copied may be larger by this factor. */
export const COPIED_FOR_REWRITTEN = 32

/** Every way to have signed another body than the one that was sent. */
export function bodyHypotheses(sent: Uint8Array | undefined, rewriting: Rewriting): readonly Hypothesis[] {
  if (sent === undefined || sent.length === 0) return forNoBody()
  const copying = { ...rewriting, maxBytes: rewriting.maxBytes * COPIED_FOR_REWRITTEN }
  const mayParse = sent.length <= rewriting.maxBytes && rewriting.meter.spend(sent.length * JSON_COST)
  return [
    ...forAny().map(hypothesis => (hypothesis.isAbsolute ? hypothesis : metered(hypothesis, COPY_COST, copying))),
    ...forText().map(hypothesis => metered(hypothesis, TEXT_COST, rewriting)),
    ...forJson(mayParse ? parseJsonText(decodeText(sent)) : undefined).map(hypothesis => metered(hypothesis, JSON_COST, rewriting)),
  ]
}

/** Changes nothing where that would cost too much. */
function metered(hypothesis: Hypothesis, cost: number, { meter, maxBytes }: Rewriting): Hypothesis {
  return {
    ...hypothesis,
    apply(assumptions) {
      const size = assumptions.body?.length ?? 0
      return size <= maxBytes && meter.spend(size * cost) ? hypothesis.apply(assumptions) : undefined
    },
  }
}

function one(
  code: string,
  weight: number,
  did: string,
  change: (text: string) => string | Uint8Array | undefined,
  fix = RIGHT,
): Hypothesis {
  return {
    code: `body-${code}`,
    dimension: 'body',
    weight,
    did,
    fix,
    // As bytes, so that a body is encoded once and not for every message that holds it.
    ...changing('body', body => {
      const before = bytesOf(body)
      // What is put in, whatever was there, is made without reading that.
      const changed = change(change.length === 0 ? '' : decodeText(before))
      const after = typeof changed === 'string' ? utf8(changed) : changed
      return after === undefined || sameBytes(before, after) ? undefined : after
    }),
    isAbsolute: change.length === 0,
  }
}

function bytesOf(body: string | Uint8Array | undefined): Uint8Array {
  return body instanceof Uint8Array ? body : utf8(body ?? '')
}

/** What was signed although nothing was sent. */
function forNoBody(): Hypothesis[] {
  const fix = 'Sign no body where none is sent.'
  return (
    [
      ['{}', 'an empty object'],
      ['null', 'the word null'],
      ['undefined', 'the word undefined'],
      ['[object Object]', 'a JavaScript object made text'],
      ['""', 'an empty JSON string'],
      ['[]', 'an empty list'],
      ['None', "Python's None made text"],
      ['\n', 'a newline'],
      ['false', 'the word false'],
      ["b''", "Python's b'' made text"],
    ] as const
  ).map(([body, what], index) =>
    one(
      `${what.replaceAll(/[^a-z]+/gi, '-').toLowerCase()}-for-none`,
      index < 3 ? 1 : 2,
      `It signed ${what} (${JSON.stringify(body)}) where no body is sent.`,
      () => body,
      fix,
    ),
  )
}

/** Changes that cost little, however large the body is. */
function forAny(): Hypothesis[] {
  return [
    one('left-out', 1, 'It left the body out of what it signed.', () => '', 'Sign the body as well: it comes where the scheme puts it.'),
    atEnd('trailing-newline', 'It signed the body with a newline at its end, which was not sent.', bytes => concatBytes([bytes, NEWLINE])),
    atEnd('newline-dropped', 'It signed the body without the newline that was sent at its end.', bytes => {
      if (bytes.at(-1) !== 10) return undefined
      return bytes.subarray(0, bytes.at(-2) === 13 ? -2 : -1)
    }),
    one(
      'object-object',
      2,
      'It signed "[object Object]": a JavaScript object was made text.',
      () => '[object Object]',
      'Serialise the object first (JSON.stringify), then sign and send that text.',
    ),
    one('empty-object', 2, 'It signed {} for the body.', () => '{}'),
    one('null', 3, 'It signed null for the body.', () => 'null'),
    one('undefined', 3, 'It signed undefined for the body.', () => 'undefined'),
  ]
}

const NEWLINE = /* @__PURE__ */ Uint8Array.of(10)

/** A change of the last bytes alone. */
function atEnd(code: string, did: string, change: (bytes: Uint8Array) => Uint8Array | undefined): Hypothesis {
  return { code: `body-${code}`, dimension: 'body', weight: 1, did, fix: RIGHT, ...changing('body', body => change(bytesOf(body))) }
}

function forText(): Hypothesis[] {
  return [
    one('trimmed', 3, 'It signed the body without the white space around it.', text => text.trim()),
    one('crlf', 2, 'It signed the body with CRLF line ends, and sent LF.', text => text.replace(/\r?\n/g, '\r\n')),
    one('lf', 2, 'It signed the body with LF line ends, and sent CRLF.', text => text.replaceAll('\r\n', '\n')),
    one('byte-order-mark', 3, 'It signed the body with a byte-order mark in front.', text => `\ufeff${text}`),
    one('byte-order-mark-dropped', 3, 'It signed the body without the byte-order mark that was sent.', text => text.replace(/^\ufeff/, '')),
    one('json-string', 2, 'It serialised the body twice: it signed a JSON string that holds the JSON.', text => JSON.stringify(text)),
    one(
      'bytes-literal',
      2,
      "It signed the text b'…' of Python's bytes.",
      text => `b'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`,
      'Hand the bytes to the HMAC as they are, without str().',
    ),
    one('base64', 4, 'It signed the base64 of the body.', text => encode(utf8(text), 'base64')),
    one('percent-encoded', 4, 'It signed the body percent-encoded.', text => percentEncode(text)),
    one('latin1', 4, 'It signed the body in Latin-1, and sent UTF-8.', text =>
      /^[\0-\u00ff]*$/.test(text) ? Uint8Array.from(text, char => char.charCodeAt(0)) : undefined,
    ),
    one('lower-case', 5, 'It signed the body in lower case.', text => text.toLowerCase()),
    one('spaces-removed', 3, 'It signed the body with all white space removed.', text => text.replace(/\s+/g, '')),
    one('spaces-plus', 4, 'It signed the form with + for a space, and sent %20.', text => text.replaceAll('%20', '+')),
    one('plus-spaces', 4, 'It signed the form with %20 for a space, and sent +.', text => text.replaceAll('+', '%20')),
    one('form-sorted', 3, 'It signed the form with its parameters sorted.', text =>
      text.includes('=') ? text.split('&').sort().join('&') : undefined,
    ),
    one('form-decoded', 3, 'It signed the form decoded, and sent it encoded.', text =>
      text.includes('=') && !/^\s*[[{"]/.test(text) ? decodeAnySpelling(text.replaceAll('+', ' ')) : undefined,
    ),
  ]
}

function forJson(node: JsonNode | undefined): Hypothesis[] {
  if (node === undefined) return []
  return [
    ...STYLES.map(([code, weight, what, style]) =>
      one(code, weight, `It signed ${what}, and sent it otherwise.`, () => writeJson(node, style)),
    ),
    one('form', 2, 'It signed the body as a form, and sent JSON.', () => writeForm(node, percentEncode)),
    one('form-plus', 3, 'It signed the body as a form with + for spaces, and sent JSON.', () =>
      writeForm(node, text => percentEncode(text).replaceAll('%20', '+')),
    ),
    one('form-raw', 4, 'It signed the body as a form without encoding, and sent JSON.', () => writeForm(node, text => text)),
    one(
      'python-repr',
      3,
      "It signed Python's own text of the dict, with single quotes.",
      () => writePythonRepr(node),
      'Use json.dumps(body), and send that very text.',
    ),
  ]
}

function decodeText(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
}
