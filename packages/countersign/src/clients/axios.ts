import { CountersignError } from '../contract/error.ts'
import { checkFunctions } from '../contract/refuse-unknown.ts'
import type { Signer } from '../sign/sign.ts'
import { asResponse } from './clocks.ts'
import { DEFAULT_MAX_REDIRECTS, follow, type PreparedCall, REDIRECTS } from './fetch.ts'
import { type ClientOptions, createOutgoing, headersOf, type OutgoingCall, redirectWithin } from './outgoing.ts'

/** What is needed of the configuration of an axios request. */
export interface AxiosConfigLike {
  adapter?: unknown
  baseURL?: string | undefined
  method?: string | undefined
  data?: unknown
  headers?: unknown
  auth?: unknown
  maxRedirects?: number | undefined
  beforeRedirect?: unknown
  fetchOptions?: unknown
}

/** What is needed of an axios response. */
export interface AxiosResponseLike {
  readonly status: number
  readonly data: unknown
  readonly headers: unknown
}

/** What is needed of an axios instance. */
export interface AxiosLike {
  readonly interceptors: { readonly request: { use(onFulfilled: <C extends AxiosConfigLike>(config: C) => C): number } }
  getUri(config?: object): string
  create(config?: object): { readonly defaults: object; request(config: object): Promise<AxiosResponseLike> }
}

export type AxiosOptions = ClientOptions

/** An adapter of axios, as it is given and as it is made here. */
type Adapter = (config: AxiosConfigLike) => Promise<AxiosResponseLike>

/** What came of one attempt: axios throws for most answers that aren't a success. */
type Outcome = { readonly response: AxiosResponseLike; readonly error?: object }

/**
 * Makes an axios instance sign what it sends: the URL with `params`, and the bytes that `transformRequest` has made.
 * Every attempt is signed anew, also where an interceptor (`axios-retry`) sends a request again. Redirects are followed
 * within the origin, up to `maxRedirects`. In browsers, axios sends by `fetch` then, since `XMLHttpRequest` takes a
 * signature along to wherever a server redirects.
 *
 * ```ts
 * const api = signAxios(axios.create({ baseURL: 'https://api.example.com/v1' }), signer)
 * const { data } = await api.post('/orders', { amount: '1' })
 * ```
 *
 * Requests reject with what axios rejects with, and CountersignError `url-foreign` (for another origin than that of
 * `baseURL`), `url-not-signable`, `body-not-signable`, `body-too-large`, `redirect-refused`, `too-many-redirects`,
 * `redirect-hidden`, `option-invalid` (an option of axios that doesn't go with a signature).
 *
 * @returns the same instance
 * @throws CountersignError `option-invalid`
 */
export function signAxios<I extends AxiosLike>(instance: I, signer: Signer, options: AxiosOptions = {}): I {
  const outgoing = createOutgoing(signer, options, 'signAxios:')
  checkFunctions({ create: instance.create, getUri: instance.getUri })
  // It sends as it is told: no interceptors, and nothing set for it, as all that was is in the request already.
  const bare = instance.create()
  for (const name of Object.keys(bare.defaults)) Reflect.deleteProperty(bare.defaults, name)
  const ours = new WeakSet<object>()

  async function attempt(config: AxiosConfigLike, call: PreparedCall, adapter: unknown, by?: Signer): Promise<Outcome> {
    const signed = await outgoing.sign(call, by)
    if ('authorization' in signed.headers && config.auth !== undefined && config.auth !== null)
      throw new CountersignError('option-invalid', 'axios sends its option auth in the place of the signature: leave it out.')
    const { fetchOptions } = config
    const request = {
      ...config,
      ...PLAIN,
      adapter,
      method: signed.method,
      url: signed.url,
      headers: signed.headers,
      data: signed.body === undefined ? undefined : bufferOf(signed.body),
      fetchOptions: { ...(typeof fetchOptions === 'object' ? fetchOptions : {}), redirect: 'manual' },
    }
    try {
      return { response: withConfig(await bare.request(request), config) }
    } catch (error) {
      // Whoever sends `error.config` again must not send the signature again.
      if (typeof error !== 'object' || error === null) throw error
      withConfig(error, config)
      if (!('response' in error) || !isResponse(error.response)) throw error
      return { response: withConfig(error.response, config), error }
    }
  }

  async function sendOnTime(config: AxiosConfigLike, call: PreparedCall, adapter: unknown): Promise<Outcome> {
    const { clocks } = outgoing
    const first = await attempt(config, call, adapter)
    const { status } = first.response
    const other = await clocks.correct(call.url, status, () => toResponse(first.response))
    if (other === undefined) return first
    drop(first.response)
    const second = await attempt(config, call, adapter, other)
    clocks.keep(call.url, second.response.status, other)
    return second
  }

  function signingAdapter(given: unknown): Adapter {
    const adapter = withoutXhr(given)
    return async config => {
      const { maxRedirects = DEFAULT_MAX_REDIRECTS } = config
      if (config.beforeRedirect !== undefined)
        throw new CountersignError('option-invalid', 'Signed requests follow redirects without asking beforeRedirect: leave it out.')
      const call = await outgoing.prepare(callOf(instance, config))
      for (let redirects = 0; ; redirects++) {
        const outcome = await sendOnTime(config, call, adapter)
        const { response, error } = outcome
        if (response.status === 0) throw new CountersignError('redirect-hidden', HIDDEN)
        const location = REDIRECTS.includes(response.status) ? headersIn(response).get('location') : null
        if (location === null || maxRedirects === 0) {
          if (error !== undefined) throw error
          return response
        }
        if (redirects >= maxRedirects) throw new CountersignError('too-many-redirects', `Gave up after ${maxRedirects} redirects.`)
        drop(response)
        follow(call, response.status, redirectWithin(call.url, location, 'set maxRedirects: 0 to get the answer').href)
      }
    }
  }

  instance.interceptors.request.use(config => {
    const { adapter } = config
    if (typeof adapter === 'function' && ours.has(adapter)) return config
    const signing = signingAdapter(adapter)
    ours.add(signing)
    config.adapter = signing
    return config
  })
  return instance
}

/** What was done to a request before it was signed, and is not to be done again. */
const PLAIN = {
  baseURL: undefined,
  params: undefined,
  paramsSerializer: undefined,
  allowAbsoluteUrls: true,
  transformRequest: [],
  transformResponse: [],
  maxRedirects: 0,
}

const HIDDEN = 'The server redirects, and this runtime hides where: call the final URL.'

function callOf(instance: Pick<AxiosLike, 'getUri'>, config: AxiosConfigLike): OutgoingCall {
  const { method = 'get', baseURL, data, headers } = config
  const base = baseURL === undefined || baseURL === '' ? undefined : baseURL
  return { method, url: instance.getUri(config), headers: headersOf(entriesOf(headers)), body: data, base }
}

/** In browsers, axios' own order is `xhr` first. */
function withoutXhr(adapter: unknown): unknown {
  if (adapter === undefined) return ['http', 'fetch']
  const names: readonly unknown[] = Array.isArray(adapter) ? adapter : [adapter]
  const left = names.filter(name => name !== 'xhr')
  if (left.length > 0) return Array.isArray(adapter) ? left : adapter
  throw new CountersignError(
    'option-invalid',
    'XMLHttpRequest takes a signature along to wherever a server redirects: use the adapter fetch.',
  )
}

/** Of an AxiosHeaders, or what takes its place. */
function entriesOf(headers: unknown): readonly (readonly [string, unknown])[] {
  return typeof headers === 'object' && headers !== null ? Object.entries(headers) : []
}

function headersIn({ headers }: AxiosResponseLike): Headers {
  return headersOf(entriesOf(headers))
}

function withConfig<T extends object>(of: T, config: AxiosConfigLike): T {
  return Object.assign(of, { config })
}

function isResponse(response: unknown): response is AxiosResponseLike {
  return typeof response === 'object' && response !== null && 'status' in response
}

/** Every adapter takes this kind of bytes. A copy, as the memory may be shared with others. */
function bufferOf(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer
}

function toResponse(response: AxiosResponseLike): Response {
  const { status, data } = response
  const isHeld = typeof data === 'string' || data instanceof ArrayBuffer || ArrayBuffer.isView(data) || data instanceof Blob
  return asResponse(status, headersIn(response), isHeld ? (data as BodyInit) : undefined)
}

/** An answer that nobody reads: a stream would hold its connection. */
function drop({ data }: AxiosResponseLike): void {
  if (typeof data !== 'object' || data === null) return
  if ('destroy' in data && typeof data.destroy === 'function') data.destroy()
  else if (data instanceof ReadableStream) data.cancel().catch(() => undefined)
}
