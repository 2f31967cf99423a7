import { checkNumbers } from '../contract/check-numbers.ts'
import { CountersignError } from '../contract/error.ts'
import { OPTION, refuseNeedless } from '../scheme/refuse-unused.ts'
import type { Signer } from '../sign/sign.ts'
import { readStream } from '../wire/stream.ts'
import { wireUrl } from '../wire/url.ts'

export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>

export interface SignedFetchOptions {
  /** Default: the global one. */
  readonly fetch?: Fetch | undefined
  /** The most a body may hold; it is read whole, since all of it is signed. Default: 10 MiB. */
  readonly maxBodyBytes?: number | undefined
  /** Like `fetch`. Default: 20. */
  readonly maxRedirects?: number | undefined
  /**
   * Set the clock by the server's when that refuses a call for its time, and try once more: `serverClock()`. Default:
   * off, since a server that lies about the time gets calls signed for another one.
   */
  readonly correctClock?: ClockCorrection | undefined
}

/**
 * By how many milliseconds the clock has to be set for a server that refused a call; `undefined` where it is not for
 * its time, or is not to be believed.
 *
 * @param nowMs of the signer's own clock
 */
export type ClockCorrection = (refusal: Response, url: string, nowMs: number) => Promise<number | undefined>

export const DEFAULT_MAX_FETCH_BODY_BYTES = 10_485_760
export const DEFAULT_MAX_REDIRECTS = 20

const OPTIONS: readonly string[] = ['fetch', 'maxBodyBytes', 'maxRedirects', 'correctClock'] satisfies (keyof SignedFetchOptions)[]

/** The answers that lead somewhere else, with a `location`. */
export const REDIRECTS = [301, 302, 303, 307, 308]
/** The answers that may be for the call's time. */
export const REFUSALS = [400, 401, 403]

/**
 * A `fetch` that signs.
 *
 * @example
 * ```ts
 * const fetch = signedFetch(createSigner(qredoV1, { keyId, secret }))
 * const response = await fetch('https://api.qredo.network/qapi/v1/balance')
 * ```
 *
 * The returned function throws what `fetch` throws, and CountersignError `body-too-large`, `url-not-signable`,
 * `redirect-refused`, `too-many-redirects`, `redirect-hidden`.
 *
 * @throws CountersignError `option-invalid` for a limit that is not a number, or an option that does not exist
 */
export function signedFetch(signer: Signer, options: SignedFetchOptions = {}): Fetch {
  const { maxBodyBytes = DEFAULT_MAX_FETCH_BODY_BYTES, maxRedirects = DEFAULT_MAX_REDIRECTS, correctClock } = options
  checkNumbers({ maxBodyBytes, maxRedirects })
  refuseNeedless(signer.scheme, Object.keys(options), OPTIONS, OPTION)
  /** For the servers, by origin, that told their time: each has its own. */
  const corrected = new Map<string, Signer>()

  async function sendOnce(call: PreparedCall, init: RequestInit, by: Signer): Promise<Response> {
    const send = options.fetch ?? globalThis.fetch
    const headers = Object.fromEntries(call.headers)
    const signed = await by.signAsync({ ...call, headers })
    return send(signed.url, {
      ...init,
      method: call.method,
      headers: { ...headers, ...signed.headers },
      body: signed.body ?? null,
      redirect: 'manual',
    })
  }

  async function sendOnTime(call: PreparedCall, init: RequestInit): Promise<Response> {
    const { origin } = new URL(call.url)
    const response = await sendOnce(call, init, corrected.get(origin) ?? signer)
    if (correctClock === undefined || !REFUSALS.includes(response.status)) return response
    // A clock that was set for a server is not the right one for it any more.
    corrected.delete(origin)
    const offsetMs = await correctClock(response, call.url, signer.clock())
    if (offsetMs === undefined) return response
    await response.body?.cancel()
    const other = signer.withClock(() => signer.clock() + offsetMs)
    const second = await sendOnce(call, init, other)
    if (!REFUSALS.includes(second.status)) corrected.set(origin, other)
    return second
  }

  return async (input, init = {}) => {
    const { call, rest, redirect } = await prepare(input, init, maxBodyBytes)
    for (let redirects = 0; ; redirects++) {
      const response = await sendOnTime(call, rest)
      if (redirect === 'manual') return response
      if (response.type === 'opaqueredirect') {
        throw new CountersignError('redirect-hidden', 'The server redirects, and this runtime hides where: call the final URL.')
      }
      const location = REDIRECTS.includes(response.status) ? response.headers.get('location') : null
      if (location === null) return response
      if (redirects >= maxRedirects) throw new CountersignError('too-many-redirects', `Gave up after ${maxRedirects} redirects.`)
      await response.body?.cancel()
      const next = new URL(location, call.url)
      if (redirect === 'error' || next.origin !== new URL(call.url).origin)
        throw new CountersignError(
          'redirect-refused',
          `The server redirects to ${next.origin}, where no signature goes: set redirect: 'manual' to go on yourself.`,
        )
      follow(call, response.status, wireUrl(next))
    }
  }
}

/** A call that a redirect may change. */
export interface PreparedCall {
  method: string
  url: string
  headers: Headers
  body: string | Uint8Array | undefined
}

async function prepare(
  input: string | URL | Request,
  init: RequestInit,
  maxBodyBytes: number,
): Promise<{ call: PreparedCall; rest: RequestInit; redirect: RequestRedirect }> {
  const streamed = init.body instanceof ReadableStream ? { duplex: 'half' as const } : {}
  const request = new Request(input, { ...init, ...streamed })
  const body = request.body === null ? undefined : await readAll(request.body, maxBodyBytes)
  const { body: _body, headers: _headers, method: _method, redirect: _redirect, ...rest } = init
  return {
    call: { method: request.method.toUpperCase(), url: wireUrl(request.url), headers: new Headers(request.headers), body },
    rest: input instanceof Request ? { ...optionsOf(request), ...rest } : rest,
    redirect: request.redirect,
  }
}

/** What a Request holds besides its method, URL, headers and body. */
function optionsOf(request: Request): RequestInit {
  const { cache, credentials, integrity, keepalive, mode, referrerPolicy, signal } = request
  return { cache, credentials, integrity, keepalive, referrerPolicy, signal, ...(mode === 'navigate' ? {} : { mode }) }
}

async function readAll(stream: ReadableStream<Uint8Array>, maxBytes: number): Promise<Uint8Array> {
  const body = await readStream(stream, maxBytes)
  if (body !== 'too-large') return body
  throw new CountersignError('body-too-large', `The body is longer than ${maxBytes} bytes: set maxBodyBytes.`)
}

/** The rules of the Fetch standard (HTTP-redirect fetch). */
export function follow(call: PreparedCall, status: number, url: string): void {
  call.url = url
  const becomesGet =
    status === 303 ? call.method !== 'GET' && call.method !== 'HEAD' : (status === 301 || status === 302) && call.method === 'POST'
  if (!becomesGet) return
  call.method = 'GET'
  call.body = undefined
  for (const name of [...call.headers.keys()]) if (name.startsWith('content-')) call.headers.delete(name)
}
