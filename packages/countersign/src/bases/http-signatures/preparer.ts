import { checkAllowances } from '../../contract/allowance.ts'
import { CountersignError } from '../../contract/error.ts'
import { type MaybePromise, whenReady } from '../../contract/maybe-promise.ts'
import type { Algorithm } from '../../crypto/algorithm.ts'
import type { CryptoProvider } from '../../crypto/provider.ts'
import type { Call } from '../../recipe/call.ts'
import type { Credentials } from '../../scheme/credentials.ts'
import type { Composition, Preparer } from '../../scheme/plan.ts'
import { DEFAULT_LIFETIME_MS, type SignableRequest, type SignedRequest, type SignerOptions } from '../../scheme/request.ts'
import { refuseOwnHeaders } from '../../sign/own-headers.ts'
import { canonicalOrigin } from '../../wire/canonical-origin.ts'
import { combineLines } from '../../wire/header-lines.ts'
import { compactJson } from '../../wire/json.ts'
import { createNonceMaker } from '../../wire/nonce.ts'
import { systemClock } from '../../wire/timestamp.ts'
import { hostOf } from '../../wire/url.ts'
import { baseCall, messageOf, placeCall, type SignableParts, takeApart } from '../base-call.ts'
import { checkSignedDates, signedDates } from '../signed-dates.ts'
import { type Coverage, type CoveredList, INPUT } from './coverage.ts'
import { contentDigest, type DigestName } from './digest.ts'
import type { Place } from './places.ts'
import { MAX_NONCE_LENGTH, serializeSignatureInput } from './signature-base.ts'

const DEFAULT_LABEL = 'sig'
const DIGEST: readonly Place[] = ['content-digest']

/** What is covered with a body, and without one. */
export interface SignedLists {
  readonly whole: CoveredList
  readonly bare: CoveredList
  /** How the body's digest is made. */
  readonly digest: DigestName
}

interface HttpPrepared extends Composition {
  readonly parts: SignableParts
  readonly added: Record<string, string>
  readonly input: string
}

/** What a signer runs for RFC 9421. */
export function createHttpPreparer(
  name: string,
  coverage: Coverage,
  lists: SignedLists,
  algorithm: Algorithm,
  { keyId }: Credentials,
  { clock = systemClock, json = compactJson, lifetimeMs = DEFAULT_LIFETIME_MS, allow = [] }: SignerOptions,
  crypto: CryptoProvider,
): Preparer<HttpPrepared> {
  checkAllowances(allow)
  const label = coverage.label ?? DEFAULT_LABEL
  const [writesCreated, writesAlg, writesExpires, writesNonce] = ['created', 'alg', 'expires', 'nonce'].map(name =>
    coverage.parameters.includes(name),
  )
  const identifiers = { whole: lists.whole.identifiers.join(' '), bare: lists.bare.identifiers.join(' ') }
  const makeNonce = createNonceMaker('random', clock)

  function writeInput(request: SignableRequest, list: 'whole' | 'bare', created: number): string {
    return serializeSignatureInput(identifiers[list], {
      created: writesCreated ? created : undefined,
      keyid: keyId,
      alg: writesAlg ? algorithm : undefined,
      expires: writesExpires ? created + Math.ceil(lifetimeMs / 1000) : undefined,
      nonce: request.nonce === undefined ? (writesNonce ? makeNonce() : undefined) : checkNonce(request.nonce),
      tag: coverage.tag,
    })
  }

  function compose(
    parts: SignableParts,
    { covered, input, created }: { covered: CoveredList; input: string; created: number },
    added: Record<string, string>,
  ): HttpPrepared {
    if (!Object.hasOwn(added, 'content-digest')) refuseOwnHeaders(name, DIGEST, parts.lines)
    const lines = [...parts.lines.filter(([name]) => !Object.hasOwn(added, name)), ...Object.entries(added)]
    const { coversDate, coversOtherDate } = covered
    if (coversDate || coversOtherDate)
      checkSignedDates(
        signedDates(lines, name => (name === 'date' ? coversDate : coversOtherDate), ['http-date']),
        created * 1000,
      )
    const call: Call = baseCall(
      parts.method,
      covered.identifiers,
      { [INPUT]: input },
      (name, between = ', ') => (name === 'host' ? hostOf(call.origin) : combineLines(lines, name, between)),
      undefined,
    )
    call.body = parts.signed
    const { recipe, made } = covered
    return { recipe, made, call: placeCall(call, canonicalOrigin(parts.origin), parts.target), chain: undefined, parts, added, input }
  }

  return {
    prepare(request): MaybePromise<HttpPrepared> {
      const parts = takeApart(request, json, crypto)
      const added: Record<string, string> = parts.contentType === undefined ? {} : { 'content-type': parts.contentType }
      const which = parts.signed === undefined ? 'bare' : 'whole'
      const created = request.timestamp === undefined ? Math.floor(clock() / 1000) : readSeconds(request.timestamp)
      const chosen = { covered: lists[which], input: writeInput(request, which, created), created }
      if (parts.signed === undefined || !chosen.covered.coversDigest) return compose(parts, chosen, added)
      return whenReady(contentDigest(crypto, parts.signed, lists.digest), digest => {
        added['content-digest'] = digest
        return compose(parts, chosen, added)
      })
    },

    carry({ made, call, parts, added, input }, signature): SignedRequest {
      added['signature-input'] = `${label}=${input}`
      added['signature'] = `${label}=:${signature}:`
      return { method: parts.method, url: parts.url, headers: added, body: parts.bytes, message: messageOf(made, call) }
    },
  }
}

function readSeconds(timestamp: string): number {
  if (/^\d{10}$/.test(timestamp)) return Number(timestamp)
  throw new CountersignError('timestamp-invalid', `${JSON.stringify(timestamp.slice(0, 40))} is not a timestamp in seconds.`)
}

function checkNonce(nonce: string): string {
  if (/^[ -~]+$/.test(nonce) && nonce.length <= MAX_NONCE_LENGTH) return nonce
  throw new CountersignError('nonce-invalid', `A nonce is 1 to ${MAX_NONCE_LENGTH} characters of visible ASCII and spaces.`)
}
