import type { Failure, FailureCode, Remedy } from './failure.ts'
import type { Loss } from './loss.ts'

interface FailureFacts {
  readonly status: number
  readonly title: string
}

/** HTTP status and short title of each failure. */
export const FAILURES: { readonly [C in FailureCode]: FailureFacts } = {
  'method-not-allowed': { status: 405, title: 'Method not allowed' },
  'malformed-target': { status: 400, title: 'Malformed request target' },
  'unknown-origin': { status: 421, title: 'Unknown origin' },
  'missing-header': { status: 401, title: 'Missing header' },
  'duplicate-header': { status: 400, title: 'Duplicate header' },
  'malformed-header': { status: 401, title: 'Malformed header' },
  'malformed-signature': { status: 401, title: 'Malformed signature' },
  'malformed-timestamp': { status: 401, title: 'Malformed timestamp' },
  'timestamp-out-of-window': { status: 401, title: 'Timestamp out of window' },
  'unknown-key': { status: 401, title: 'Unknown key' },
  'bad-signature': { status: 401, title: 'Not authenticated' },
  'key-revoked': { status: 401, title: 'Key revoked' },
  'key-disabled': { status: 401, title: 'Key disabled' },
  'key-expired': { status: 401, title: 'Key expired' },
  'address-not-allowed': { status: 403, title: 'Address not allowed' },
  'unexpected-body': { status: 400, title: 'Unexpected body' },
  'missing-body': { status: 400, title: 'Missing body' },
  'body-too-large': { status: 413, title: 'Body too large' },
  'insufficient-coverage': { status: 401, title: 'Insufficient coverage' },
  'too-many-signatures': { status: 401, title: 'Too many signatures' },
  'digest-mismatch': { status: 400, title: 'Digest mismatch' },
  'ambiguous-request': { status: 400, title: 'Ambiguous request' },
  'part-not-taken': { status: 400, title: 'Part not taken' },
  replayed: { status: 401, title: 'Replayed request' },
  'permission-denied': { status: 403, title: 'Permission denied' },
  'scheme-retired': { status: 401, title: 'Scheme retired' },
  'route-retired': { status: 410, title: 'Gone' },
  'brown-out': { status: 503, title: 'Planned interruption' },
  'key-source-unavailable': { status: 503, title: 'Keys unavailable' },
  'replay-guard-unavailable': { status: 503, title: 'Replay protection unavailable' },
  'replay-guard-full': { status: 503, title: 'Replay protection full' },
  'body-incomplete': { status: 400, title: 'Incomplete body' },
  'body-unreadable': { status: 500, title: 'Body not read' },
  'verifier-failed': { status: 500, title: 'Not verified' },
}

/** One sentence on what happened and what to do, for readers who may see everything. */
export function explainFailure(failure: Failure): string {
  switch (failure.code) {
    case 'method-not-allowed':
      return `The method ${failure.method} is not served here${/[a-z]/.test(failure.method) ? '; methods are written in upper case' : ''}.`
    case 'malformed-target':
      return 'The request target is not a path and query of RFC 3986 characters: percent-encode everything else before signing.'
    case 'unknown-origin':
      return `The host ${failure.host} isn't an origin of this API: sign and send to its public URL.`
    case 'missing-header':
      return `${failure.header} is missing: send it with every call.`
    case 'duplicate-header':
      return `${failure.header} came more than once: send it exactly once.`
    case 'malformed-header':
      return `${failure.header} is not spelled as the scheme says.`
    case 'malformed-signature':
      if (failure.padding === 'unwanted') return `The signature in ${failure.header} is padded: take the "=" off its end.`
      if (failure.padding === 'missing') return `The signature in ${failure.header} is not padded: write base64 with the "=" at its end.`
      return `The signature in ${failure.header} has the wrong length or alphabet: check how it is encoded, and whether it is padded.`
    case 'malformed-timestamp':
      return `The timestamp in ${failure.header} is not in a format the scheme takes: digits only for the epoch, in whole units.`
    case 'timestamp-out-of-window':
      return `The timestamp is ${Math.abs(Math.round(failure.skewMs / 1000))} s ${failure.skewMs < 0 ? 'behind' : 'ahead of'} the server's clock: set your clock to the server's time, ${new Date(failure.serverTimeMs).toISOString()}.`
    case 'unknown-key':
      return `There is no key ${failure.keyId}: check the key id, and that it belongs to this environment.`
    case 'bad-signature':
      return 'The signature does not match: sign the bytes that are sent, with the secret of this key, in the order the scheme says.'
    case 'key-revoked':
      return 'The key was revoked: make a new one.'
    case 'key-disabled':
      return 'The key is disabled: an administrator can enable it.'
    case 'key-expired':
      return `The key expired at ${new Date(failure.expiredAtMs).toISOString()}: make a new one.`
    case 'address-not-allowed':
      return `The key may not be used from ${failure.address === '' ? 'an unknown address' : failure.address}: an administrator can allow the address.`
    case 'unexpected-body':
      return `A ${failure.method} carries no body here: leave it out.`
    case 'missing-body':
      return 'A call to this API carries a body: send the one that was signed.'
    case 'part-not-taken':
      return failure.part === 'path'
        ? 'No call to this path is taken here: send it to one of the paths that the API names.'
        : `No call with a ${failure.part} is taken here: leave it out.`
    case 'body-too-large':
      return `The body is larger than ${failure.maxBytes} bytes.`
    case 'insufficient-coverage':
      return `The signature does not cover ${failure.missing.join(', ')}: sign that as well.`
    case 'digest-mismatch':
      return 'The body is not the one that the digest in the headers was made of: hash the very bytes that are sent, and send no others.'
    case 'too-many-signatures':
      return 'Several of the signatures do not hold, and there are more: send the one that is meant for this API.'
    case 'ambiguous-request':
      if (failure.loss !== undefined)
        return `${SPELLINGS[failure.loss](nameOfPart(failure.part))} Other spellings would have the same signature, so the API takes them only where its verifier has allow: ['${failure.loss}'].`
      return `Nothing marks the boundary between ${failure.between}, so the same signature would fit another request${REMEDIES[failure.remedy]}`
    case 'replayed':
      return 'This very request was already accepted: sign again, with a new timestamp.'
    case 'permission-denied':
      if (failure.required.length === 0) return 'No permission opens this call, so no key can make it.'
      return `The key lacks the permission ${failure.required.join(' or ')}: an administrator can grant it.`
    case 'scheme-retired':
      return `Calls signed by the scheme ${failure.name} are no longer taken${failure.successor === undefined ? '.' : `: sign by ${failure.successor} instead.`}`
    case 'route-retired':
      return `${failure.name} is no longer served${failure.successor === undefined ? '.' : `: call ${failure.successor} instead.`}`
    case 'brown-out':
      return `${failure.name} is deprecated and interrupted as announced until ${new Date(failure.untilMs).toISOString()}${failure.successor === undefined ? '.' : `: move to ${failure.successor}.`}`
    case 'key-source-unavailable':
      return "The keys can't be looked up at the moment: try again shortly."
    case 'replay-guard-unavailable':
      return "Replays can't be ruled out at the moment: try again shortly, with a new timestamp."
    case 'replay-guard-full':
      return 'Too many calls have to be remembered at the moment: send fewer, and sign this one again when you retry it. The owner of the API can give the replay guard more memory.'
    case 'body-incomplete':
      return 'The body did not arrive whole: send the call again.'
    case 'body-unreadable':
      return 'The server could not read the body: whoever runs it finds the cause in its log.'
    case 'verifier-failed':
      return 'The server could not check the signature: whoever runs it finds the cause in its log.'
  }
}

const REMEDIES: { readonly [R in Remedy]: string } = {
  'body-start': ': begin the body with {, [, " or white space, as JSON does.',
  'parameter-last': ': put the scheme\'s own parameter last in the query, and begin the body with {, [, " or a letter.',
  none: '. Only the owner of the API can change that, by a separator there.',
}

/** How to spell a part of which the signature holds only one spelling. */
const SPELLINGS: { readonly [L in Loss]: (part: string) => string } = {
  'letter-case': part => `Write ${part} in the letter case that is signed.`,
  'white-space': part => `Write ${part} without white space around it, and with single spaces in it.`,
  'line-or-list': part => `Send ${part} as one line without a comma.`,
  'escape-spelling': part =>
    `Percent-encode ${part} in one way: letters, digits, "-", ".", "_" and "~" as they are, all else as "%" and two upper-case digits, "+" as %2B.`,
  'parameter-order': part => `Sort the parameters of ${part}.`,
  'equal-names': part => `Use each name in ${part} once, since the order of equal names is not signed.`,
  'empty-parameters': part => `Write ${part} as name=value between single "&", and leave the "?" out where there is no query.`,
  'dot-segments': part => `Take the "." and ".." segments out of ${part}.`,
  'double-slashes': part => `Write single slashes in ${part}.`,
  'which-place': () =>
    'It is not signed whether parameters stand in the query or in the body: begin the body with {, [, " or white space, as JSON does.',
  'not-utf-8': part => `Write ${part} in UTF-8, without a byte order mark.`,
}

function nameOfPart(part: string): string {
  return part.startsWith('header.') ? `the header ${part.slice('header.'.length)}` : `the ${part}`
}

/** RFC 9457 problem details, with `code`, and `serverTime` (ISO 8601) where the clock was the problem. */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly code: FailureCode
  readonly serverTime?: string
}

/**
 * What the caller is told: an unknown key and a wrong signature are the same to a stranger, and no detail names more
 * than the caller already knows.
 */
export function toProblem(failure: Failure): Problem {
  const told: Failure = failure.code === 'unknown-key' ? { code: 'bad-signature', keyId: failure.keyId } : failure
  const { status, title } = FAILURES[told.code]
  const problem = problemOf(told.code, { status, title, detail: explainFailure(told) })
  return told.code === 'timestamp-out-of-window' ? { ...problem, serverTime: new Date(told.serverTimeMs).toISOString() } : problem
}

/** The headers that belong to a refusal over HTTP. */
export function problemHeaders(failure: Failure, schemeName: string): { readonly [name: string]: string } {
  const { status } = FAILURES[failure.code]
  return {
    ...headersOfProblem(status),
    ...(status === 401 ? { 'www-authenticate': `Countersign scheme="${schemeToUse(failure, schemeName)}"` } : {}),
  }
}

function schemeToUse(failure: Failure, schemeName: string): string {
  return failure.code === 'scheme-retired' ? (failure.successor ?? schemeName) : schemeName
}

/** Problem details (RFC 9457) under any code, for a server's own refusals beside the verifier's. */
export function problemOf<Code extends string>(
  code: Code,
  { status, title, detail }: { readonly status: number; readonly title: string; readonly detail: string },
): { readonly type: string; readonly title: string; readonly status: number; readonly detail: string; readonly code: Code } {
  return { type: `urn:countersign:${code}`, title, status, detail, code }
}

/** The headers that go with problem details of this status, but for `www-authenticate`. */
export function headersOfProblem(status: number): { readonly [name: string]: string } {
  return {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    ...(status === 503 ? { 'retry-after': '1' } : {}),
  }
}
