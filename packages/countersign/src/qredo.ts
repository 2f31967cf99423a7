import { utf8 } from './encoding.ts'
import { compactJson, type JsonSerializer, pythonJson } from './json.ts'
import { qredoV1 } from './schemes/qredo-v1.ts'
import { createSigner } from './sign.ts'
import { type Clock, createTimestamper, systemClock } from './timestamp.ts'

export { qredoTokenClient, type TokenClient, type TokenClientOptions } from './clients/token-client.ts'
export { compactJson, pythonJson }

export interface QredoOptions {
  /** How `signJSON` writes the body. Default: {@link pythonJson}, as the page's `json.dumps` does. */
  readonly json?: JsonSerializer | undefined
  readonly clock?: Clock | undefined
}

/** The functions of the page "Sign Qredo API calls", with its names, arguments and results. */
export interface Qredo {
  /** The time now as an epoch timestamp in nanoseconds, for `xtime`. */
  myTime(): bigint
  /** The signature for `qredo-api-sig`: base64url without padding, 43 characters. */
  signGET(xtime: bigint | number | string, xmethod: string, xurl: string): string
  /** The signature for `qredo-api-sig` of a call with a JSON body. Send the body as {@link Qredo.bodyText} gives it. */
  signJSON(xtime: bigint | number | string, xmethod: string, xurl: string, xbody: unknown): string
  /** The very text that `signJSON` signs for this body. */
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
  const { json = pythonJson, clock = systemClock } = options
  const signer = createSigner(qredoV1, { keyId: 'unused', secret })
  const stamp = createTimestamper('nanoseconds', clock)
  const sign = (xtime: bigint | number | string, method: string, url: string, body?: string): string =>
    signer.sign({ timestamp: String(xtime), method, url, body: body === undefined ? undefined : utf8(body) }).headers['qredo-api-sig'] ?? ''
  return {
    myTime: () => BigInt(stamp()),
    signGET: (xtime, xmethod, xurl) => sign(xtime, xmethod, xurl),
    signJSON: (xtime, xmethod, xurl, xbody) => sign(xtime, xmethod, xurl, json(xbody)),
    bodyText: json,
  }
}
