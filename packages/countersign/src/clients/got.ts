import { CountersignError } from '../contract/error.ts'
import type { Signer } from '../sign/sign.ts'
import { carriesNoBody } from '../wire/method.ts'
import { asResponse } from './clocks.ts'
import { type ClientOptions, createOutgoing, headersOf, redirectWithin, type SignedCall } from './outgoing.ts'

/** What is needed of the options that got gives to its hooks. */
export interface GotOptionsLike {
  url?: string | URL | undefined
  method: string
  headers: { [name: string]: string | string[] | undefined }
  body?: unknown
  readonly prefixUrl?: string | URL | undefined
  readonly request?: unknown
  readonly isStream?: boolean | undefined
  context: { [name: string]: unknown }
}

/** What is needed of a response of got. */
export interface GotResponseLike {
  readonly statusCode: number
  readonly headers: { readonly [name: string]: string | readonly string[] | undefined }
  readonly rawBody?: Uint8Array | undefined
  readonly request: { readonly options: GotOptionsLike }
}

/** What `got.extend` is given. */
export interface GotExtension {
  readonly hooks: {
    readonly init: [(plain: unknown, options: GotOptionsLike) => void]
    readonly beforeRequest: [(options: GotOptionsLike) => Promise<void>]
    readonly beforeRedirect: [(options: GotOptionsLike) => void]
    readonly afterResponse: [<R extends GotResponseLike>(response: R, retry: Retry) => Promise<R>]
  }
}

/** Throws what has got send the call once more. */
type Retry = (options: { preserveHooks: boolean }) => never

export type GotOptions = ClientOptions

/** What is remembered of a call from attempt to attempt: got copies its options, but not what is in `context`. */
interface CallState {
  /** What was signed for the attempt before. */
  last?: { readonly unsignedUrl: string; readonly signed: SignedCall } | undefined
  /** Signs the second attempt, after the server told its time. */
  corrected?: Signer | undefined
}

const STATE = 'countersign'
/** Where a call, and the pages that come after it, may go: its base URL, or else its first URL. */
const BASE = 'countersign-base'

/**
 * Hooks that make got sign what it sends, for `got.extend`. Every attempt is signed anew: got's own retries, redirects,
 * and the one after the clock was corrected (which streams don't get). A redirect to another origin is refused, and so
 * is a further page of `paginate`.
 *
 * ```ts
 * const api = got.extend({ prefixUrl: 'https://api.example.com/v1' }, signing(signer))
 * const order = await api.post('orders', { json: { amount: '1' } }).json()
 * ```
 *
 * Requests reject with what got rejects with. Where nothing could be signed, that is a `RequestError` with the `code`
 * of a CountersignError, which is its `cause`: `url-foreign` (for another origin than that of `prefixUrl`, or of the
 * page before), `url-not-signable`, `body-not-signable` (`got.stream` that is written to), `body-too-large`,
 * `redirect-refused`, `option-invalid` (for the option `request`, which might follow redirects itself).
 *
 * @throws CountersignError `option-invalid`
 */
export function signing(signer: Signer, options: GotOptions = {}): GotExtension {
  const outgoing = createOutgoing(signer, options, 'signing:')
  const { clocks } = outgoing

  async function beforeRequest(request: GotOptionsLike): Promise<void> {
    const state = stateOf(request)
    undo(request, state)
    const { method, body, url = '' } = request
    if (request.request !== undefined)
      throw new CountersignError('option-invalid', 'The option request of got might follow redirects with the signature: leave it out.')
    if (request.isStream === true && body === undefined && !carriesNoBody(method))
      throw new CountersignError('body-not-signable', 'What is written to got.stream is not known when it is signed: give the option body.')
    const base = baseOf(request)
    const call = await outgoing.prepare({
      method,
      url,
      headers: headersOf(Object.entries(request.headers)),
      body,
      base,
    })
    request.context[BASE] ??= call.url
    const signed = await outgoing.sign(call, state.corrected)
    state.last = { unsignedUrl: call.url, signed }
    request.url = new URL(signed.url)
    for (const [name, value] of Object.entries(signed.headers)) request.headers[name] = value
    if (signed.body === undefined || typeof body === 'string' || body instanceof Uint8Array) return
    // It was read, and its length is known now.
    request.body = signed.body
    if (request.headers['transfer-encoding'] === undefined) request.headers['content-length'] = String(signed.body.length)
  }

  return {
    hooks: {
      // got runs it when it turns the page, before it empties `prefixUrl` and sets the next URL.
      init: [(_plain, options) => baseOf(options, options.url)],
      beforeRequest: [beforeRequest],
      beforeRedirect: [
        request => {
          const { last } = stateOf(request)
          if (last !== undefined) redirectWithin(last.unsignedUrl, String(request.url), 'set followRedirect: false to get the answer')
        },
      ],
      afterResponse: [
        async (response, retry) => {
          const state = stateOf(response.request.options)
          const { statusCode, headers, rawBody } = response
          if (state.last === undefined) return response
          const { unsignedUrl } = state.last
          if (state.corrected !== undefined) {
            clocks.keep(unsignedUrl, statusCode, state.corrected)
            return response
          }
          const told = (): Response => asResponse(statusCode, headersOf(Object.entries(headers)), rawBody?.slice())
          state.corrected = await clocks.correct(unsignedUrl, statusCode, told)
          // The hooks stay, those of the program as well.
          return state.corrected === undefined ? response : retry({ preserveHooks: true })
        },
      ],
    },
  }
}

/** Where a call may go, as it is remembered in what got copies from page to page, and from redirect to redirect. */
function baseOf({ context, prefixUrl = '', url }: GotOptionsLike, other?: string | URL): string | undefined {
  // The defaults of an instance are no call, and have no URL.
  if (url !== undefined) context[BASE] ??= String(prefixUrl) || other?.toString()
  const base = context[BASE]
  return typeof base === 'string' ? base : undefined
}

function stateOf({ context }: GotOptionsLike): CallState {
  const known = context[STATE]
  if (typeof known === 'object' && known !== null) return known
  const state: CallState = {}
  context[STATE] = state
  return state
}

/** Takes the signature of the attempt before out of the options, which got goes on with. */
function undo(request: GotOptionsLike, { last }: CallState): void {
  if (last === undefined) return
  const { unsignedUrl, signed } = last
  if (request.url !== undefined && new URL(request.url).href === new URL(signed.url).href) request.url = new URL(unsignedUrl)
  for (const [name, value] of Object.entries(signed.added)) if (request.headers[name] === value) delete request.headers[name]
}
