import { percentEncode } from '../wire/percent.ts'
import { replaced } from './body-changes.ts'
import type { Hypothesis } from './hypothesis.ts'
import { type JsonNode, type JsonStyle, writeForm, writeJson, writePythonRepr } from './json-text.ts'

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

/** Every other way to have written the JSON that was sent. */
export function jsonBodyHypotheses(node: JsonNode | undefined): readonly Hypothesis[] {
  if (node === undefined) return []
  return [
    ...STYLES.map(([code, weight, what, style]) =>
      replaced(code, weight, `It signed ${what}, and sent it otherwise.`, () => writeJson(node, style)),
    ),
    replaced('form', 2, 'It signed the body as a form, and sent JSON.', () => writeForm(node, percentEncode)),
    replaced('form-plus', 3, 'It signed the body as a form with + for spaces, and sent JSON.', () =>
      writeForm(node, text => percentEncode(text).replaceAll('%20', '+')),
    ),
    replaced('form-raw', 4, 'It signed the body as a form without encoding, and sent JSON.', () => writeForm(node, text => text)),
    replaced(
      'python-repr',
      3,
      "It signed Python's own text of the dict, with single quotes.",
      () => writePythonRepr(node),
      'Use json.dumps(body), and send that very text.',
    ),
  ]
}
