import { crypto } from '#crypto'
import { CountersignError } from './contract/error.ts'
import { isPromise } from './contract/maybe-promise.ts'
import { checkFunctions, refuseUnknown } from './contract/refuse-unknown.ts'
import { readSecretBytes } from './keys/secret-bytes.ts'
import type { SecretOptions } from './scheme/credentials.ts'
import { qredoV1 } from './schemes/qredo-v1.ts'
import { compactJson, type JsonSerializer, pythonFloat, pythonJson } from './wire/json.ts'
import { textMessage } from './wire/message.ts'
import { type Clock, createTimestamper, systemClock } from './wire/timestamp.ts'

export { qredoTokenClient, type TokenClient, type TokenClientOptions } from './clients/token-client.ts'
export { compactJson, pythonFloat, pythonJson }

export interface QredoOptions extends SecretOptions {
  /** How `signJSON` writes the body. Default: {@link pythonJson}, as the page's `json.dumps` does. */
  readonly json?: JsonSerializer | undefined
  readonly clock?: Clock | undefined
}

/**
 * The functions of the page "Sign Qredo API calls", with its names, arguments and results. They sign what they are
 * given, character for character, even what no API takes, such as a method in lower case or a URL without a host;
 * `createSigner` refuses that.
 */
export interface Qredo {
  /**
   * The time now as an epoch timestamp in nanoseconds, for `xtime`. JavaScript's clock has milliseconds: the last six
   * digits only count calls within one, so that no two timestamps are alike.
   */
  myTime(): bigint
  /**
   * The signature for `qredo-api-sig`: base64url without padding, 43 characters.
   *
   * @throws CountersignError `url-not-signable` for half a surrogate pair, as Python's `encode` does
   */
  signGET(xtime: bigint | number | string, xmethod: string, xurl: string): string
  /**
   * The signature for `qredo-api-sig` of a call with a JSON body. Send the body as {@link Qredo.bodyText} gives it.
   *
   * @throws CountersignError as `signGET`; `body-not-signable`
   */
  signJSON(xtime: bigint | number | string, xmethod: string, xurl: string, xbody: unknown): string
  /** The very text that `signJSON` signs for this body. @throws CountersignError `body-not-signable` */
  bodyText(xbody: unknown): string
}

/**
 * The page's example, with the secret given once instead of imported from a file. Unlike the page's Python, which takes
 * every leading `b` off a signature, these are always the whole 43 characters.
 *
 * @example
 * ```ts
 * const { myTime, signJSON, bodyText } = qredo(apiSecret)
 * const xtime = myTime()
 * const signature = signJSON(xtime, 'POST', url, body)
 * await fetch(url, { method: 'POST', body: bodyText(body), headers: { 'qredo-api-key': key, 'qredo-api-ts': String(xtime), 'qredo-api-sig': signature } })
 * ```
 *
 * @param secret base64 text as the web app shows it, either alphabet, padded or not
 * @throws CountersignError `secret-missing`, `secret-malformed`, `secret-too-short`
 */
export function qredo(secret: string, options: QredoOptions = {}): Qredo {
  refuseUnknown(options, ['json', 'clock', 'allowShortSecret'] satisfies (keyof QredoOptions)[], 'qredo:')
  checkFunctions({ json: options.json, clock: options.clock })
  const { json = pythonJson, clock = systemClock } = options
  const hmac = crypto.hmac('sha256', readSecretBytes(qredoV1, secret, options), qredoV1.signature.encoding)
  const stamp = createTimestamper('nanoseconds', clock)
  function sign(text: string): string {
    if (HALF_A_PAIR.test(text)) throw new CountersignError('url-not-signable', 'Half a surrogate pair has no UTF-8: leave it out.')
    const signature = hmac(textMessage(text))
    if (isPromise(signature))
      throw new CountersignError(
        'no-synchronous-crypto',
        'These functions need Node, Deno or Bun: elsewhere use createSigner and signAsync.',
      )
    return signature
  }
  return {
    myTime: () => BigInt(stamp()),
    signGET: (xtime, xmethod, xurl) => sign(`${xtime}${xmethod}${xurl}`),
    signJSON: (xtime, xmethod, xurl, xbody) => sign(`${xtime}${xmethod}${xurl}${json(xbody)}`),
    bodyText: json,
  }
}

const HALF_A_PAIR = /\p{Surrogate}/u
