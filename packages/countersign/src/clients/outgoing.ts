import { checkNumbers } from '../contract/check-numbers.ts'
import { CountersignError } from '../contract/error.ts'
import { shown } from '../contract/one-of.ts'
import { refuseUnknown } from '../contract/refuse-unknown.ts'
import type { Signer } from '../sign/sign.ts'
import { wireUrl } from '../wire/url.ts'
import { bodyTooLarge, holdBody } from './body-bytes.ts'
import { type Clocks, createClocks } from './clocks.ts'
import { type ClockCorrection, DEFAULT_MAX_FETCH_BODY_BYTES, type PreparedCall } from './fetch.ts'

/** The options that the clients for axios, got and undici share. */
export interface ClientOptions {
  /**
   * The origins that are called, such as `https://api.example.com`; a call to another one is refused (`url-foreign`).
   * Default: that of the instance's base URL, where it has one; else every call is signed, wherever it goes.
   */
  readonly origin?: string | readonly string[] | undefined
  /** The most a body may hold; it is read whole, since all of it is signed. Default: 10 MiB. */
  readonly maxBodyBytes?: number | undefined
  /** As for `signedFetch`: `serverClock()`. Default: off. */
  readonly correctClock?: ClockCorrection | undefined
}

const NAMES = ['origin', 'maxBodyBytes', 'correctClock'] satisfies (keyof ClientOptions)[]

/** A call as a library is about to send it. */
export interface OutgoingCall {
  readonly method: string
  readonly url: string | URL
  /** Of one's own: a form's type is set in them. */
  readonly headers: Headers
  readonly body: unknown
  /** The base URL of the instance, which the call may not leave. */
  readonly base?: string | undefined
}

/** A call with its signature. All of it is sent, and nothing else. */
export interface SignedCall {
  readonly method: string
  /** As it was signed, with what the scheme adds to the query. */
  readonly url: string
  /** Names in lower case: the call's own, and the signature's. */
  readonly headers: { readonly [name: string]: string }
  /** Those of `headers` that make the signature. */
  readonly added: { readonly [name: string]: string }
  readonly body: Uint8Array<ArrayBuffer> | undefined
}

export interface Outgoing {
  readonly clocks: Clocks
  /**
   * Reads a call to where it can be signed as often as it is sent: its URL as it goes over the wire, its body whole.
   *
   * @throws CountersignError `url-foreign`, `url-not-signable`, `body-too-large`, `body-not-signable`
   */
  prepare(call: OutgoingCall): Promise<PreparedCall>
  /**
   * Signs a call with the time of now, for one attempt.
   *
   * @throws CountersignError `body-too-large`, and what the signer throws
   */
  sign(call: PreparedCall, by?: Signer): Promise<SignedCall>
}

/**
 * What the clients for other libraries have in common: which calls are signed, over which bytes, by which clock.
 *
 * @param of how messages begin, such as `signAxios:`
 * @param more the names of further options
 * @throws CountersignError `option-invalid`
 */
export function createOutgoing(signer: Signer, options: ClientOptions, of: string, more: readonly string[] = []): Outgoing {
  refuseUnknown(options, [...NAMES, ...more], of)
  if (typeof signer !== 'object' || signer === null || !('signAsync' in signer))
    throw new CountersignError('option-invalid', `${of} a signer is wanted, of createSigner(scheme, credentials).`)
  const { maxBodyBytes = DEFAULT_MAX_FETCH_BODY_BYTES, correctClock } = options
  checkNumbers({ maxBodyBytes })
  const origins = readOrigins(options.origin)
  const clocks = createClocks(signer, correctClock)

  return {
    clocks,
    async prepare({ method, url, headers, body, base }) {
      const parsed = readUrl(url)
      checkPlace(parsed, origins ?? (base === undefined ? undefined : [readUrl(base).origin]))
      const held = await holdBody(body, maxBodyBytes)
      const { contentType } = held
      if (contentType !== undefined && (held.isMultipart || !headers.has('content-type'))) headers.set('content-type', contentType)
      return { method: method.toUpperCase(), url: wireUrl(parsed), headers, body: held.body }
    },
    async sign(call, by = clocks.signerFor(call.url)) {
      const headers = Object.fromEntries(call.headers)
      const { method, url, headers: added, body } = await by.signAsync({ ...call, headers })
      if (body !== undefined && body.length > maxBodyBytes) throw bodyTooLarge(maxBodyBytes)
      return { method, url, headers: { ...headers, ...added }, added, body }
    },
  }
}

function readUrl(url: string | URL): URL {
  if (URL.canParse(url)) return new URL(url)
  throw new CountersignError('url-not-signable', 'The URL is not absolute: begin it, or the base URL, with https://.')
}

/** No signature goes to a server that the program doesn't mean. */
function checkPlace({ origin, username, password }: URL, origins: readonly string[] | undefined): void {
  if (username !== '' || password !== '')
    throw new CountersignError(
      'url-not-signable',
      'The URL holds a user name or a password: leave them out, since the signature says who calls.',
    )
  if (origins === undefined || origins.includes(origin)) return
  throw new CountersignError('url-foreign', `The calls are signed for ${origins.join(', ')} and not sent to ${origin}.`)
}

function readOrigins(origin: ClientOptions['origin']): readonly string[] | undefined {
  if (origin === undefined) return undefined
  const origins: readonly string[] = typeof origin === 'string' ? [origin] : origin
  const isOrigin = (one: unknown): boolean => typeof one === 'string' && URL.canParse(one) && new URL(one).origin === one
  if (Array.isArray(origins) && origins.length > 0 && origins.every(isOrigin)) return origins
  throw new CountersignError(
    'option-invalid',
    `The option origin is one or more of the form https://api.example.com; got ${shown(origin)}.`,
  )
}

/**
 * Where a redirect leads.
 *
 * @param instead how the program gets the answer itself
 * @throws CountersignError `redirect-refused` for another origin, and for what is no URL
 */
export function redirectWithin(url: string | URL, location: string, instead: string): URL {
  const next = URL.canParse(location, url) ? new URL(location, url) : undefined
  if (next?.origin === new URL(url).origin) return next
  const place = next?.origin ?? 'what is no URL'
  throw new CountersignError('redirect-refused', `The server redirects to ${place}, where no signature goes: ${instead}.`)
}

/**
 * Headers as libraries write them: lists become one line, and what is not set is left out.
 *
 * @throws CountersignError `option-invalid` for a name or a value that can't be sent
 */
export function headersOf(given: Iterable<readonly [string, unknown]>): Headers {
  const headers = new Headers()
  for (const [name, value] of given)
    for (const one of Array.isArray(value) ? value : [value])
      if (one !== undefined && one !== null && one !== false) append(headers, name, String(one))
  return headers
}

function append(headers: Headers, name: string, value: string): void {
  try {
    headers.append(name, value)
  } catch {
    // What was thrown holds the value, which may be a secret.
    throw new CountersignError('option-invalid', `The header ${JSON.stringify(name)} can't be sent: it holds what no header may.`)
  }
}
