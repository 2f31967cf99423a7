import { explainFailure, type Failure } from 'countersign'
import { prettyJson } from '../sending/json-text.ts'
import { writeExplanation } from '../text/explanation.ts'
import { createPaint } from '../text/paint.ts'
import { printableLines, printableText, printableWord } from '../text/printable.ts'
import { SHOWN_BYTES } from './forward.ts'
import type { Entry } from './listener.ts'
import type { Redact } from './redact.ts'

export interface EntryTextOptions {
  readonly hasColors: boolean
  /** Show the body of the request, and that of the answer. */
  readonly printsBodies: boolean
  /** JSON over several lines. */
  readonly isPretty: boolean
  /** What to do about a host that is no known origin. */
  readonly originAdvice: string
  readonly redact: Redact
}

/** What came of a request, for people: a line, and below it what there is to do. */
export function entryText(entry: Entry, options: EntryTextOptions): string {
  const { at, method, target, event, failure, problem, repeats, forwarded, status, ms, body } = entry
  const paint = createPaint(options.hasColors)
  const refusal = failure?.code ?? problem?.code
  const verdict = refusal === undefined ? paint('green', 'verified') : paint('red', `refused ${refusal}`)
  const words = [
    paint('dim', clockTime(at)),
    printableWord(options.redact(`${method} ${target}`), 120),
    ...(event.name === undefined ? [] : [paint('bold', printableWord(event.name))]),
    repeats === undefined
      ? verdict
      : `${verdict} ${paint('yellow', repeats === 'call' ? '(the same call again)' : '(the same event again)')}`,
    `${forwarded === undefined ? '' : '→ '}${paint(status < 400 ? 'green' : 'red', String(status))} in ${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`,
  ]
  const below = [
    ...(failure !== undefined && forwarded !== undefined ? ['It was forwarded all the same: --forward-unverified.'] : []),
    ...(failure === undefined ? [] : reasonLines(failure, entry, options)),
    ...(problem === undefined ? [] : [problem.detail]),
    ...(forwarded?.problem === undefined ? [] : [paint('red', printableWord(forwarded.problem))]),
    ...(options.printsBodies ? [...bodyLines('>', body, options), ...bodyLines('<', forwarded?.answer, options)] : []),
  ]
  return [words.join('  '), ...below.map(line => (line === '' ? '' : `    ${line}`))].map(line => `${line}\n`).join('')
}

/** The same as one line of JSON, in which a terminal finds nothing to obey. */
export function entryJson(
  { at, method, target, event, keyId, failure, problem, explanation, repeats, forwarded, status, ms, body }: Entry,
  printsBodies: boolean,
): string {
  const line = JSON.stringify({
    time: at.toISOString(),
    method,
    target,
    event: event.name ?? null,
    eventId: event.id ?? null,
    ok: failure === undefined && problem === undefined,
    keyId: keyId ?? null,
    repeats: repeats ?? null,
    ...(failure === undefined ? {} : { failure, reason: explainFailure(failure), explanation: withoutSignature(explanation) }),
    ...(problem === undefined ? {} : { failure: { code: problem.code }, reason: problem.detail, explanation: null }),
    forwarded: forwarded !== undefined,
    ...(forwarded?.problem === undefined ? {} : { problem: forwarded.problem }),
    status,
    ms: Math.round(ms * 10) / 10,
    ...(printsBodies ? { body: body === undefined ? null : new TextDecoder().decode(body) } : {}),
  })
  return printableText(line)
}

/** A terminal and a log are seen by others: with the right signature anyone could send the call. */
function withoutSignature(explanation: Entry['explanation']): object | string | null {
  if (typeof explanation !== 'object') return explanation ?? null
  return { ...explanation, expected: { message: explanation.expected.message } }
}

function reasonLines(failure: Failure, { explanation }: Entry, { hasColors, originAdvice }: EntryTextOptions): string[] {
  if (failure.code === 'unknown-origin') return [printableWord(originAdvice.replace('HOST', () => failure.host))]
  if (explanation === undefined) return [printableWord(explainFailure(failure), 1000)]
  if (explanation === 'busy') return [explainFailure(failure), 'Too many others are explained at the moment to look for the cause.']
  const lines = printableLines(writeExplanation(explanation, hasColors, false))
    .trimEnd()
    .split('\n')
  return explanation.outcome === 'unexplained' ? [LIKELY, ...lines] : lines
}

/** Nothing shows which of the two it is. */
const LIKELY = 'No known mistake makes this signature. Most likely the sender has another secret, or the body was changed on the way.'

function bodyLines(mark: string, body: Uint8Array | undefined, { isPretty, hasColors, redact }: EntryTextOptions): string[] {
  if (body === undefined || body.length === 0) return []
  let text: string
  try {
    text = redact(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body))
  } catch {
    return [`${mark} (${body.length} bytes that are not text)`]
  }
  const shown = text.slice(0, SHOWN_BYTES)
  const rest = text.length > SHOWN_BYTES ? [`${mark} … ${text.length - SHOWN_BYTES} more characters`] : []
  return [
    ...printableLines(isPretty ? (prettyJson(shown, hasColors) ?? shown) : shown)
      .split('\n')
      .map(line => `${mark} ${line}`),
    ...rest,
  ]
}

function clockTime(at: Date): string {
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map(part => String(part).padStart(2, '0')).join(':')
}
