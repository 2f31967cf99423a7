import { asError } from '../contract/as-error.ts'
import { CountersignError } from '../contract/error.ts'
import { oneOf } from '../contract/one-of.ts'
import type { Signer } from '../sign/sign.ts'
import type { PreparedCall } from './fetch.ts'
import { type ClientOptions, createOutgoing, headersOf, type OutgoingCall, redirectWithin } from './outgoing.ts'
import { holdRefusal } from './undici-refusal.ts'
import { detached, handOn, type UndiciCallLike, type UndiciHandlerLike, type UndiciHeaders } from './undici-types.ts'

export type { UndiciCallLike, UndiciControllerLike, UndiciHandlerLike, UndiciHeaders } from './undici-types.ts'

export interface UndiciOptions extends ClientOptions {
  /**
   * What becomes of an answer that redirects to another origin: it is refused (`same-origin`), since an interceptor or
   * a `fetch` outside might follow it and have the call signed for that server; or it is handed on (`manual`), for
   * programs that don't follow. Default: `same-origin`.
   */
  readonly redirect?: 'same-origin' | 'manual' | undefined
}

const REDIRECT_RULES: readonly string[] = ['same-origin', 'manual'] satisfies UndiciOptions['redirect'][]

/**
 * An interceptor of undici that signs what is dispatched, for `request`, `stream` and `fetch` alike. It comes first, so
 * that what `retry()` and `redirect()` send again is signed anew: `compose` puts the last interceptor outermost. Behind
 * it, they send nothing again, so that no signature is sent twice.
 *
 * ```ts
 * const api = new Agent().compose(signing(signer, { origin: 'https://api.example.com' }), interceptors.retry())
 * const { statusCode, body } = await request('https://api.example.com/orders', { method: 'POST', body: '{"amount":"1"}', dispatcher: api })
 * ```
 *
 * Requests reject with what undici rejects with, and CountersignError `url-foreign`, `url-not-signable`,
 * `body-not-signable`, `body-too-large`, `redirect-refused`.
 *
 * @throws CountersignError `option-invalid`
 */
export function signing(
  signer: Signer,
  options: UndiciOptions = {},
): <C extends UndiciCallLike, H extends UndiciHandlerLike>(dispatch: (call: C, handler: H) => boolean) => (call: C, handler: H) => boolean {
  const outgoing = createOutgoing(signer, options, 'signing:', ['redirect'])
  const { redirect = 'same-origin' } = options
  if (!REDIRECT_RULES.includes(redirect))
    throw new CountersignError('option-invalid', `signing: ${oneOf(redirect, 'redirect', REDIRECT_RULES)}.`)

  return <C extends UndiciCallLike, H extends UndiciHandlerLike>(dispatch: (call: C, handler: H) => boolean) => {
    /** The streams that were read, by the call's handler, which stays the same when it is sent again. */
    const read = new WeakMap<object, { readonly from: unknown; readonly body: PreparedCall['body'] }>()
    /** The URL that was called first, by the handler: what follows a redirect sends again for the same one. */
    const first = new WeakMap<object, string>()

    async function send(given: C, handler: H): Promise<void> {
      const isStream = isRead(given.body)
      const earlier = read.get(handler)
      const again = earlier !== undefined && isSameBody(given.body, earlier.from) ? { ...given, body: earlier.body } : given
      const call = await outgoing.prepare({ ...readCall(again), base: first.get(handler) })
      if (isStream && again === given) read.set(handler, { from: given.body, body: call.body })
      if (!first.has(handler)) first.set(handler, call.url)
      await attempt(
        given,
        call,
        holdRefusal(handler, outgoing.clocks, call.url, (by, second) => attempt(given, call, second, by)),
      )
    }

    async function attempt(given: C, call: PreparedCall, handler: UndiciHandlerLike, by?: Signer): Promise<void> {
      const signed = await outgoing.sign(call, by)
      const { origin, pathname, search } = new URL(signed.url)
      const sent = {
        ...given,
        ...ONCE,
        origin,
        path: pathname + search,
        method: signed.method,
        headers: signed.headers,
        body: signed.body ?? null,
      }
      dispatch(sent as C, (redirect === 'manual' ? handler : refuseForeign(handler, call.url)) as H)
    }

    return (given: C, handler: H): boolean => {
      send(given, handler).catch((error: unknown) => {
        handler.onResponseError?.(detached(), asError(error, 'The call was not signed.'))
      })
      return true
    }
  }
}

/** Interceptors within would send the same signature again. */
const ONCE = {
  query: undefined,
  maxRedirections: 0,
  retryOptions: { maxRetries: 0, retry: (error: Error, _state: unknown, done: (error: Error) => void): void => done(error) },
}

function readCall({ origin, path, method, headers, body, query }: UndiciCallLike): OutgoingCall {
  const base = String(origin ?? '').replace(/\/$/, '')
  return { method, url: base + withQuery(path, query), headers: headersOf(pairsOf(headers)), body }
}

/** One of each: `retry()` and `redirect()`. */
const MAX_WRAPPERS = 2

/** Whether a body can be read only once. */
function isRead(body: unknown): boolean {
  return typeof body === 'object' && body !== null && !ArrayBuffer.isView(body) && !(body instanceof ArrayBuffer)
}

/**
 * Whether a body is an earlier one, which `retry()` and `redirect()` send again in a wrapper that has it under a
 * symbol.
 */
function isSameBody(body: unknown, earlier: unknown, wrappers = MAX_WRAPPERS): boolean {
  if (typeof body !== 'object' || body === null) return false
  if (body === earlier) return true
  return wrappers > 0 && Object.getOwnPropertySymbols(body).some(symbol => isSameBody(Reflect.get(body, symbol), earlier, wrappers - 1))
}

/** As undici writes the option `query`, which is how `node:querystring` does. */
function withQuery(path: string, query: unknown): string {
  if (typeof query !== 'object' || query === null) return path
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map(one => `${encodeURIComponent(name)}=${encodeURIComponent(primitive(one))}`),
  )
  if (pairs.length === 0) return path
  if (!/[?#]/.test(path)) return `${path}?${pairs.join('&')}`
  throw new CountersignError('url-not-signable', 'The path holds a query or a fragment already: leave out the option query.')
}

function primitive(value: unknown): string {
  return typeof value === 'string' || typeof value === 'boolean' || typeof value === 'bigint' || Number.isFinite(value) ? String(value) : ''
}

/** Headers in each of the ways that undici takes them. */
function pairsOf(headers: unknown): readonly (readonly [string, unknown])[] {
  if (typeof headers !== 'object' || headers === null) return []
  if (!(Symbol.iterator in headers)) return Object.entries(headers)
  const list = [...(headers as Iterable<unknown>)]
  if (list.every(Array.isArray)) return list.map(([name, value]) => [String(name), value])
  return list.flatMap((name, place) => (place % 2 === 0 ? [[String(name), list[place + 1]] as const] : []))
}

/** Ends a call where the server redirects it to another origin. */
function refuseForeign(handler: UndiciHandlerLike, url: string): UndiciHandlerLike {
  return {
    ...handOn(handler),
    onResponseStart(controller, status, headers, message) {
      // Whoever follows decides which of these it follows: undici's redirect() does a 300 as well.
      if (status >= 300 && status < 400) refuseLocations(url, locationsIn(headers))
      handler.onResponseStart?.(controller, status, headers, message)
    },
  }
}

const INSTEAD = "give signing the option redirect: 'manual' to get the answer"

function locationsIn(headers: UndiciHeaders): readonly string[] {
  return Object.entries(headers).flatMap(([name, value]) => (name.toLowerCase() === 'location' ? (value ?? []) : []))
}

/** @throws CountersignError `redirect-refused` */
function refuseLocations(url: string, locations: readonly string[]): void {
  // One client takes the first, another joins them to one URL, whose origin may be that of none.
  if (locations.length > 1)
    throw new CountersignError('redirect-refused', `The server redirects to ${locations.length} places at once: ${INSTEAD}.`)
  for (const location of locations) {
    redirectWithin(url, location, INSTEAD)
    // `fetch` reads the bytes as UTF-8, and undici by itself as Latin-1.
    const read = new TextDecoder().decode(Uint8Array.from(location, character => character.charCodeAt(0)))
    if (URL.canParse(read, url)) redirectWithin(url, read, INSTEAD)
  }
}
