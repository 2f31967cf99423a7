import { CountersignError } from '../contract/error.ts'
import type { CryptoProvider } from '../crypto/provider.ts'
import type { Call } from '../recipe/call.ts'
import type { CompiledRecipe } from '../recipe/compile.ts'
import { contentTypeOf, serializeBody } from '../scheme/body.ts'
import type { SignableRequest } from '../scheme/request.ts'
import { type Line, trimOws } from '../wire/header-lines.ts'
import { HEADER_VALUE_IS, isHeaderName, isHeaderValue } from '../wire/headers.ts'
import type { JsonSerializer } from '../wire/json.ts'
import { messageBytes } from '../wire/message.ts'
import { upperCase } from '../wire/method.ts'
import { checkSignableUrl, splitUrl } from '../wire/url.ts'

/** A call of a scheme with logic, with what its own plan has to know of it again. */
export interface BaseCall<O> extends Call {
  readonly own: O
}

/**
 * What a recipe reads beyond origin, target and body, which are put in later. Made in one place, so that all calls have
 * one hidden class.
 */
export function baseCall<O>(
  method: string,
  covered: readonly string[],
  parameters: Call['parameters'],
  header: Call['header'],
  own: O,
): BaseCall<O> {
  return {
    timestamp: '',
    nonce: '',
    keyId: '',
    passphrase: '',
    method,
    url: '',
    origin: '',
    target: '',
    body: undefined,
    parameters,
    header,
    covered,
    hashes: [],
    missing: undefined,
    own,
  }
}

/** Puts the place into a call that its signature is for. @param origin in its canonical form */
export function placeCall(call: Call, origin: string, target: string): Call {
  call.origin = origin
  call.target = target
  call.url = call.origin + target
  // A call is composed once for each origin that it may be meant for.
  call.missing = undefined
  return call
}

/** The message's bytes, for those who want to look; made only when it is asked for. */
export function messageOf(made: CompiledRecipe, call: Call): () => Uint8Array {
  return () => messageBytes(made.write(call))
}

/** A request to be signed, taken apart. */
export interface SignableParts {
  readonly method: string
  readonly url: string
  readonly origin: string
  readonly target: string
  /** What goes into the message. */
  readonly signed: string | Uint8Array | undefined
  /** What goes over the wire. */
  readonly bytes: Uint8Array<ArrayBuffer> | undefined
  /** Of a body that was given as a JSON value, where no header says what it is. */
  readonly contentType: string | undefined
  /** As they were given, names in lower case. */
  readonly lines: readonly Line[]
}

/**
 * @throws CountersignError `url-not-signable`, `body-not-signable`, `option-invalid` for a method, or for a header that
 * is given twice or can't be sent
 */
export function takeApart(request: SignableRequest, json: JsonSerializer, crypto: CryptoProvider): SignableParts {
  const url = checkSignableUrl(typeof request.url === 'string' ? request.url : request.url.href)
  const { origin, target } = splitUrl(url)
  const body = serializeBody(request.body, json, crypto)
  const contentType = contentTypeOf(body, request.headers)
  const { signed, bytes } = body
  return { method: upperCase(request.method), url, origin, target, signed, bytes, contentType, lines: readHeaders(request.headers) }
}

function readHeaders(headers: SignableRequest['headers'] = {}): readonly Line[] {
  const lines: Line[] = []
  for (const given of Object.keys(headers)) {
    const name = given.toLowerCase()
    const value = headers[given]
    if (!isHeaderName(name))
      throw new CountersignError('option-invalid', `${JSON.stringify(given.slice(0, 40))} is not the name of a header.`)
    if (value === undefined || !isHeaderValue(unfolded(value)))
      throw new CountersignError('option-invalid', `The header ${given} can't be sent: ${HEADER_VALUE_IS}.`)
    // `fetch` would send both in one line, spelled in its own way.
    if (lines.some(([other]) => other === name))
      throw new CountersignError('option-invalid', `The header ${name} is given twice, in different spellings of its name.`)
    lines.push([name, value])
  }
  return lines
}

/** A long value may be folded into several lines (RFC 9112 §5.2): both sides sign it as one. */
function unfolded(value: unknown): unknown {
  return typeof value === 'string' ? trimOws(value) : value
}
