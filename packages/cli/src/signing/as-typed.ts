import type { Credentials } from 'countersign'
import { qredo } from 'countersign/qredo'
import { UsageError } from '../process/exit.ts'

/** A call of the page "Sign Qredo API calls", signed as its own functions sign it. */
export interface TypedCall {
  readonly method: string
  /** Whatever was typed: a path alone, even nothing. */
  readonly url: string
  readonly body: Uint8Array | undefined
  readonly timestamp: string
}

/**
 * Signs method, URL and body character for character, as the page's functions do; {@link createSigner} refuses what no
 * API takes.
 *
 * @returns the headers, in the order in which the scheme has them
 * @throws UsageError `body-not-text`
 */
export function signAsTyped({ keyId = '', secret = '', allowShortSecret }: Credentials, { method, url, body, timestamp }: TypedCall) {
  const { signGET, signJSON } = qredo(typeof secret === 'string' ? secret : Buffer.from(secret).toString('base64'), {
    json: String,
    allowShortSecret,
  })
  const signature = body === undefined ? signGET(timestamp, method, url) : signJSON(timestamp, method, url, readText(body))
  return { 'qredo-api-key': keyId, 'qredo-api-ts': timestamp, 'qredo-api-sig': signature }
}

function readText(body: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body)
  } catch {
    throw new UsageError('body-not-text', 'What is signed as it is typed is text in UTF-8, and this body is not: give a full URL.')
  }
}
