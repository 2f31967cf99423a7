import { concatBytes, encode, utf8 } from '../wire/encoding.ts'
import { decodeAnySpelling, percentEncode } from '../wire/percent.ts'
import { atEnd, changed, decodeText, replaced } from './body-changes.ts'
import type { Hypothesis } from './hypothesis.ts'
import { jsonBodyHypotheses } from './json-bodies.ts'
import { parseJsonText } from './json-text.ts'
import { COPIED_FOR_REWRITTEN, COPY_COST, JSON_COST, metered, type Rewriting, TEXT_COST } from './rewriting.ts'

/** Every way to have signed another body than the one that was sent. */
export function bodyHypotheses(sent: Uint8Array | undefined, rewriting: Rewriting): readonly Hypothesis[] {
  if (sent === undefined || sent.length === 0) return forNoBody()
  const copying = { ...rewriting, maxBytes: rewriting.maxBytes * COPIED_FOR_REWRITTEN }
  const mayParse = sent.length <= rewriting.maxBytes && rewriting.meter.spend(sent.length * JSON_COST)
  return [
    ...forAny().map(hypothesis => (hypothesis.isAbsolute ? hypothesis : metered(hypothesis, COPY_COST, copying))),
    ...forText().map(hypothesis => metered(hypothesis, TEXT_COST, rewriting)),
    ...jsonBodyHypotheses(mayParse ? parseJsonText(decodeText(sent)) : undefined).map(hypothesis =>
      metered(hypothesis, JSON_COST, rewriting),
    ),
  ]
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
    replaced(
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
    replaced(
      'left-out',
      1,
      'It left the body out of what it signed.',
      () => '',
      'Sign the body as well: it comes where the scheme puts it.',
    ),
    atEnd('trailing-newline', 'It signed the body with a newline at its end, which was not sent.', bytes => concatBytes([bytes, NEWLINE])),
    atEnd('newline-dropped', 'It signed the body without the newline that was sent at its end.', bytes => {
      if (bytes.at(-1) !== 10) return undefined
      return bytes.subarray(0, bytes.at(-2) === 13 ? -2 : -1)
    }),
    replaced(
      'object-object',
      2,
      'It signed "[object Object]": a JavaScript object was made text.',
      () => '[object Object]',
      'Serialise the object first (JSON.stringify), then sign and send that text.',
    ),
    replaced('empty-object', 2, 'It signed {} for the body.', () => '{}'),
    replaced('null', 3, 'It signed null for the body.', () => 'null'),
    replaced('undefined', 3, 'It signed undefined for the body.', () => 'undefined'),
  ]
}

const NEWLINE = /* @__PURE__ */ Uint8Array.of(10)

function forText(): Hypothesis[] {
  return [
    changed('trimmed', 3, 'It signed the body without the white space around it.', text => text.trim()),
    changed('crlf', 2, 'It signed the body with CRLF line ends, and sent LF.', text => text.replace(/\r?\n/g, '\r\n')),
    changed('lf', 2, 'It signed the body with LF line ends, and sent CRLF.', text => text.replaceAll('\r\n', '\n')),
    changed('byte-order-mark', 3, 'It signed the body with a byte-order mark in front.', text => `\ufeff${text}`),
    changed('byte-order-mark-dropped', 3, 'It signed the body without the byte-order mark that was sent.', text =>
      text.replace(/^\ufeff/, ''),
    ),
    changed('json-string', 2, 'It serialised the body twice: it signed a JSON string that holds the JSON.', text => JSON.stringify(text)),
    changed(
      'bytes-literal',
      2,
      "It signed the text b'…' of Python's bytes.",
      text => `b'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`,
      'Hand the bytes to the HMAC as they are, without str().',
    ),
    changed('base64', 4, 'It signed the base64 of the body.', text => encode(utf8(text), 'base64')),
    changed('percent-encoded', 4, 'It signed the body percent-encoded.', text => percentEncode(text)),
    changed('latin1', 4, 'It signed the body in Latin-1, and sent UTF-8.', text =>
      /^[\0-\u00ff]*$/.test(text) ? Uint8Array.from(text, char => char.charCodeAt(0)) : undefined,
    ),
    changed('lower-case', 5, 'It signed the body in lower case.', text => text.toLowerCase()),
    changed('spaces-removed', 3, 'It signed the body with all white space removed.', text => text.replace(/\s+/g, '')),
    changed('spaces-plus', 4, 'It signed the form with + for a space, and sent %20.', text => text.replaceAll('%20', '+')),
    changed('plus-spaces', 4, 'It signed the form with %20 for a space, and sent +.', text => text.replaceAll('+', '%20')),
    changed('form-sorted', 3, 'It signed the form with its parameters sorted.', text =>
      text.includes('=') ? text.split('&').sort().join('&') : undefined,
    ),
    changed('form-decoded', 3, 'It signed the form decoded, and sent it encoded.', text =>
      text.includes('=') && !/^\s*[[{"]/.test(text) ? decodeAnySpelling(text.replaceAll('+', ' ')) : undefined,
    ),
  ]
}
