import { type Coverage, LOSSES, type Loss, type PartCoverage } from '../contract/loss.ts'
import { algorithmFacts } from '../crypto/algorithm.ts'
import { isDeclared, type Scheme } from '../scheme/scheme.ts'
import { coverageOf } from './coverage.ts'

/**
 * Weak points of a scheme that are allowed, each with what would close it: parts that aren't signed, open ends,
 * spellings that share a signature, SHA-1. Show them to the author of a scheme.
 *
 * @returns sentences; none for a scheme without weak points. It never throws
 *
 * @example
 * ```ts
 * for (const warning of schemeWarnings(defineScheme(declaration))) console.warn(warning)
 * ```
 */
export function schemeWarnings(scheme: Scheme): readonly string[] {
  const [ofGet, ofPost] = [coverageOf(scheme, 'GET'), coverageOf(scheme, 'POST')]
  return [...replayWarnings(scheme), ...openEndWarnings(ofPost), ...partWarnings(scheme, ofGet, ofPost), ...algorithmWarnings(scheme)]
}

function replayWarnings(scheme: Scheme): readonly string[] {
  if (!scheme.detectsReplays)
    return [
      `Neither a timestamp nor a nonce is signed, so there is no window and a replay can't be refused: ${advice(scheme, '{timestamp} or {nonce}', 'a timestamp or a nonce')}.`,
    ]
  if (!isDeclared(scheme) || scheme.fields.has('timestamp')) return []
  return ['No timestamp is signed, so nonces have to be remembered for ever: put {timestamp} into the message as well.']
}

function openEndWarnings({ openEnds }: Coverage): readonly string[] {
  return openEnds.map(({ between, seen }) =>
    seen === 'never'
      ? `Nothing marks the boundary between ${between}, so bytes can move across it under one signature: put a separator there that neither can hold, such as \\n, or hash one of them ({body|sha256|hex}). A verifier refuses this scheme unless it allows ambiguous-request.`
      : `The boundary between ${between} is seen only where the next part begins with a byte that the one before can't hold; a verifier refuses other calls as ambiguous-request. A separator such as \\n there, or a hash ({body|sha256|hex}), takes all.`,
  )
}

function partWarnings(scheme: Scheme, ofGet: Coverage, ofPost: Coverage): readonly string[] {
  const [get, post] = [ofGet.parts, ofPost.parts]
  const warnings: string[] = []
  if (get.method === 'not')
    warnings.push(`The method is not signed, so a GET can be sent as a DELETE: ${advice(scheme, '{method}', 'the method')}.`)
  if (get.path === 'not')
    warnings.push(`The path is not signed, so a call can be sent to another path: ${advice(scheme, '{target}', 'the path')}.`)
  if (get.query === 'not' || post.query === 'not')
    warnings.push(
      `The query${when(get.query, post.query)} is not signed, so anyone can change it: ${advice(scheme, '{target} or {query}', 'the query')}.`,
    )
  if (get.body === 'not' || post.body === 'not')
    warnings.push(
      `The body${when(get.body, post.body)} is not signed, so anyone can change it: ${advice(scheme, '{body} or {body|sha256|hex}', 'a digest of the body')}.`,
    )
  for (const loss of LOSSES) {
    const parts = [...new Set([get, post].flatMap(all => Object.keys(all).filter(part => isLost(all[part], loss))))]
    const effect = EFFECTS[loss]
    if (parts.length > 0 && effect !== undefined && !scheme.accepts.includes(loss)) warnings.push(effect(parts.join(' and ')))
  }
  return warnings
}

/** One that only calls without a body sign, or only those with one, is `{payload}`. */
function when(ofGet: PartCoverage, ofPost: PartCoverage): string {
  if (ofGet === ofPost) return ''
  return ofGet === 'not' ? ' of a GET, HEAD or DELETE' : ' of a call with a body'
}

function isLost(coverage: PartCoverage | undefined, loss: Loss): boolean {
  return typeof coverage === 'object' && coverage.includes(loss)
}

/** The losses that a client or a handler may stumble over. */
const EFFECTS: { readonly [L in Loss]?: (parts: string) => string } = {
  'letter-case': parts => `The letter case of ${parts} is not signed, so only one case is taken unless letter-case is accepted.`,
  'escape-spelling': parts =>
    `How the ${parts} is percent-encoded is not signed, so only one spelling (RFC 3986, upper case, "+" as %2B) is taken unless escape-spelling is accepted.`,
  'equal-names': parts =>
    `The order of equal names in the ${parts} is not signed (role=user&role=admin), so a name that comes twice is refused unless equal-names is accepted.`,
  'dot-segments': parts =>
    `A ${parts} is signed without its dot segments, so one that has some is refused unless dot-segments is accepted.`,
  'which-place': () =>
    'Whether parameters stand in the query or in the body is not signed, so where GET and POST are taken, a body has to begin with a character that no query holds, as JSON does.',
  'not-utf-8': parts => `The ${parts} is signed as text, so bytes that are not UTF-8 are refused.`,
}

/** Where a key may have several, its owner chooses; the first is what one has that says nothing. */
function algorithmWarnings({ algorithms: [first] }: Scheme): readonly string[] {
  return algorithmFacts(first).digest === 'sha1' ? [`The algorithm ${first} rests on SHA-1; hmac-sha256 costs no more.`] : []
}

function advice(scheme: Scheme, declared: string, inWords: string): string {
  return isDeclared(scheme) ? `put ${declared} into the message` : `let the scheme cover ${inWords}`
}
