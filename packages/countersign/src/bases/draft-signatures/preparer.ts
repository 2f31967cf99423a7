import { checkAllowances } from '../../contract/allowance.ts'
import { CountersignError } from '../../contract/error.ts'
import { type MaybePromise, whenReady } from '../../contract/maybe-promise.ts'
import type { Algorithm } from '../../crypto/algorithm.ts'
import type { CryptoProvider } from '../../crypto/provider.ts'
import type { Call } from '../../recipe/call.ts'
import { compile } from '../../recipe/compile.ts'
import { DECLARED } from '../../recipe/declared.ts'
import { mergeTexts } from '../../recipe/merge-texts.ts'
import type { Credentials } from '../../scheme/credentials.ts'
import type { Composition, Preparer } from '../../scheme/plan.ts'
import { DEFAULT_LIFETIME_MS, type SignedRequest, type SignerOptions } from '../../scheme/request.ts'
import { refuseOwnHeaders } from '../../sign/own-headers.ts'
import { canonicalOrigin } from '../../wire/canonical-origin.ts'
import { combineLines } from '../../wire/header-lines.ts'
import { compactJson } from '../../wire/json.ts'
import { bodyMessage } from '../../wire/message.ts'
import { parseTimestamp } from '../../wire/parse-timestamp.ts'
import { systemClock } from '../../wire/timestamp.ts'
import { hostOf } from '../../wire/url.ts'
import { baseCall, messageOf, placeCall, type SignableParts, takeApart } from '../base-call.ts'
import { createSecondStamper } from '../second-stamper.ts'
import { CARRIERS, DATE_HEADERS, DIGEST_HEADER, type DraftCoverage, signingString } from './coverage.ts'
import { draftName } from './parameters.ts'

interface DraftPrepared extends Composition {
  readonly parts: SignableParts
  readonly added: Record<string, string>
}

/** What a signer runs for the draft. @throws CountersignError `credential-missing` */
export function createDraftPreparer(
  scheme: string,
  { carrier, headers: covered }: DraftCoverage,
  algorithm: Algorithm,
  { keyId = '' }: Credentials,
  { clock = systemClock, json = compactJson, lifetimeMs = DEFAULT_LIFETIME_MS, allow = [] }: SignerOptions,
  crypto: CryptoProvider,
): Preparer<DraftPrepared> {
  if (!/^[^"\\]+$/.test(keyId)) throw new CountersignError('credential-missing', 'The keyId holds no quotes and no backslashes.')
  checkAllowances(allow)
  const { header, word, keyName } = CARRIERS[carrier]
  const stampDate = createSecondStamper('http-date', clock)
  const dates = DATE_HEADERS.filter(name => covered.includes(name))
  const [hasCreated, hasExpires] = ['(created)', '(expires)'].map(name => covered.includes(name))
  const compileFor = (names: readonly string[]) => {
    const recipe = signingString(names)
    return { names, recipe, made: compile(mergeTexts(recipe), DECLARED) }
  }
  const whole = compileFor(covered)
  const bare = compileFor(covered.filter(name => name !== DIGEST_HEADER))
  const label = hasCreated ? 'hs2019' : draftName(algorithm)

  function compose(parts: SignableParts, time: Time, added: Record<string, string>): DraftPrepared {
    const { names, recipe, made } = parts.signed === undefined ? bare : whole
    if (!Object.hasOwn(added, DIGEST_HEADER)) refuseOwnHeaders(scheme, [DIGEST_HEADER], parts.lines)
    const lines = [...parts.lines.filter(([name]) => !Object.hasOwn(added, name)), ...Object.entries(added)]
    const created = Math.floor(time.ms / 1000)
    const times = { created: String(created), expires: String(created + Math.ceil(lifetimeMs / 1000)) }
    const call: Call = baseCall(
      parts.method,
      names,
      times,
      name => (name === 'host' ? hostOf(call.origin) : combineLines(lines, name, ', ')),
      undefined,
    )
    call.keyId = keyId
    call.body = parts.signed
    return { recipe, made, call: placeCall(call, canonicalOrigin(parts.origin), parts.target), chain: undefined, parts, added }
  }

  return {
    prepare(request): MaybePromise<DraftPrepared> {
      const parts = takeApart(request, json, crypto)
      const time: Time = request.timestamp === undefined ? { ms: clock(), date: undefined } : readTime(request.timestamp)
      const added: Record<string, string> = parts.contentType === undefined ? {} : { 'content-type': parts.contentType }
      for (const name of dates) added[name] = time.date ?? stampDate()
      if (parts.signed === undefined || whole.names.length === bare.names.length) return compose(parts, time, added)
      return whenReady(crypto.hashText('sha256', bodyMessage(parts.signed), 'base64'), hash => {
        added[DIGEST_HEADER] = `SHA-256=${hash}`
        return compose(parts, time, added)
      })
    },

    carry({ made, call, parts, added }, signature): SignedRequest {
      const parameters = [
        `${keyName}="${keyId}"`,
        `algorithm="${label}"`,
        ...(hasCreated ? [`created=${call.parameters['created']}`] : []),
        ...(hasExpires ? [`expires=${call.parameters['expires']}`] : []),
        `headers="${call.covered.join(' ')}"`,
        `signature="${signature}"`,
      ]
      added[header] = (word === '' ? '' : `${word} `) + parameters.join(carrier === 'kong' ? ', ' : ',')
      return { method: call.method, url: parts.url, headers: added, body: parts.bytes, message: messageOf(made, call) }
    },
  }
}

interface Time {
  readonly ms: number
  /** As a header has it, where it was given. */
  readonly date: string | undefined
}

function readTime(timestamp: string): Time {
  const time = parseTimestamp(timestamp, ['http-date', 'seconds'])
  if (time !== undefined) return { ms: time.ms, date: time.format === 'http-date' ? timestamp : new Date(time.ms).toUTCString() }
  throw new CountersignError(
    'timestamp-invalid',
    `${JSON.stringify(timestamp.slice(0, 40))} is not a timestamp such as Tue, 15 Mar 2022 14:59:59 GMT, nor one in seconds.`,
  )
}
