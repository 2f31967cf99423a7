import { encode, utf8 } from '../wire/encoding.ts'
import { decodeAnySpelling, percentEncode } from '../wire/percent.ts'
import { changing, type Hypothesis } from './hypothesis.ts'
import { type JsonNode, type JsonStyle, parseJsonText, writeForm, writeJson, writePythonRepr } from './json-text.ts'

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

/** Every way to have signed another body than the one that was sent. */
export function bodyHypotheses(sent: string | Uint8Array | undefined): readonly Hypothesis[] {
  const text = sent instanceof Uint8Array ? decodeText(sent) : (sent ?? '')
  return sent === undefined || text === '' ? forNoBody() : [...forText(), ...forJson(parseJsonText(text))]
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
      const text = body instanceof Uint8Array ? decodeText(body) : (body ?? '')
      const changed = change(text)
      return changed === undefined || changed === text ? undefined : typeof changed === 'string' ? utf8(changed) : changed
    }),
    isAbsolute: change.length === 0,
  }
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

function forText(): Hypothesis[] {
  return [
    one('left-out', 1, 'It left the body out of what it signed.', () => '', 'Sign the body as well: it comes where the scheme puts it.'),
    one('trailing-newline', 1, 'It signed the body with a newline at its end, which was not sent.', text => `${text}\n`),
    one('newline-dropped', 1, 'It signed the body without the newline that was sent at its end.', text => text.replace(/\r?\n$/, '')),
    one('trimmed', 3, 'It signed the body without the white space around it.', text => text.trim()),
    one('crlf', 2, 'It signed the body with CRLF line ends, and sent LF.', text => text.replace(/\r?\n/g, '\r\n')),
    one('lf', 2, 'It signed the body with LF line ends, and sent CRLF.', text => text.replaceAll('\r\n', '\n')),
    one('byte-order-mark', 3, 'It signed the body with a byte-order mark in front.', text => `\ufeff${text}`),
    one('byte-order-mark-dropped', 3, 'It signed the body without the byte-order mark that was sent.', text => text.replace(/^\ufeff/, '')),
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
      [...text].every(char => char <= '\u00ff') ? Uint8Array.from(text, char => char.charCodeAt(0)) : undefined,
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
