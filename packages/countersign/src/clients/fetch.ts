import { CountersignError } from '../error.ts'
import type { SignedRequest, Signer } from '../sign.ts'
import { readStream } from '../stream.ts'
import { wireUrl } from '../url.ts'

export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>

export interface SignedFetchOptions {
  /** Default: the global one. */
  readonly fetch?: Fetch | undefined
  /** The most a body may hold; it is read whole, since all of it is signed. Default: 10 MiB. */
  readonly maxBodyBytes?: number | undefined
  /** Like `fetch`. Default: 20. */
  readonly maxRedirects?: number | undefined
  /**
   * What becomes of a redirect to another origin. `error` (the default) throws; `unsigned` follows it without the
   * signature, `authorization` and `cookie`, and without a body.
   */
  readonly crossOriginRedirect?: 'error' | 'unsigned' | undefined
  /** Set the clock by the server's once when it refuses a call for its time, and try once more. Default: true. */
  readonly correctClock?: boolean | undefined
}

export const DEFAULT_MAX_FETCH_BODY_BYTES = 10_485_760
export const DEFAULT_MAX_REDIRECTS = 20

/** A refusal is put down to the clock when the server's differs by at least this. */
export const MIN_CLOCK_SKEW_MS = 5_000

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
 * `cross-origin-redirect`, `too-many-redirects`, `redirect-hidden`.
 */
export function signedFetch(signer: Signer, options: SignedFetchOptions = {}): Fetch {
  const {
    maxBodyBytes = DEFAULT_MAX_FETCH_BODY_BYTES,
    maxRedirects = DEFAULT_MAX_REDIRECTS,
    crossOriginRedirect = 'error',
    correctClock = true,
  } = options
  let current = signer

  async function sendOnce(call: PreparedCall, init: RequestInit): Promise<Response> {
    const send = options.fetch ?? globalThis.fetch
    const signed = await current.signAsync({
      method: call.method,
      url: call.url,
      body: call.body,
      headers: Object.fromEntries(call.headers),
    })
    return send(signed.url, {
      ...init,
      method: call.method,
      headers: mergeHeaders(call, signed),
      body: bodyInit(signed.body),
      redirect: 'manual',
    })
  }

  async function sendOnTime(call: PreparedCall, init: RequestInit): Promise<Response> {
    const response = await sendOnce(call, init)
    if (!correctClock) return response
    const serverTimeMs = await readServerTime(response, current.clock())
    if (serverTimeMs === undefined) return response
    const offsetMs = serverTimeMs - signer.clock()
    const clock = signer.clock
    current = signer.withClock(() => clock() + offsetMs)
    await response.body?.cancel()
    return sendOnce(call, init)
  }

  return async (input, init = {}) => {
    const { call, rest, redirect } = await prepare(input, init, maxBodyBytes)
    for (let redirects = 0; ; redirects++) {
      const response = await sendOnTime(call, rest)
      if (redirect === 'manual') return response
      if (response.type === 'opaqueredirect') {
        throw new CountersignError(
          'redirect-hidden',
          'The server redirects, and this runtime does not say where to, so the next call can not be signed: call the final URL.',
        )
      }
      const location = isRedirect(response.status) ? response.headers.get('location') : null
      if (location === null) return response
      if (redirect === 'error')
        throw new CountersignError('cross-origin-redirect', `The server redirects to ${location}, and redirect: 'error' was asked for.`)
      if (redirects >= maxRedirects) throw new CountersignError('too-many-redirects', `Gave up after ${maxRedirects} redirects.`)
      await response.body?.cancel()
      const next = new URL(location, call.url)
      if (next.origin !== new URL(call.url).origin) {
        if (crossOriginRedirect === 'unsigned') return (options.fetch ?? globalThis.fetch)(next, withoutCredentials(call, rest))
        throw new CountersignError(
          'cross-origin-redirect',
          `The server redirects to another origin, ${next.origin}; a signature is not sent there. Call it yourself, or set crossOriginRedirect: 'unsigned'.`,
        )
      }
      follow(call, response.status, wireUrl(next))
    }
  }
}

interface PreparedCall {
  method: string
  url: string
  headers: Headers
  body: Uint8Array | undefined
}

async function prepare(
  input: string | URL | Request,
  init: RequestInit,
  maxBodyBytes: number,
): Promise<{ call: PreparedCall; rest: RequestInit; redirect: RequestRedirect }> {
  const url = wireUrl(input instanceof Request ? input.url : input)
  const streamed = init.body instanceof ReadableStream ? { duplex: 'half' as const } : {}
  const request = new Request(input instanceof Request ? input : url, { ...init, ...streamed })
  const body = request.body === null ? undefined : await readAll(request.body, maxBodyBytes)
  const { body: _body, headers: _headers, method: _method, redirect: _redirect, ...rest } = init
  return {
    call: { method: request.method.toUpperCase(), url, headers: new Headers(request.headers), body },
    rest: input instanceof Request ? { ...optionsOf(request), ...rest } : rest,
    redirect: init.redirect ?? (input instanceof Request ? input.redirect : 'follow'),
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
  throw new CountersignError(
    'body-too-large',
    `The body is larger than ${maxBytes} bytes, and all of it has to be held to be signed: set maxBodyBytes if that is meant.`,
  )
}

function mergeHeaders(call: PreparedCall, signed: SignedRequest): Headers {
  const headers = new Headers(call.headers)
  for (const [name, value] of Object.entries(signed.headers)) headers.set(name, value)
  return headers
}

function bodyInit(body: Uint8Array | undefined): BodyInit | null {
  return body === undefined ? null : Uint8Array.from(body)
}

function isRedirect(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308
}

/** The rules of the Fetch standard (HTTP-redirect fetch). */
function follow(call: PreparedCall, status: number, url: string): void {
  call.url = url
  const becomesGet =
    status === 303 ? call.method !== 'GET' && call.method !== 'HEAD' : (status === 301 || status === 302) && call.method === 'POST'
  if (!becomesGet) return
  call.method = 'GET'
  call.body = undefined
  for (const name of ['content-encoding', 'content-language', 'content-location', 'content-type', 'content-length'])
    call.headers.delete(name)
}

function withoutCredentials(call: PreparedCall, init: RequestInit): RequestInit {
  const headers = new Headers(call.headers)
  for (const name of ['authorization', 'cookie', 'content-type', 'content-length']) headers.delete(name)
  return { ...init, method: call.method === 'HEAD' ? 'HEAD' : 'GET', headers, body: null }
}

/**
 * The server's time, when it refused the call for the client's: as its problem details tell it, or by its `Date` where
 * a 401 comes with one that is far from our clock.
 */
async function readServerTime(response: Response, nowMs: number): Promise<number | undefined> {
  if (response.status !== 401 && response.status !== 403 && response.status !== 400) return undefined
  const told =
    response.headers.get('content-type')?.includes('application/problem+json') === true
      ? await readProblemTime(response.clone())
      : undefined
  const date = response.status === 401 ? Date.parse(response.headers.get('date') ?? '') : Number.NaN
  const serverTimeMs = told ?? date
  return Math.abs(serverTimeMs - nowMs) >= MIN_CLOCK_SKEW_MS ? serverTimeMs : undefined
}

async function readProblemTime(response: Response): Promise<number | undefined> {
  try {
    const problem: unknown = await response.json()
    if (typeof problem !== 'object' || problem === null || !('serverTime' in problem)) return undefined
    const time = Date.parse(String(problem.serverTime))
    return Number.isNaN(time) ? undefined : time
  } catch {
    return undefined
  }
}
