import { checkAllowances } from '../../contract/allowance.ts'
import { CountersignError } from '../../contract/error.ts'
import { type MaybePromise, whenReady } from '../../contract/maybe-promise.ts'
import type { CryptoProvider } from '../../crypto/provider.ts'
import type { Call } from '../../recipe/call.ts'
import { encodeText, isDecodable, reEncodeSegments } from '../../recipe/path-filters.ts'
import type { Credentials } from '../../scheme/credentials.ts'
import type { Composition, Preparer } from '../../scheme/plan.ts'
import type { SignedRequest, SignerOptions } from '../../scheme/request.ts'
import { refuseOwnHeaders } from '../../sign/own-headers.ts'
import { refuseOwnParameters } from '../../sign/own-parameters.ts'
import { canonicalOrigin } from '../../wire/canonical-origin.ts'
import { combineLines, findLine } from '../../wire/header-lines.ts'
import { compactJson } from '../../wire/json.ts'
import { bodyMessage } from '../../wire/message.ts'
import { parseTimestamp } from '../../wire/parse-timestamp.ts'
import { systemClock } from '../../wire/timestamp.ts'
import { hostOf, pathOf, queryOf } from '../../wire/url.ts'
import { baseCall, messageOf, placeCall, type SignableParts, takeApart } from '../base-call.ts'
import { MAX_COVERED, MAX_LIST_LENGTH } from '../covered-limits.ts'
import { createSecondStamper } from '../second-stamper.ts'
import { checkSignedDates, signedDates } from '../signed-dates.ts'
import { readEndpoint } from './endpoint.ts'
import { type Pair, readPairs } from './lists.ts'
import { MAX_EXPIRES, SCOPE_PART, SCOPE_PART_IS, type SigV4Options } from './options.ts'
import { type HeaderName, QUERY_NAMES } from './places.ts'
import { DATE_FORMATS } from './plan.ts'
import {
  ALGORITHM,
  compileForms,
  DERIVATION_TEXTS,
  isS3Service,
  PAYLOAD_HEADER,
  PAYLOAD_MARKERS,
  SIGNATURE_PARAMETER,
  TERMINATOR,
} from './recipe.ts'

/** What proxies and clients change on the way; these are not signed. */
const UNSIGNABLE: ReadonlySet<string> = new Set([
  'authorization',
  'connection',
  'expect',
  'keep-alive',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'user-agent',
  'x-amz-cf-id',
  'x-amzn-trace-id',
])

/** In seconds. */
const DEFAULT_EXPIRES = 3600

interface SigV4Prepared extends Composition {
  readonly parts: SignableParts
  readonly added: Record<string, string>
  readonly scope: string
}

/** What a signer runs for SigV4. @throws CountersignError `option-invalid`, `credential-missing` */
export function createSigV4Preparer(
  name: string,
  options: SigV4Options,
  credentials: Credentials,
  signerOptions: SignerOptions,
  crypto: CryptoProvider,
): Preparer<SigV4Prepared> {
  const { clock = systemClock, json = compactJson, parameters = {}, allow = [] } = signerOptions
  const { keyId = '', sessionToken } = credentials
  const { plus = 'literal' } = options
  const stamp = createSecondStamper('iso8601-basic', clock)
  const expires = readExpires(parameters['expires'])
  const inQuery = options.in === 'query'
  const wanted = { service: choose('service', options, parameters), region: choose('region', options, parameters) }
  const compiled = compileForms(plus)
  // A token that is signed as a header is one that the key has.
  const own: readonly HeaderName[] = inQuery ? ['authorization'] : sessionToken === undefined ? ['x-amz-security-token'] : []
  checkAllowances(allow)
  checkToken(sessionToken)

  function compose(
    parts: SignableParts,
    place: Place,
    added: Record<string, string>,
    payload: 'stated' | 'hashed' | 'unsigned',
  ): SigV4Prepared {
    const { method, signed, target } = parts
    const lines = [
      ...parts.lines.filter(([own]) => own !== 'host' && !UNSIGNABLE.has(own) && !Object.hasOwn(added, own)),
      ...Object.entries(added),
    ]
    const names = [...new Set(['host', ...lines.map(([own]) => own)])].sort()
    checkList(names)
    const { day, region, service, timestamp } = place
    if (names.includes('date') || names.includes('x-date'))
      checkSignedDates(
        signedDates(lines, () => true, DATE_FORMATS),
        parseTimestamp(timestamp, ['iso8601-basic'])?.ms,
      )
    const scope = `${day}/${region}/${service}/${TERMINATOR}`
    const isS3 = isS3Service(service)
    const given = readPairs(queryOf(target), plus)
    const query = given.map(writePair)
    // A verifier takes no call that has both.
    refuseOwnParameters(
      [SIGNATURE_PARAMETER],
      given.map(([name]) => name),
    )
    if (inQuery) {
      refuseTakenParameters(given)
      query.push(
        ...Object.entries({
          'X-Amz-Algorithm': ALGORITHM,
          'X-Amz-Credential': `${keyId}/${scope}`,
          'X-Amz-Date': timestamp,
          'X-Amz-Expires': String(expires),
          ...(sessionToken === undefined ? {} : { 'X-Amz-Security-Token': sessionToken }),
          'X-Amz-SignedHeaders': names.join(';'),
        }).map(writePair),
      )
    }
    const path = isS3 ? reEncodeSegments(pathOf(target), '/') : pathOf(target)
    const call: Call = baseCall(
      method,
      names,
      { day, region, service },
      own => (own === 'host' ? hostOf(call.origin) : combineLines(lines, own, ',')),
      undefined,
    )
    call.timestamp = timestamp
    call.keyId = keyId
    call.body = signed
    placeCall(call, place.canonical, query.length === 0 ? path : `${path}?${query.join('&')}`)
    const { recipe, made } = compiled({ isS3, inQuery, payload })
    return { recipe, made, call, chain: DERIVATION_TEXTS, parts, added, scope }
  }

  return {
    prepare(request): MaybePromise<SigV4Prepared> {
      const parts = takeApart(request, json, crypto)
      refuseOwnHeaders(name, own, parts.lines)
      const timestamp = readTime(request.timestamp) ?? stamp()
      const canonical = canonicalOrigin(parts.origin)
      const place: Place = { canonical, timestamp, day: timestamp.slice(0, 8), ...findPlace(name, hostOf(canonical), wanted) }
      const isS3 = isS3Service(place.service)
      checkEscapes(isS3 ? parts.target : queryOf(parts.target))
      const added: Record<string, string> = parts.contentType === undefined ? {} : { 'content-type': parts.contentType }
      if (!inQuery) added['x-amz-date'] = timestamp
      if (!inQuery && sessionToken !== undefined) added['x-amz-security-token'] = sessionToken
      const stated = findLine(parts.lines, PAYLOAD_HEADER)
      if (stated !== undefined && (PAYLOAD_MARKERS.has(stated) || (parts.signed === undefined && HASH.test(stated))))
        return compose(parts, place, added, 'stated')
      if (stated === undefined && !isS3) return compose(parts, place, added, 'hashed')
      if (stated === undefined && inQuery) return compose(parts, place, added, 'unsigned')
      return whenReady(crypto.hashText('sha256', bodyMessage(parts.signed), 'hex'), hash => {
        if (stated !== undefined && stated !== hash) throw notThePayload()
        added[PAYLOAD_HEADER] = hash
        return compose(parts, place, added, 'stated')
      })
    },

    carry({ made, call, parts, added, scope }, signature): SignedRequest {
      const { origin, bytes: body, target, url } = parts
      const common = { method: call.method, headers: added, body, message: messageOf(made, call) }
      if (inQuery) return { ...common, url: `${origin}${call.target}&${SIGNATURE_PARAMETER}=${signature}` }
      added['authorization'] = `${ALGORITHM} Credential=${keyId}/${scope}, SignedHeaders=${call.covered.join(';')}, Signature=${signature}`
      return { ...common, url: call.target === target ? url : origin + call.target }
    },
  }
}

/** What the scheme says, which no parameter can change, or else what the signer is told. */
function choose(
  name: 'service' | 'region',
  options: SigV4Options,
  parameters: NonNullable<SignerOptions['parameters']>,
): string | undefined {
  const [fixed, given] = [options[name], parameters[name]]
  if (fixed === undefined || given === undefined || given === fixed) return fixed ?? given
  throw new CountersignError('option-invalid', `The scheme is for the ${name} ${fixed}: leave the parameter ${name} out.`)
}

/** A parameter named `X-Amz-…` is read once by a verifier. */
function refuseTakenParameters(given: readonly Pair[]): void {
  const names = given.map(([name]) => name).filter(name => name.startsWith('X-Amz-'))
  refuseOwnParameters(QUERY_NAMES, names)
  const twice = names.find((name, index) => names.indexOf(name) < index)
  if (twice !== undefined) throw new CountersignError('url-not-signable', `The URL has the parameter ${twice} twice: give it once.`)
}

/** A verifier reads no longer list. */
function checkList(names: readonly string[]): void {
  let length = names.length - 1
  for (const name of names) length += name.length
  if (names.length <= MAX_COVERED && length <= MAX_LIST_LENGTH) return
  throw new CountersignError(
    'option-invalid',
    `All headers of the request are signed, at most ${MAX_COVERED} with names of ${MAX_LIST_LENGTH} characters in all: give fewer, and add the others to what is sent.`,
  )
}

interface Place {
  /** Of the URL. */
  readonly canonical: string
  readonly timestamp: string
  readonly day: string
  readonly region: string
  readonly service: string
}

/** As it is signed, so that what arrives is what was signed. */
function writePair([name, value]: Pair): string {
  return `${encodeText(name)}=${encodeText(value)}`
}

/** What was asked for, or what the host tells. */
function findPlace(scheme: string, host: string, wanted: { readonly service: string | undefined; readonly region: string | undefined }) {
  const told = wanted.service === undefined || wanted.region === undefined ? readEndpoint(host) : undefined
  const service = wanted.service ?? told?.service
  const region = wanted.region ?? told?.region
  if (service === undefined || region === undefined)
    throw new CountersignError(
      'option-invalid',
      `The scheme ${scheme} wants the parameters service and region, which ${host} does not tell: give them in the signer's option parameters, or to sigV4({ service, region }).`,
    )
  if (SCOPE_PART.test(service) && SCOPE_PART.test(region)) return { service, region }
  throw new CountersignError('option-invalid', `The parameters service and region are ${SCOPE_PART_IS}.`)
}

function readTime(timestamp: string | undefined): string | undefined {
  if (timestamp === undefined || parseTimestamp(timestamp, ['iso8601-basic']) !== undefined) return timestamp
  throw new CountersignError('timestamp-invalid', `${JSON.stringify(timestamp.slice(0, 40))} is not a timestamp such as 20150830T123600Z.`)
}

function readExpires(text: string | undefined): number {
  const seconds = text === undefined ? DEFAULT_EXPIRES : /^\d+$/.test(text) ? Number(text) : 0
  if (seconds >= 1 && seconds <= MAX_EXPIRES) return seconds
  throw new CountersignError('option-invalid', `The parameter expires is a whole number of seconds up to ${MAX_EXPIRES}.`)
}

/** A body that is sent by other means is stated by its hash. */
const HASH = /^[0-9a-f]{64}$/

function notThePayload(): CountersignError {
  return new CountersignError(
    'option-invalid',
    `The header ${PAYLOAD_HEADER} is neither a marker such as UNSIGNED-PAYLOAD nor the SHA-256 of the body in hexadecimal: leave it out, and the signer hashes the body.`,
  )
}

function checkToken(token: string | undefined): void {
  if (token === undefined || /^[!-~]+$/.test(token)) return
  throw new CountersignError('option-invalid', 'The session token is visible ASCII.')
}

/** An escape that stands for no character can't be written as it is signed. */
function checkEscapes(text: string): void {
  if (isDecodable(text)) return
  throw new CountersignError(
    'url-not-signable',
    'The URL holds an escape that is no UTF-8: percent-encode the UTF-8 bytes of each character, and a % as %25.',
  )
}
