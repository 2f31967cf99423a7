import { checkNumbers } from '../contract/check-numbers.ts'
import { CountersignError } from '../contract/error.ts'
import { checkFunctions, refuseUnknown } from '../contract/refuse-unknown.ts'
import { qredoV2 } from '../schemes/qredo-v2.ts'
import { createSigner } from '../sign/sign.ts'
import { type Clock, systemClock } from '../wire/timestamp.ts'
import { type ClockCorrection, type Fetch, signedFetch } from './fetch.ts'

export interface TokenClientOptions {
  /** Where the API is, without a slash at the end: `https://api.example.com/api/v2`. */
  readonly baseUrl: string
  readonly workspaceId: string
  readonly keyId: string
  /** Base64, as the web app shows it. */
  readonly secret: string | Uint8Array
  /** Default: the global one. */
  readonly fetch?: Fetch | undefined
  /** Milliseconds since the epoch. Default: the system's. */
  readonly clock?: Clock | undefined
  /** As for `signedFetch`. Default: off. */
  readonly correctClock?: ClockCorrection | undefined
  /** How often a token is asked for before it is given up. Default: 4. */
  readonly maxAttempts?: number | undefined
  /** The longest pause before the second attempt; each further one may be twice as long. Default: 250 ms. */
  readonly backoffMs?: number | undefined
  /** Default: 10 s. */
  readonly maxBackoffMs?: number | undefined
}

const OPTIONS: { readonly [N in keyof Required<TokenClientOptions>]: true } = {
  baseUrl: true,
  workspaceId: true,
  keyId: true,
  secret: true,
  fetch: true,
  clock: true,
  correctClock: true,
  maxAttempts: true,
  backoffMs: true,
  maxBackoffMs: true,
}

export interface TokenClient {
  /**
   * A `fetch` that sends a valid `x-token`. A path (`/balance`) is taken below `baseUrl`; another origin is refused,
   * since the token would be told to it.
   */
  readonly fetch: (input: string | URL, init?: RequestInit) => Promise<Response>
  /** A token that is valid now, for what is no `fetch`: a WebSocket's `x-token`. */
  token(): Promise<string>
}

interface Held {
  readonly token: string
  readonly refreshAtMs: number
  /** It is not sent from here on. */
  readonly endsAtMs: number
}

/** So much of a token's life, and at most {@link MAX_MARGIN_MS}, is left for the way to the server. */
const MARGIN = 0.05
const MAX_MARGIN_MS = 10_000

/**
 * A client of Qredo API v2: it signs one call for a token and sends that with all others. From half of a token's life
 * on, the next call has it refreshed while the old one still serves; however many calls wait, one asks. A token that
 * has ended is never sent: its time is counted by this machine's clock from before it was asked for, so that clocks
 * that differ do no harm.
 *
 * @example
 * ```ts
 * const client = qredoTokenClient({ baseUrl: 'https://api.example.com/api/v2', workspaceId, keyId, secret })
 * const response = await client.fetch('/balance')
 * ```
 *
 * `fetch` and `token` throw CountersignError `token-refused` (the server said no), `token-malformed`, `url-foreign`,
 * and what `fetch` throws.
 *
 * @throws CountersignError what is wrong with the secret; `option-invalid`
 */
export function qredoTokenClient(options: TokenClientOptions): TokenClient {
  refuseUnknown(options, Object.keys(OPTIONS), 'qredoTokenClient:')
  const { baseUrl, workspaceId, keyId, secret, clock = systemClock, maxAttempts = 4, backoffMs = 250, maxBackoffMs = 10_000 } = options
  checkNumbers({ maxAttempts, backoffMs, maxBackoffMs })
  checkFunctions({ fetch: options.fetch, clock, correctClock: options.correctClock })
  const base = readBase(baseUrl)
  const send: Fetch = (input, init) => (options.fetch ?? globalThis.fetch)(input, init)
  const sendSigned = signedFetch(createSigner(qredoV2, { keyId, secret }, { clock }), { fetch: send, correctClock: options.correctClock })
  const tokenUrl = `${baseUrl}/workspaces/${encodeURIComponent(workspaceId)}/token`
  let held: Held | undefined
  let renewing: Promise<Held> | undefined

  const isValid = (candidate: Held | undefined): candidate is Held => candidate !== undefined && clock() < candidate.endsAtMs

  function renew(): Promise<Held> {
    renewing ??= obtain().finally(() => {
      renewing = undefined
    })
    return renewing
  }

  async function obtain(): Promise<Held> {
    for (let attempt = 1; ; attempt++) {
      const startedMs = clock()
      let failure: unknown
      try {
        const response = await ask()
        if (response.ok) {
          held = readToken(await response.text(), startedMs)
          return held
        }
        if (response.status < 500 && response.status !== 429) throw await refusal(response)
        failure = await refusal(response)
      } catch (error) {
        if (error instanceof CountersignError) throw error
        failure = error
      }
      if (attempt >= maxAttempts) throw failure
      // Full jitter: clients that were cut off together do not come back together.
      await sleep(Math.random() * Math.min(maxBackoffMs, backoffMs * 2 ** (attempt - 1)))
    }
  }

  /** With the token that is still good; when that is not taken any more, with a signature. */
  async function ask(): Promise<Response> {
    if (!isValid(held)) return sendSigned(tokenUrl)
    const response = await send(`${tokenUrl}/refresh`, { headers: { 'x-token': held.token }, redirect: 'error' })
    if (response.status !== 401 && response.status !== 403) return response
    held = undefined
    await response.body?.cancel()
    return sendSigned(tokenUrl)
  }

  async function valid(): Promise<Held> {
    if (!isValid(held)) {
      // What others wait for may have begun so long ago that it has ended.
      let renewed = await renew()
      if (!isValid(renewed)) renewed = await renew()
      return renewed
    }
    // When this fails, the next call tries again, while the old one lasts.
    if (clock() >= held.refreshAtMs) renew().catch(() => undefined)
    return held
  }

  async function sendOnce(url: string, init: RequestInit): Promise<{ readonly response: Response; readonly used: Held }> {
    const used = await valid()
    const headers = new Headers(init.headers)
    headers.set('x-token', used.token)
    // A header of our own would go with a redirect to wherever it leads.
    return { response: await send(url, { ...init, headers, redirect: init.redirect === 'manual' ? 'manual' : 'error' }), used }
  }

  return {
    token: async () => (await valid()).token,
    async fetch(input, init = {}) {
      const text = String(input)
      const url = text.startsWith('/') ? baseUrl + text : text
      if (new URL(url).origin !== base.origin)
        throw new CountersignError('url-foreign', `The token is for ${base.origin} and is not sent to ${new URL(url).origin}.`)
      const { response, used } = await sendOnce(url, init)
      if (response.status !== 401 || init.body instanceof ReadableStream) return response
      // It was ended before its time, as by new keys at the server: a new one, once.
      if (held === used) held = undefined
      await response.body?.cancel()
      return (await sendOnce(url, init)).response
    },
  }
}

function readBase(baseUrl: string): URL {
  const base = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined
  if (base !== undefined && /^https?:$/.test(base.protocol) && base.search === '' && base.hash === '' && !baseUrl.endsWith('/')) return base
  throw new CountersignError('option-invalid', `${JSON.stringify(baseUrl)} is not a base URL: write it as https://api.example.com/api/v2.`)
}

function readToken(text: string, startedMs: number): Held {
  try {
    const { token } = JSON.parse(text) as { readonly token: string }
    const payload = (token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/')
    const { exp, iat } = JSON.parse(atob(payload)) as { readonly exp: number; readonly iat: number }
    const lifeMs = (exp - iat) * 1000
    if (lifeMs > 0)
      return { token, refreshAtMs: startedMs + lifeMs / 2, endsAtMs: startedMs + lifeMs - Math.min(MAX_MARGIN_MS, lifeMs * MARGIN) }
  } catch {
    // Said below.
  }
  throw new CountersignError('token-malformed', 'The server’s answer holds no token: {"token": "<JWT with iat and exp>"} was expected.')
}

async function refusal(response: Response): Promise<CountersignError> {
  const said = (await response.text().catch(() => '')).slice(0, 500)
  return new CountersignError('token-refused', `The server gave no token: ${response.status} ${said}`.trim())
}

function sleep(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}
